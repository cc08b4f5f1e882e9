/** A declared discriminator that a message does not have: every frame of it would be refused. */

import { constantsOf, describedFields } from "../../contract/constants.js";
import type { Contract, Direction, Endpoint, Message } from "../../contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../../contract/discriminate.js";
import { parsePointer } from "../../contract/pointer.js";
import type { Finding } from "../finding.js";
import { type LintContext, type LintRule, remarkOn } from "./rule.js";

const NAME = "undescribed-discriminator";

/** Messages whose schema does not describe the field by which the channel says that it names them. */
export const undescribedDiscriminator: LintRule = {
  name: NAME,
  says: "A message has the field by which its channel names it.",
  check: (context) =>
    context.contract.endpoints.flatMap((endpoint) => [
      ...checkDirection(context, endpoint, "command"),
      ...checkDirection(context, endpoint, "event"),
    ]),
};

function checkDirection(context: LintContext, endpoint: Endpoint, direction: Direction): Finding[] {
  const { origin, fields, rows } = discriminatorOf(endpoint, direction);
  const [field = ""] = fields;
  const [outer, ...inner] = field === EVENT_FIELD ? [] : parsePointer(field);
  // What lies deeper, or in an array, is for the schema's own words: only a plain field is looked for here.
  if (origin !== "declared" || outer === undefined || inner.length > 0 || /^\d+$/.test(outer)) return [];
  const { definitions } = context.contract;
  const named = new Set(rows.map((row) => row.message));
  const without = messagesOf(endpoint, direction).filter(
    (message) => named.has(message.name) && !describedFields(message.payload, definitions).has(outer),
  );
  const [first] = without;
  if (first === undefined) return [];
  const names = without.slice(0, 6).map((message) => `\`${message.name}\``);
  const shown = without.length > 6 ? [...names, `${without.length - 6} more`] : names;
  const instead = commonConstant(without, definitions);
  return [
    remarkOn(context, NAME, first, {
      severity: "error",
      message: `\`${endpoint.name}\` names its ${direction}s by \`${outer}\`, which ${shown.join(", ")} ${without.length === 1 ? "does" : "do"} not have: their frames would be refused.`,
      mend:
        instead === undefined
          ? `Describe \`${outer}\` in their payloads, required and with a constant each, or correct \`x-ws-protocol.discriminator\`.`
          : `Their payloads are told by \`${instead}\`: say that in \`x-ws-protocol.discriminator\`, or describe \`${outer}\` in them.`,
    }),
  ];
}

/** A top-level field that has a constant in each of the messages. */
function commonConstant(
  messages: readonly Message[],
  definitions: Contract["definitions"],
): string | undefined {
  const [first, ...others] = messages.map((message) => constantsOf(message.payload, definitions));
  for (const pointer of first?.keys() ?? []) {
    const [field, ...deeper] = parsePointer(pointer);
    if (deeper.length === 0 && others.every((constants) => constants.has(pointer))) return field;
  }
  return undefined;
}
