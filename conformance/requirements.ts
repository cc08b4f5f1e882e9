/** The catalogue as data: what is required of a server, one sentence each. Checks are looked up by id. */
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
];

/** The requirement with this id, or undefined. */
export function requirementOf(id: string): Requirement | undefined {
  return requirements.find((requirement) => requirement.id === id);
}
