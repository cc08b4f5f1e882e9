/** Faults in the frames that are sent: S-FR-13, S-FR-19. */
import type { Mutant } from "../mutant.js";

export const frameWritingMutants: readonly Mutant[] = [];
