/** The codec rows of a server (checks: S-CD). */

import type { Check } from "../check.js";
import { brokenFrames } from "./broken-frames.js";
import { echoes } from "./echoes.js";
import { edgeValues } from "./edge-values.js";
import { declaredEvents, namedEvents } from "./event-rules.js";
import { hostileJson } from "./hostile-json.js";
import { foreignFields, unknownCommands } from "./misnamed-commands.js";
import { respelledCommands } from "./respelled-commands.js";
import { schemaViolations } from "./schema-violations.js";
import { validCommands } from "./valid-commands.js";

/** Checks of single messages. */
export const codecChecks: readonly Check[] = [
  validCommands,
  declaredEvents,
  schemaViolations,
  brokenFrames,
  unknownCommands,
  respelledCommands,
  edgeValues,
  hostileJson,
  namedEvents,
  foreignFields,
  echoes,
];
