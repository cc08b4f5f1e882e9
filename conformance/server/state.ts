/** The state rows of a server (checks: S-SM). */

import type { Check } from "../check.js";
import { firstEvent, invariants } from "./event-order.js";
import { illegalCommands } from "./illegal-commands.js";
import { legalWalks } from "./legal-walks.js";
import { modelCoverage } from "./model-coverage.js";
import { othersEvents } from "./others.js";
import { repeatedCommands } from "./repeated-commands.js";
import { severalConnections } from "./several-connections.js";

/** Checks of order and state. */
export const stateChecks: readonly Check[] = [
  legalWalks,
  illegalCommands,
  repeatedCommands,
  othersEvents,
  severalConnections,
  firstEvent,
  invariants,
  modelCoverage,
];
