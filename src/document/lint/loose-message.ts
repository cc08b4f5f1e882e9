/** A message that nothing can judge strictly. */

import { resolveSchema } from "../../contract/payload.js";
import { isJsonSchemaFormat, schemaFormatOf } from "../compile/messages.js";
import { memberAt } from "../place.js";
import { allMessages, type LintContext, type LintRule, remarkOn } from "./rule.js";

const NAME = "loose-message";

/** Says which messages are judged loosely or not at all: no schema, an unknown format, binary, a bare string. */
export const looseMessage: LintRule = {
  name: NAME,
  says: "Every message has a schema by which it can be judged.",
  check(context) {
    return allMessages(context.contract).flatMap(({ message }) => {
      const why = looseness(context, message);
      return why === undefined ? [] : [remarkOn(context, NAME, message, { severity: "info", ...why })];
    });
  },
};

function looseness(
  context: LintContext,
  message: ReturnType<typeof allMessages>[number]["message"],
): { message: string; mend: string } | undefined {
  const name = `\`${message.name}\``;
  if (message.binary === true) {
    return {
      message: `${name} is binary: that a frame came is seen, what it holds is not judged.`,
      mend: "Nothing, if it is binary; else correct its `contentType`.",
    };
  }
  const place = context.places.get(message);
  const format = place === undefined ? undefined : schemaFormatOf(place);
  if (!isJsonSchemaFormat(format)) {
    return {
      message: `${name} has a payload in the format ${format}, which is not read: any JSON is taken for it.`,
      mend: "Write the payload as JSON Schema draft-07 or as an AsyncAPI schema.",
    };
  }
  if (place !== undefined && memberAt(place, "payload") === undefined) {
    return {
      message: `${name} has no payload schema: any JSON is taken for it.`,
      mend: "Describe its payload.",
    };
  }
  const schema = resolveSchema(message.payload, context.contract.definitions);
  const rules =
    typeof schema === "boolean" ? [] : Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  if (schema === true || (schema !== false && rules.length === 0)) {
    return {
      message: `${name} allows any JSON: its schema asks for nothing.`,
      mend: "Describe its payload.",
    };
  }
  if (typeof schema === "object" && schema["type"] === "string" && rules.length === 1) {
    return {
      message: `${name} is a bare string: every JSON string is taken for it, and text that is no JSON is refused.`,
      mend: "Wrap it into an object with a field that names it.",
    };
  }
  return undefined;
}

const ANNOTATIONS: ReadonlySet<string> = new Set([
  "$comment",
  "default",
  "deprecated",
  "description",
  "examples",
  "readOnly",
  "title",
  "writeOnly",
]);
