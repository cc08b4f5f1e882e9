/** Codes of refusals that the refusing message cannot carry: every refusal would be taken for another one. */

import { constantsOf } from "../../contract/constants.js";
import type { Endpoint } from "../../contract/contract.js";
import type { Finding } from "../finding.js";
import { type LintContext, type LintRule, remarkOn } from "./rule.js";

const NAME = "unsendable-code";

/** How many codes are shown. */
const SHOWN = 6;

/** The values of `reject.code` hold at least one code of each class that a refusal is told by. */
export const unsendableCode: LintRule = {
  name: NAME,
  says: "A refusal can carry a code of each class by which refusals are told.",
  check: (context) => context.contract.endpoints.flatMap((endpoint) => checkEndpoint(context, endpoint)),
};

function checkEndpoint(context: LintContext, { protocol, events }: Endpoint): Finding[] {
  const { reject } = protocol;
  const message = events.find(({ name }) => name === reject?.message);
  if (reject?.code === undefined || message === undefined) return [];
  const sendable = constantsOf(message.payload, context.contract.definitions).get(reject.code);
  if (sendable === undefined) return [];
  return (["payload", "state"] as const).flatMap((kind) => {
    const codes = reject[kind];
    if (codes.length === 0 || codes.some((code) => sendable.includes(code))) return [];
    return [
      remarkOn(context, NAME, reject, {
        severity: "warning",
        message: `\`${reject.message}\` can carry none of the ${kind} codes (${listed(codes)}): at \`${reject.code}\` it allows ${listed(sendable)}, and a refusal is told by its code.`,
        mend: `Name this channel's own codes in \`x-ws-protocol.reject.${kind}\`, or allow one of those at \`${reject.code}\`.`,
      }),
    ];
  });
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, SHOWN).map((value) => JSON.stringify(value));
  return values.length > SHOWN ? `${shown.join(", ")} and ${values.length - SHOWN} more` : shown.join(", ");
}
