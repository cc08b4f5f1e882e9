/** A lifecycle, state or remembered value that another part of the document names, and that is not there. */

import type { Endpoint } from "../../contract/contract.js";
import type { Finding } from "../finding.js";
import { allLifecycles, type LintContext, type LintRule, remarkOn } from "./rule.js";
import { knownStates } from "./states.js";

const NAME = "unknown-lifecycle";

/** What `restore`, `audience` and `bound` name is declared, and a lifecycle's name stands for one lifecycle. */
export const unknownLifecycle: LintRule = {
  name: NAME,
  says: "A lifecycle, state or remembered value that is named is declared.",
  check: (context) => [
    ...context.contract.endpoints.flatMap((endpoint) => [
      ...checkUses(context, endpoint),
      ...checkNames(context, endpoint),
    ]),
    ...allLifecycles(context.contract).flatMap(({ lifecycle }) => {
      const set = new Set(lifecycle.transitions.flatMap((transition) => Object.keys(transition.set ?? {})));
      return lifecycle.transitions.flatMap((transition) =>
        Object.values(transition.bound ?? {})
          .filter((name) => !set.has(name))
          .map((name) =>
            remarkOn(context, NAME, transition, {
              severity: "error",
              message: `\`bound\` names \`${name}\`, which no transition of \`${lifecycle.name}\` sets.`,
              mend: "Add `set` to the transition that should remember it, or correct the name.",
            }),
          ),
      );
    }),
  ],
};

function checkUses(context: LintContext, endpoint: Endpoint): Finding[] {
  const uses: { part: object; lifecycle: string; states: readonly string[] }[] = [];
  for (const restore of endpoint.reconnect?.restore ?? []) {
    uses.push({ part: restore, lifecycle: restore.lifecycle, states: restore.in });
  }
  for (const audience of endpoint.protocol.audience) {
    if (typeof audience.to === "string") continue;
    uses.push({ part: audience, lifecycle: audience.to.lifecycle, states: audience.to.in ?? [] });
  }
  return uses.flatMap(({ part, lifecycle: name, states }) => {
    const lifecycle = endpoint.lifecycles.find((one) => one.name === name);
    if (lifecycle === undefined) {
      const known = endpoint.lifecycles.map((one) => `\`${one.name}\``).join(", ");
      return [
        remarkOn(context, NAME, part, {
          severity: "error",
          message: `There is no lifecycle \`${name}\` at this address.`,
          mend: known === "" ? "Declare it under `x-ws-lifecycle`." : `Name one of ${known}.`,
        }),
      ];
    }
    const known = knownStates(lifecycle);
    return states
      .filter((state) => !known.has(state))
      .map((state) =>
        remarkOn(context, NAME, part, {
          severity: "error",
          message: `\`${name}\` has no state \`${state}\`.`,
          mend: `Name one of ${[...known].map((one) => `\`${one}\``).join(", ")}.`,
        }),
      );
  });
}

function checkNames(context: LintContext, endpoint: Endpoint): Finding[] {
  return endpoint.lifecycles
    .filter(
      (lifecycle, index) => endpoint.lifecycles.findIndex((one) => one.name === lifecycle.name) !== index,
    )
    .map((lifecycle) =>
      remarkOn(context, NAME, lifecycle, {
        severity: "error",
        message: `Two lifecycles of this address are named \`${lifecycle.name}\`.`,
        mend: "Give each its own name.",
      }),
    );
}
