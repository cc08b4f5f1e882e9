/** Every server mutant, by kind. A new kind is a file of `server/` and a line here. */

import type { Mutant } from "./mutant.js";
import { audienceMutants } from "./server/audience.js";
import { closingMutants } from "./server/closing.js";
import { commandMutants } from "./server/commands.js";
import { correlationMutants } from "./server/correlation.js";
import { eventMutants } from "./server/events.js";
import { firstAndFieldsMutants } from "./server/first-and-fields.js";
import { lenientMutants } from "./server/frames-lenient.js";
import { frameReadingMutants } from "./server/frames-read.js";
import { strictMutants } from "./server/frames-strict.js";
import { frameWritingMutants } from "./server/frames-written.js";
import { handshakeMutants } from "./server/handshake.js";
import { heartbeatMutants } from "./server/heartbeat.js";
import { orderMutants } from "./server/order.js";
import { pingMutants } from "./server/pings.js";
import { rateMutants } from "./server/rate.js";
import { recoveryMutants } from "./server/recovery.js";
import { refusalMutants } from "./server/refusals.js";
import { replyMutants } from "./server/replies.js";
import { robustnessMutants } from "./server/robustness.js";
import { securityMutants } from "./server/security.js";
import { severalMutants } from "./server/several.js";
import { spellingMutants } from "./server/spelling.js";

/** Servers that are wrong in exactly one way. */
export const serverMutants: readonly Mutant[] = [
  ...handshakeMutants,
  ...frameReadingMutants,
  ...lenientMutants,
  ...strictMutants,
  ...pingMutants,
  ...frameWritingMutants,
  ...closingMutants,
  ...commandMutants,
  ...refusalMutants,
  ...eventMutants,
  ...spellingMutants,
  ...replyMutants,
  ...correlationMutants,
  ...orderMutants,
  ...firstAndFieldsMutants,
  ...audienceMutants,
  ...severalMutants,
  ...rateMutants,
  ...heartbeatMutants,
  ...recoveryMutants,
  ...robustnessMutants,
  ...securityMutants,
];
