/** Checks of robustness (S-RB). */
import type { Check } from "../check.js";

/** All checks of this file. */
export const robustnessChecks: readonly Check[] = [];
