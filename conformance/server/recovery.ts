/** Checks of recovery (S-RC). */
import type { Check } from "../check.js";
import { comeAndGo } from "./come-and-go.js";
import { comeBack } from "./come-back.js";
import { shutdown } from "./shutdown.js";

/** All checks of this file. */
export const recoveryChecks: readonly Check[] = [comeBack, comeAndGo, shutdown];
