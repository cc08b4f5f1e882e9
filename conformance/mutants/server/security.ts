/** What is let in, and what texts reveal: S-SE. */
import type { Mutant } from "../mutant.js";

export const securityMutants: readonly Mutant[] = [];
