/** Which messages a template can decide by itself: those that their constants alone tell from all others. */

import type { Direction, Endpoint, Json, Message } from "../../contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../../contract/discriminate.js";
import { parsePointer } from "../../contract/pointer.js";
import { names } from "../discriminator-rows.js";
import type { ObjectShape, Shapeless } from "./shape.js";

/** The pointers of the fields that name a message, in its payload. */
export function namingFields(endpoint: Endpoint, direction: Direction, message: Message): readonly string[] {
  const { fields, rows } = discriminatorOf(endpoint, direction);
  const row = rows.find((candidate) => candidate.message === message.name);
  return fields.filter((field, index) => field !== EVENT_FIELD && (row?.values[index]?.length ?? 0) > 0);
}

/**
 * Undefined when each frame that fits the shape is this message and no other, by the discriminator of the contract
 * (`src/contract/discriminate.ts`); else why not.
 */
export function untold(
  endpoint: Endpoint,
  direction: Direction,
  message: Message,
  shape: ObjectShape,
): Shapeless | undefined {
  const { fields, rows, origin, presence } = discriminatorOf(endpoint, direction);
  const candidates = messagesOf(endpoint, direction);
  if (origin === "none") {
    return candidates[0] === message ? undefined : { why: "it is told from others by its shape alone" };
  }
  const row = rows.find((candidate) => candidate.message === message.name);
  if (row === undefined) return { why: "it has no frame of its own" };
  let left = rows;
  for (const [index, field] of fields.entries()) {
    if (left.length < 2 && (origin === "inferred" || index > 0)) break;
    const named = row.values[index] ?? [];
    const written = field === EVENT_FIELD ? named.slice(0, 1) : constantsAt(shape, parsePointer(field));
    if (named.length === 0 || written === undefined) {
      // Where nobody has a value for the field it tells nothing.
      if (left.every((other) => (other.values[index]?.length ?? 0) === 0)) continue;
      return { why: `${field} does not name it` };
    }
    if (!written.every((value) => named.includes(value))) return { why: `${field} does not name it` };
    left = left.filter((other) => other.values[index]?.some((value) => written.includes(value)));
  }
  const isTold = presence.some((rule) => left.some((other) => other.message === rule.message));
  if (left.length === 1) return undefined;
  // Of several that could be meant the first that fits is; a text that fits it is that one.
  if (!isTold && names(left)[0] === message.name) return undefined;
  return { why: "its name is another message's as well" };
}

/** The values that a shape leaves at a place; undefined where they are not a few constants. */
function constantsAt(shape: ObjectShape, steps: readonly string[]): readonly Json[] | undefined {
  const [name, ...rest] = steps;
  const member = shape.members.find((candidate) => candidate.name === name);
  if (member === undefined || !member.required) return undefined;
  if (rest.length > 0) return member.shape.kind === "object" ? constantsAt(member.shape, rest) : undefined;
  if (member.shape.kind === "constant") return [member.shape.value];
  return member.shape.kind === "choice" ? member.shape.values : undefined;
}
