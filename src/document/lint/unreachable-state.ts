/** A state that no way leads to: what hangs on it never happens. */

import { allLifecycles, type LintRule, remarkOn } from "./rule.js";
import { knownStates, reachableStates } from "./states.js";

const NAME = "unreachable-state";

/** Every state that a transition leads to can be reached from the initial one. */
export const unreachableState: LintRule = {
  name: NAME,
  says: "Some way leads to every state of a lifecycle.",
  check: (context) =>
    allLifecycles(context.contract).flatMap(({ lifecycle }) => {
      const reached = reachableStates(lifecycle);
      return [...knownStates(lifecycle)]
        .filter((state) => !reached.has(state))
        .map((state) => {
          const into = lifecycle.transitions.find((transition) => transition.to === state);
          return remarkOn(context, NAME, into ?? lifecycle, {
            severity: "warning",
            message: `No way leads from \`${lifecycle.initial}\` to the state \`${state}\` of \`${lifecycle.name}\`.`,
            mend: "Add the transition that leads there, or take the state away.",
          });
        });
    }),
};
