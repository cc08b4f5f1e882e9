/** An obligation of the server that no event of it can meet: every server would break it. */

import type { Endpoint, Lifecycle, Obligation } from "../../contract/contract.js";
import { allLifecycles, type LintRule, remarkOn } from "./rule.js";
import { isMadeByEvent, knownStates, leaves, STAY } from "./states.js";

const NAME = "unmeetable-obligation";

/** Each state with an obligation is left, or its clock started again, by an event. */
export const unmeetableObligation: LintRule = {
  name: NAME,
  says: "An event of the server can meet each of its obligations.",
  check: (context) =>
    allLifecycles(context.contract).flatMap(({ endpoint, lifecycle }) =>
      lifecycle.obligations.flatMap((obligation) => {
        const why = unknownState(lifecycle, obligation) ?? noEvent(endpoint, lifecycle, obligation);
        return why === undefined ? [] : [remarkOn(context, NAME, obligation, { severity: "error", ...why })];
      }),
    ),
};

interface Why {
  readonly message: string;
  readonly mend: string;
}

function unknownState(lifecycle: Lifecycle, obligation: Obligation): Why | undefined {
  const known = knownStates(lifecycle);
  const unknown = obligation.in.filter((state) => !known.has(state));
  if (unknown.length === 0) return undefined;
  return {
    message: `\`${lifecycle.name}\` is never in the state ${unknown.map((state) => `\`${state}\``).join(", ")} of this obligation.`,
    mend: `Its states are ${[...known].map((state) => `\`${state}\``).join(", ")}: correct the name.`,
  };
}

function noEvent(endpoint: Endpoint, lifecycle: Lifecycle, obligation: Obligation): Why | undefined {
  if (obligation.withinMs === 0) {
    return {
      message: "An obligation within 0 ms cannot be met.",
      mend: "Give the server some milliseconds.",
    };
  }
  const stuck = obligation.in.filter(
    (state) =>
      !lifecycle.transitions.some((transition) => {
        if (!leaves(transition, state) || !isMadeByEvent(transition, endpoint)) return false;
        const stays = transition.to === STAY || transition.to === state;
        return obligation.rearm || !stays;
      }),
  );
  if (stuck.length === 0) return undefined;
  const states = stuck.map((state) => `\`${state}\``).join(", ");
  return {
    message: `No event leads out of ${states}, so no server can meet this obligation of \`${lifecycle.name}\`.`,
    mend: obligation.rearm
      ? "Add the transition by which an event is allowed there."
      : "Add the transition by which an event leaves the state, or `rearm: true` where any event suffices.",
  };
}
