/** What reaches connections that it is not meant for, or not those that it is: S-SM-05, S-SM-07. */
import type { Mutant } from "../mutant.js";

export const audienceMutants: readonly Mutant[] = [];
