/** A transition that can never be taken. */

import { isDeepStrictEqual } from "node:util";
import { constantsOf } from "../../contract/constants.js";
import type { Endpoint, Json, Lifecycle, Transition } from "../../contract/contract.js";
import { allLifecycles, type LintContext, type LintRule, remarkOn } from "./rule.js";
import { knownStates, OTHER } from "./states.js";

const NAME = "unfit-transition";

/** Every transition starts in a state there is, asks for values that can be, and is not hidden by an earlier one. */
export const unfitTransition: LintRule = {
  name: NAME,
  says: "Every transition of a lifecycle can be taken.",
  check: (context) =>
    allLifecycles(context.contract).flatMap(({ endpoint, lifecycle }) =>
      lifecycle.transitions.flatMap((transition, index) => {
        const why =
          unknownStart(lifecycle, transition) ??
          impossibleValue(context, endpoint, transition) ??
          hidden(lifecycle, transition, index);
        return why === undefined ? [] : [remarkOn(context, NAME, transition, { severity: "error", ...why })];
      }),
    ),
};

interface Why {
  readonly message: string;
  readonly mend: string;
}

function unknownStart(lifecycle: Lifecycle, transition: Transition): Why | undefined {
  const known = knownStates(lifecycle);
  const unknown = transition.from.filter((state) => state !== "*" && !known.has(state));
  if (unknown.length === 0) return undefined;
  return {
    message: `\`${lifecycle.name}\` is never in the state ${unknown.map((state) => `\`${state}\``).join(", ")} that this transition starts in.`,
    mend: `Its states are ${[...known].map((state) => `\`${state}\``).join(", ")}: correct the name.`,
  };
}

function impossibleValue(context: LintContext, endpoint: Endpoint, transition: Transition): Why | undefined {
  const { definitions } = context.contract;
  for (const [pointer, wanted] of Object.entries(transition.when ?? {})) {
    const values: readonly Json[] = Array.isArray(wanted) ? wanted : [wanted];
    const messages = [...endpoint.commands, ...endpoint.events].filter((one) =>
      transition.on.includes(one.name),
    );
    const fits = messages.some((message) => {
      const constants = constantsOf(message.payload, definitions).get(pointer);
      return constants === undefined || values.some((value) => constants.includes(value));
    });
    if (fits || messages.length === 0) continue;
    return {
      message: `No valid message holds ${JSON.stringify(wanted)} at \`${pointer}\`, as this transition asks.`,
      mend: "Correct the value, or add it to the schema of the message.",
    };
  }
  return undefined;
}

/** What another connection does is not ordered: of two such transitions either may be taken. */
function hidden(lifecycle: Lifecycle, transition: Transition, index: number): Why | undefined {
  const known = knownStates(lifecycle);
  const expand = (from: readonly string[]) => (from.includes("*") ? [...known] : from);
  const open = expand(transition.from).flatMap((state) =>
    transition.on.filter((name) => name !== OTHER).map((name) => ({ state, name })),
  );
  if (open.length === 0 || transition.on.includes(OTHER)) return undefined;
  const earlier = lifecycle.transitions.slice(0, index);
  const covered = open.every(({ state, name }) =>
    earlier.some(
      (other) =>
        expand(other.from).includes(state) &&
        other.on.includes(name) &&
        asksNoMore(other.when, transition.when) &&
        asksNoMore(other.bound, transition.bound),
    ),
  );
  if (!covered) return undefined;
  return {
    message: `An earlier transition of \`${lifecycle.name}\` takes every message that this one could.`,
    mend: "The first that fits is taken: put the narrower one first, or take this one away.",
  };
}

/** True when each demand of the first is one of the second: then what fits the second fits the first. */
function asksNoMore(
  first: { readonly [pointer: string]: unknown } | undefined,
  second: { readonly [pointer: string]: unknown } | undefined,
): boolean {
  return Object.entries(first ?? {}).every(([pointer, wanted]) => {
    const own = second?.[pointer];
    if (own === undefined) return false;
    const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
    return isDeepStrictEqual(own, wanted) || list(own).every((value) => list(wanted).includes(value));
  });
}
