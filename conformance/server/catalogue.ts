/** All checks of a server, in the order of the catalogue. */
import type { Check } from "../check.js";
import { requirements } from "../requirements.js";
import { declaredEvents, namedEvents } from "./event-rules.js";
import { validCommands } from "./valid-commands.js";
import { schemaViolations } from "./schema-violations.js";
import { brokenFrames } from "./broken-frames.js";
import { foreignFields, unknownCommands } from "./misnamed-commands.js";
import { frameChecks } from "./frames.js";
import { handshakeChecks } from "./handshake.js";
import { heartbeatChecks } from "./heartbeat.js";
import { stateChecks } from "./state.js";

const order = new Map(requirements.map(({ id }, index) => [id, index]));

/** Every check that exists. */
export const serverChecks: readonly Check[] = [
  ...handshakeChecks,
  ...frameChecks,
  declaredEvents, namedEvents, validCommands, schemaViolations, brokenFrames, foreignFields, unknownCommands,
  ...stateChecks,
  ...heartbeatChecks,
].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
