/** Faults that show when connections come, go, or are slow: S-HB-06, S-RC, S-RB. */
import type { Mutant } from "../mutant.js";

export const recoveryMutants: readonly Mutant[] = [];
