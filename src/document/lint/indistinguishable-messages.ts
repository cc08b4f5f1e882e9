/** Two messages of one direction that a frame cannot tell apart: then every frame of one may be the other. */

import { constantsOf, describedFields, requiredFields } from "../../contract/constants.js";
import type { Contract, Direction, Endpoint, JsonSchema, Message } from "../../contract/contract.js";
import { discriminatorOf, messagesOf } from "../../contract/discriminate.js";
import { resolveSchema } from "../../contract/payload.js";
import type { Finding } from "../finding.js";
import { eachDirection, type LintContext, type LintRule, listed, remarkOn } from "./rule.js";

const NAME = "indistinguishable-messages";

/** Messages of one direction that share their names on the wire, or have nothing that tells them apart. */
export const indistinguishableMessages: LintRule = {
  name: NAME,
  says: "A frame is one message of its direction, and no other.",
  check: (context) =>
    eachDirection(context, (endpoint, direction) => checkDirection(context, endpoint, direction)),
};

function checkDirection(context: LintContext, endpoint: Endpoint, direction: Direction): Finding[] {
  const discriminator = discriminatorOf(endpoint, direction);
  const byName = new Map(messagesOf(endpoint, direction).map((message) => [message.name, message]));
  const valuesOf = new Map(discriminator.rows.map((row) => [row.message, row.values]));
  const told = new Set(discriminator.presence.map((rule) => rule.message));
  const { definitions } = context.contract;
  const messages = discriminator.rows.flatMap((row) => byName.get(row.message) ?? []);
  const groups: Message[][] = [];
  for (const message of messages) {
    const alike = (other: Message) => {
      const [values, others] = [valuesOf.get(message.name), valuesOf.get(other.name)];
      if (values?.some((own, field) => areDisjoint(own, others?.[field] ?? []))) return false;
      if (discriminator.origin === "declared") return true;
      // A field that only one of them has names it; a frame without that field is the other.
      if (told.has(message.name) || told.has(other.name)) return false;
      return canMeet(message.payload, other.payload, definitions);
    };
    const group = groups.find((members) => members.some(alike));
    if (group === undefined) groups.push([message]);
    else group.push(message);
  }
  return groups.flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0) return [];
    return [
      remarkOn(context, NAME, first, {
        severity: "warning",
        message: `Nothing tells the ${direction}s ${listed([first, ...others])} of \`${endpoint.name}\` apart: a frame that fits several counts as each of them.`,
        mend: mendFor(discriminator.origin, discriminator.fields),
      }),
    ];
  });
}

function mendFor(origin: string, fields: readonly string[]): string {
  if (origin === "declared")
    return `Give each its own constant at ${fields.map((field) => `\`${field}\``).join(" or ")}.`;
  return "Give each a field with a constant of its own (`const`), required; `x-ws-protocol.discriminator` then names the field.";
}

function areDisjoint(one: readonly unknown[], two: readonly unknown[]): boolean {
  if (one.length === 0 || two.length === 0) return one.length !== two.length;
  return !one.some((value) => two.includes(value));
}

/** False when the shapes alone prove that no value fits both; a doubt counts as true. */
function canMeet(one: JsonSchema, two: JsonSchema, definitions: Contract["definitions"]): boolean {
  const [types, otherTypes] = [typesOf(one, definitions), typesOf(two, definitions)];
  if (types !== undefined && otherTypes !== undefined && !types.some((type) => otherTypes.includes(type)))
    return false;
  const [constants, others] = [constantsOf(one, definitions), constantsOf(two, definitions)];
  const required = requiredFields(one, definitions);
  const otherRequired = requiredFields(two, definitions);
  for (const name of required) {
    const values = constants.get(`/${name}`);
    const otherValues = others.get(`/${name}`);
    if (values === undefined || otherValues === undefined || !otherRequired.has(name)) continue;
    if (!values.some((value) => otherValues.includes(value))) return false;
  }
  return !(excludes(one, otherRequired, definitions) || excludes(two, required, definitions));
}

/** True when a closed schema does not know a field that the other requires. */
function excludes(
  schema: JsonSchema,
  required: ReadonlySet<string>,
  definitions: Contract["definitions"],
): boolean {
  const at = resolveSchema(schema, definitions);
  if (
    typeof at === "boolean" ||
    at["additionalProperties"] !== false ||
    at["patternProperties"] !== undefined
  ) {
    return false;
  }
  const known = describedFields(at, definitions);
  return [...required].some((name) => !known.has(name));
}

function typesOf(schema: JsonSchema, definitions: Contract["definitions"]): string[] | undefined {
  const at = resolveSchema(schema, definitions);
  if (typeof at === "boolean") return undefined;
  const type = at["type"];
  const types = typeof type === "string" ? [type] : Array.isArray(type) ? type.map(String) : undefined;
  // An integer is a number: both are told as one.
  return types?.map((one) => (one === "integer" ? "number" : one));
}
