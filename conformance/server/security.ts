/** Checks of security (S-SE). */
import type { Check } from "../check.js";

/** All checks of this file. */
export const securityChecks: readonly Check[] = [];
