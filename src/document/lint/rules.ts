/** Every rule of our own, in the order in which they are read. */

import { assumedWebsocket } from "./assumed-websocket.js";
import { bindingMethod } from "./binding-method.js";
import { contradictoryNumbers } from "./contradictory-numbers.js";
import { crossing } from "./crossing.js";
import { deadEnd } from "./dead-end.js";
import { duplicateExample } from "./duplicate-example.js";
import { indistinguishableMessages } from "./indistinguishable-messages.js";
import { invalidExample } from "./invalid-example.js";
import { invalidPattern } from "./invalid-pattern.js";
import { looseMessage } from "./loose-message.js";
import { misplacedBinding } from "./misplaced-binding.js";
import { missingCorrelation } from "./missing-correlation.js";
import { optionalDiscriminator } from "./optional-discriminator.js";
import { otherSide } from "./other-side.js";
import { queryInAddress } from "./query-in-address.js";
import { queryWithoutProperties } from "./query-without-properties.js";
import type { LintRule } from "./rule.js";
import { undescribedDiscriminator } from "./undescribed-discriminator.js";
import { unfitTransition } from "./unfit-transition.js";
import { unknownKeyword } from "./unknown-keyword.js";
import { unknownLifecycle } from "./unknown-lifecycle.js";
import { unmeetableObligation } from "./unmeetable-obligation.js";
import { unreachableState } from "./unreachable-state.js";
import { unsatisfiableSchema } from "./unsatisfiable-schema.js";
import { unsendableCode } from "./unsendable-code.js";
import { unusedMessage } from "./unused-message.js";

/** All rules; what the official parser, the resolver and the compiler say comes before them. */
export const LINT_RULES: readonly LintRule[] = [
  indistinguishableMessages,
  undescribedDiscriminator,
  optionalDiscriminator,
  otherSide,
  invalidPattern,
  unsatisfiableSchema,
  unknownKeyword,
  looseMessage,
  invalidExample,
  duplicateExample,
  missingCorrelation,
  unusedMessage,
  queryInAddress,
  queryWithoutProperties,
  misplacedBinding,
  bindingMethod,
  assumedWebsocket,
  unreachableState,
  deadEnd,
  unfitTransition,
  unmeetableObligation,
  unknownLifecycle,
  crossing,
  contradictoryNumbers,
  unsendableCode,
];
