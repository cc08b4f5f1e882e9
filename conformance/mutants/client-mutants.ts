/** Every client mutant, by kind. A new kind is a file of `client/` and a line here. */

import type { ClientMutant } from "./client/client-mutant.js";
import { eventMutants } from "./client/events.js";
import { frameMutants } from "./client/frames.js";
import { handshakeMutants } from "./client/handshake.js";
import { heartbeatMutants } from "./client/heartbeat.js";
import { policyMutants } from "./client/policy.js";
import { processMutants } from "./client/process.js";
import { requestMutants } from "./client/requests.js";

/** Clients that are wrong in exactly one way. */
export const clientMutants: readonly ClientMutant[] = [
  ...handshakeMutants,
  ...frameMutants,
  ...eventMutants,
  ...requestMutants,
  ...heartbeatMutants,
  ...policyMutants,
  ...processMutants,
];
