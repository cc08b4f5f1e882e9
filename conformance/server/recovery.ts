/** Checks of recovery (S-RC). */
import type { Check } from "../check.js";

/** All checks of this file. */
export const recoveryChecks: readonly Check[] = [];
