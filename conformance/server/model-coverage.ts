/** S-SM-08: what of the lifecycles the run has been through; what it has not is named. */

import type { Lifecycle } from "../../src/contract/contract.js";
import type { Check, CheckContext } from "../check.js";
import { notApplicable } from "./blame.js";
import { wantedCoverage } from "./routes.js";

/** Missed states and transitions that the reason names; the rest is counted. */
const NAMED = 6;

/** Passes when every state that the client's moves can reach and every transition by a command was taken in the run. */
export const modelCoverage: Check = {
  id: "S-SM-08",
  passive: true,
  safe: true,
  smoke: false,
  async run(context) {
    const wanted = wantedCoverage(context.endpoint);
    if (wanted.length === 0) return notApplicable("the document declares no lifecycle");
    const missed: string[] = [];
    let states = 0;
    let transitions = 0;
    for (const { lifecycle, ...goals } of wanted) {
      const seen = seenOf(context, lifecycle);
      states += goals.states.length;
      transitions += goals.transitions.length;
      for (const state of goals.states) if (!seen.states.has(state)) missed.push(`the state \`${state}\``);
      for (const index of goals.transitions) {
        if (!seen.transitions.has(index)) missed.push(transitionName(lifecycle, index));
      }
    }
    const { cases } = context.record;
    const notes = wanted.map(({ lifecycle }) => figures(context, lifecycle));
    if (missed.length === 0) {
      return {
        verdict: "pass",
        reason: `${states} states and ${transitions} transitions by commands were taken`,
        cases,
        notes,
      };
    }
    const more = missed.length > NAMED ? ` and ${missed.length - NAMED} more` : "";
    return {
      verdict: "inconclusive",
      reason: `not reached: ${missed.slice(0, NAMED).join("; ")}${more}`,
      mend: "Describe in x-ws-exchanges, step by step, what leads there; or run S-SM-01 too, with more --runs.",
      cases,
      notes,
    };
  },
};

function seenOf(
  { record }: CheckContext,
  { name }: Lifecycle,
): { readonly states: ReadonlySet<string>; readonly transitions: ReadonlySet<number> } {
  return {
    states: record.coverage.states.get(name) ?? new Set(),
    transitions: record.coverage.transitions.get(name) ?? new Set(),
  };
}

function transitionName({ transitions }: Lifecycle, index: number): string {
  const found = transitions[index];
  if (found === undefined) return `transition ${index}`;
  const { from, on, to } = found;
  return `${on.map((name) => `"${name}"`).join(" or ")} in \`${from.join("` or `")}\`${to === "=" ? "" : ` to \`${to}\``}`;
}

/** Events and `$other` are the server's to take: how much of them was seen is a figure, and no verdict. */
function figures(context: CheckContext, lifecycle: Lifecycle): string {
  const { transitions } = lifecycle;
  const seen = seenOf(context, lifecycle).transitions;
  const left = transitions.flatMap((_, index) => (seen.has(index) ? [] : [transitionName(lifecycle, index)]));
  const few = left.slice(0, NAMED).join("; ");
  return `lifecycle ${lifecycle.name}: ${seen.size} of ${transitions.length} transitions seen${left.length === 0 ? "" : `, not ${few}${left.length > NAMED ? " …" : ""}`}`;
}
