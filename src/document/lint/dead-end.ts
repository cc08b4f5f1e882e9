/** A state that nothing leads out of, nor holds: from then on every message of the automaton is a fault. */

import { allLifecycles, type LintRule, remarkOn } from "./rule.js";
import { leaves, reachableStates } from "./states.js";

const NAME = "dead-end";

/** A connection always has a way on. An instance of a key may end: its key is not used again. */
export const deadEnd: LintRule = {
  name: NAME,
  says: "Something may follow in every state of a connection.",
  check: (context) =>
    allLifecycles(context.contract).flatMap(({ lifecycle }) => {
      if (lifecycle.scope !== "connection") return [];
      return [...reachableStates(lifecycle)]
        .filter((state) => !lifecycle.transitions.some((transition) => leaves(transition, state)))
        .map((state) => {
          const into = lifecycle.transitions.find((transition) => transition.to === state);
          return remarkOn(context, NAME, into ?? lifecycle, {
            severity: "warning",
            message: `Nothing may follow in the state \`${state}\` of \`${lifecycle.name}\`: every message it names is a fault there.`,
            mend: "Add what may follow; where the connection ends, lead to `$closed`.",
          });
        });
    }),
};
