/** All checks of a server, in the order of the catalogue. */
import type { Check } from "../check.js";
import { requirements } from "../requirements.js";
import { codecChecks } from "./codec.js";
import { frameChecks } from "./frames.js";
import { handshakeChecks } from "./handshake.js";
import { heartbeatChecks } from "./heartbeat.js";
import { limitChecks } from "./limits.js";
import { recoveryChecks } from "./recovery.js";
import { requestReplyChecks } from "./request-reply.js";
import { robustnessChecks } from "./robustness.js";
import { securityChecks } from "./security.js";
import { stateChecks } from "./state.js";

const order = new Map(requirements.map(({ id }, index) => [id, index]));

/** Every check that exists. */
export const serverChecks: readonly Check[] = [
  ...handshakeChecks,
  ...frameChecks,
  ...codecChecks,
  ...requestReplyChecks,
  ...stateChecks,
  ...heartbeatChecks,
  ...recoveryChecks,
  ...robustnessChecks,
  ...limitChecks,
  ...securityChecks,
].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
