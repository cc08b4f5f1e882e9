/** A declared discriminator that a message does not have: every frame of it would be refused. */

import { constantsOf, isDescribed } from "../../contract/constants.js";
import type { Contract, Direction, Endpoint, Message } from "../../contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../../contract/discriminate.js";
import { parsePointer } from "../../contract/pointer.js";
import type { Finding } from "../finding.js";
import { eachDirection, type LintContext, type LintRule, listed, remarkOn } from "./rule.js";

const NAME = "undescribed-discriminator";

/** Messages whose schema does not describe the field by which the channel says that it names them. */
export const undescribedDiscriminator: LintRule = {
  name: NAME,
  says: "A message has the field by which its channel names it.",
  check: (context) =>
    eachDirection(context, (endpoint, direction) => checkDirection(context, endpoint, direction)),
};

function checkDirection(context: LintContext, endpoint: Endpoint, direction: Direction): Finding[] {
  const { origin, fields, rows } = discriminatorOf(endpoint, direction);
  const [field = EVENT_FIELD] = fields;
  if (origin !== "declared" || field === EVENT_FIELD) return [];
  const { definitions } = context.contract;
  const named = new Set(rows.map((row) => row.message));
  const without = messagesOf(endpoint, direction).filter(
    (message) => named.has(message.name) && !isDescribed(message.payload, definitions, field),
  );
  const [first] = without;
  if (first === undefined) return [];
  const outer = parsePointer(field).length === 1 ? field.slice(1) : field;
  const instead = commonConstant(without, definitions);
  return [
    remarkOn(context, NAME, first, {
      severity: "error",
      message: `\`${endpoint.name}\` names its ${direction}s by \`${outer}\`, which ${listed(without)} ${without.length === 1 ? "does" : "do"} not have: their frames would be refused.`,
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
