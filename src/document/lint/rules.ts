/** Every rule of our own, in the order in which they are read. */

import { assumedWebsocket } from "./assumed-websocket.js";
import { bindingMethod } from "./binding-method.js";
import { contradictoryNumbers } from "./contradictory-numbers.js";
import { deadEnd } from "./dead-end.js";
import { indistinguishableMessages } from "./indistinguishable-messages.js";
import { invalidExample } from "./invalid-example.js";
import { looseMessage } from "./loose-message.js";
import type { LintRule } from "./rule.js";
import { undescribedDiscriminator } from "./undescribed-discriminator.js";
import { unfitTransition } from "./unfit-transition.js";
import { unknownLifecycle } from "./unknown-lifecycle.js";
import { unmeetableObligation } from "./unmeetable-obligation.js";
import { unreachableState } from "./unreachable-state.js";
import { unsendableCode } from "./unsendable-code.js";

/** All rules; what the official parser, the resolver and the compiler say comes before them. */
export const LINT_RULES: readonly LintRule[] = [
  indistinguishableMessages,
  undescribedDiscriminator,
  invalidExample,
  unreachableState,
  deadEnd,
  unfitTransition,
  unmeetableObligation,
  unknownLifecycle,
  contradictoryNumbers,
  unsendableCode,
  looseMessage,
  assumedWebsocket,
  bindingMethod,
];
