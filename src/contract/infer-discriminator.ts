/** How the messages of one direction are told apart: from what the document declares, or from the schemas alone. */

import { alwaysPresent, constantsOf, describedFields, requiredFields } from "./constants.js";
import type { Contract, Discriminator, DiscriminatorRow, Json, Message, Pointer } from "./contract.js";
import { formatPointer, parsePointer } from "./pointer.js";

type Definitions = Contract["definitions"];
type Told = Pick<Message, "name" | "payload">;

// Opcode, then event name, then kind: no protocol seen needs more.
const MAX_FIELDS = 4;

/** A discriminator that the document declares; `nameOf` gives the AsyncAPI name of a message without a constant. */
export function declareDiscriminator(
  fields: readonly string[],
  messages: readonly Told[],
  definitions: Definitions,
  nameOf: (message: Told) => string,
): Discriminator {
  const rows = messages.map((message): DiscriminatorRow => {
    const constants = constantsOf(message.payload, definitions);
    return {
      message: message.name,
      values: fields.map((field, index) => {
        // The outermost field always names: a frame that it cannot name is refused.
        const values = field === "$event" ? undefined : constants.get(field);
        return values ?? (index === 0 ? [nameOf(message)] : []);
      }),
    };
  });
  return { origin: "declared", fields, rows, presence: [] };
}

/** No field tells: every message is a candidate, and the frame is judged by shape. */
export function undiscriminated(messages: readonly Told[]): Discriminator {
  return {
    origin: "none",
    fields: [],
    rows: messages.map((message) => ({ message: message.name, values: [] })),
    presence: [],
  };
}

/**
 * What tells messages apart where the document declares nothing: fields whose constants differ (flat before nested),
 * then required fields that the others do not know. Messages that stay together are told by shape.
 */
export function inferDiscriminator(messages: readonly Told[], definitions: Definitions): Discriminator {
  if (messages.length < 2) return undiscriminated(messages);
  const constants = messages.map((message) => constantsOf(message.payload, definitions));
  const fields: Pointer[] = [];
  let groups: readonly number[][] = [messages.map((_, index) => index)];
  while (fields.length < MAX_FIELDS) {
    const field = bestField(groups, constants, messages, definitions, fields);
    if (field === undefined) break;
    fields.push(field);
    groups = groups.flatMap((group) => split(group, field, constants)).filter((group) => group.length > 1);
  }
  const presence = groups.flatMap((group) => tellByPresence(group, messages, definitions));
  if (fields.length === 0 && presence.length === 0) return undiscriminated(messages);
  const rows = messages.map((message, index): DiscriminatorRow => {
    const values = fields.map((field) => constants[index]?.get(field) ?? []);
    const optional = fields.map((field) => !alwaysPresent(message.payload, definitions, field));
    return { message: message.name, values, optional };
  });
  return { origin: "inferred", fields, rows, presence };
}

interface Score {
  readonly field: Pointer;
  /** Pairs of messages that the field tells apart; one without constants is told from one with them by half. */
  readonly pairs: number;
  readonly single: number;
  readonly depth: number;
  readonly required: number;
}

/** The field that tells most; of equals one with single constants, flat before nested, required before optional. */
function bestField(
  groups: readonly number[][],
  constants: readonly Map<Pointer, readonly Json[]>[],
  messages: readonly Told[],
  definitions: Definitions,
  taken: readonly Pointer[],
): Pointer | undefined {
  let best: Score | undefined;
  const fields = new Set(groups.flat().flatMap((index) => [...(constants[index]?.keys() ?? [])]));
  for (const field of fields) {
    // The whole payload is no field; a field serves once.
    if (field === "" || taken.includes(field)) continue;
    const pairs = groups.reduce((sum, group) => sum + pairsTold(group, field, constants), 0);
    if (pairs === 0) continue;
    const depth = parsePointer(field).length;
    const having = groups.flat().filter((index) => constants[index]?.has(field));
    const single = having.filter((index) => constants[index]?.get(field)?.length === 1).length;
    const partial: Score = { field, pairs, single, depth, required: 0 };
    if (best !== undefined && compare(partial, { ...best, required: 0 }) < 0) continue;
    const required = having.filter((index) => {
      const message = messages[index];
      return message !== undefined && alwaysPresent(message.payload, definitions, field);
    }).length;
    const score = { ...partial, required };
    if (best === undefined || compare(score, best) > 0) best = score;
  }
  return best?.field;
}

function compare(a: Score, b: Score): number {
  return a.pairs - b.pairs || a.single - b.single || b.depth - a.depth || a.required - b.required;
}

function pairsTold(
  group: readonly number[],
  field: Pointer,
  constants: readonly Map<Pointer, readonly Json[]>[],
): number {
  const having = group.filter((index) => constants[index]?.has(field));
  const without = group.length - having.length;
  const classes = split(having, field, constants).map((members) => members.length);
  const together = classes.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  const told = (having.length * (having.length - 1)) / 2 - together;
  // Several values that nobody else's differ from are a vocabulary, not a name: then presence tells, or shape.
  const named = told > 0 || having.some((index) => constants[index]?.get(field)?.length === 1);
  return named ? told + (having.length * without) / 2 : 0;
}

/** Splits messages into those that share a value at a field, directly or through others; those without one are one. */
function split(
  group: readonly number[],
  field: Pointer,
  constants: readonly Map<Pointer, readonly Json[]>[],
): number[][] {
  const classes: { values: Set<Json>; members: number[] }[] = [];
  const without: number[] = [];
  for (const index of group) {
    const values = constants[index]?.get(field);
    if (values === undefined) {
      without.push(index);
      continue;
    }
    const joined = { values: new Set(values), members: [index] };
    for (let at = classes.length - 1; at >= 0; at--) {
      const other = classes[at];
      if (other === undefined || !values.some((value) => other.values.has(value))) continue;
      for (const value of other.values) joined.values.add(value);
      joined.members.unshift(...other.members);
      classes.splice(at, 1);
    }
    classes.push(joined);
  }
  const found = classes.map((one) => one.members.sort((a, b) => a - b));
  return without.length > 0 ? [...found, without] : found;
}

/** A required field that no other message of the group speaks of tells its message by being there. */
function tellByPresence(
  group: readonly number[],
  messages: readonly Told[],
  definitions: Definitions,
): { message: string; pointer: Pointer }[] {
  const members = group.flatMap((index) => messages[index] ?? []);
  const described = members.map((message) => describedFields(message.payload, definitions));
  return members.flatMap((message, index) => {
    const own = [...requiredFields(message.payload, definitions)];
    const field = own.find((name) => described.every((names, other) => other === index || !names.has(name)));
    return field === undefined ? [] : [{ message: message.name, pointer: formatPointer([field]) }];
  });
}
