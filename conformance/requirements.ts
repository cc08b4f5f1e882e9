/** The catalogue as data: what is required of a server and of a client, one sentence each. Checks are looked up by id. */
import { clientCodec } from "./requirements/client-codec.js";
import { clientFrames } from "./requirements/client-frames.js";
import { clientHandshake } from "./requirements/client-handshake.js";
import { clientHeartbeat } from "./requirements/client-heartbeat.js";
import { clientReconnect } from "./requirements/client-reconnect.js";
import { clientSafety } from "./requirements/client-safety.js";
import { clientState } from "./requirements/client-state.js";
import type { Requirement } from "./requirements/requirement.js";
import { serverCodec } from "./requirements/server-codec.js";
import { serverFrames } from "./requirements/server-frames.js";
import { serverHandshake } from "./requirements/server-handshake.js";
import { serverSafety } from "./requirements/server-safety.js";
import { serverState } from "./requirements/server-state.js";

export type { Level, Need, Requirement } from "./requirements/requirement.js";

/** Frozen with each minor version: reports of one set can be compared. */
export const REQUIREMENT_SET = "1";

/** Every requirement, in the order of the catalogue. */
export const requirements: readonly Requirement[] = [
  ...serverHandshake,
  ...serverFrames,
  ...serverCodec,
  ...serverState,
  ...serverSafety,
  ...clientHandshake,
  ...clientFrames,
  ...clientCodec,
  ...clientState,
  ...clientHeartbeat,
  ...clientReconnect,
  ...clientSafety,
];

/** The requirement with this id, or undefined. */
export function requirementOf(id: string): Requirement | undefined {
  return requirements.find((requirement) => requirement.id === id);
}
