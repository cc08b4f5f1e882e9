/** Checks of limits that the document declares (S-RB-03). */
import type { Check } from "../check.js";

/** All checks of this file. */
export const limitChecks: readonly Check[] = [];
