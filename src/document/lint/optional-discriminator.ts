/** A field that names messages, and that a valid message may lack. */

import { isDescribed, isRequired } from "../../contract/constants.js";
import type { Direction, Endpoint, Message } from "../../contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../../contract/discriminate.js";
import { parsePointer } from "../../contract/pointer.js";
import type { Finding } from "../finding.js";
import { eachDirection, type LintContext, type LintRule, listed, remarkOn } from "./rule.js";

const NAME = "optional-discriminator";

/** The field by which a message is told is one that every valid message has. */
export const optionalDiscriminator: LintRule = {
  name: NAME,
  says: "The field that names a message is required.",
  check: (context) =>
    eachDirection(context, (endpoint, direction) => checkDirection(context, endpoint, direction)),
};

function checkDirection(context: LintContext, endpoint: Endpoint, direction: Direction): Finding[] {
  const { origin, fields, rows } = discriminatorOf(endpoint, direction);
  const { definitions } = context.contract;
  const messages = new Map(messagesOf(endpoint, direction).map((message) => [message.name, message]));
  return fields.flatMap((field, index) => {
    if (field === EVENT_FIELD) return [];
    const lacking = rows.flatMap((row): Message[] => {
      const message = messages.get(row.message);
      // Where a field names nothing it tells nothing, and may be absent.
      if (message === undefined || (row.values[index] ?? []).length === 0) return [];
      const { payload } = message;
      const may = isDescribed(payload, definitions, field) && !isRequired(payload, definitions, field);
      return may ? [message] : [];
    });
    const [first] = lacking;
    if (first === undefined) return [];
    const parts = parsePointer(field);
    const position = /^\d+$/.test(parts.at(-1) ?? "");
    const label = parts.length > 1 ? `\`${field}\`` : position ? `Position ${parts[0]}` : `\`${parts[0]}\``;
    const then =
      origin === "declared"
        ? "a frame without it fits the schema, and is refused all the same"
        : "a frame without it fits the schema, and is told by its shape alone";
    return [
      remarkOn(context, NAME, first, {
        severity: "warning",
        message: `${label} names the ${direction}s of \`${endpoint.name}\`, and ${listed(lacking)} need not have it: ${then}.`,
        mend: position
          ? "Ask for it with `minItems`."
          : `Name it under \`required\`${parts.length === 1 ? "" : ", at each level of the way"}.`,
      }),
    ];
  });
}
