/** What of a frame is the payload of a message, and the schema that the payload must meet. */

import type { Contract, Endpoint, JsonSchema, Message } from "./contract.js";
import { isObject, parsePointer } from "./pointer.js";

type Definitions = Contract["definitions"];

/** The payload inside a decoded frame: the frame itself, or element 1 of a Socket.IO event `[name, payload]`. */
export function payloadOf(endpoint: Pick<Endpoint, "protocol">, value: unknown): unknown {
  if (endpoint.protocol.transport !== "socket.io") return value;
  return Array.isArray(value) ? value[1] : undefined;
}

/** The schema of a message's payload with all the definitions that it needs, so that a validator can take it alone. */
export function payloadSchema(
  contract: Pick<Contract, "definitions">,
  message: Pick<Message, "payload">,
): JsonSchema {
  return selfContained(message.payload, contract.definitions);
}

/** A schema with the definitions that it refers to, directly or not, beside it. */
export function selfContained(schema: JsonSchema, definitions: Definitions): JsonSchema {
  const needed = definitionsUsedBy([schema], definitions);
  if (typeof schema === "boolean" || needed.length === 0) return schema;
  const own: Record<string, JsonSchema> = {};
  for (const name of needed) {
    const definition = definitions[name];
    if (definition !== undefined) own[name] = definition;
  }
  return { ...schema, definitions: own };
}

/** Names of the definitions that some schemas refer to, directly or not, in the order of `definitions`. */
export function definitionsUsedBy(schemas: readonly JsonSchema[], definitions: Definitions): string[] {
  const found = new Set<string>();
  const waiting: unknown[] = [...schemas];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (Array.isArray(next)) waiting.push(...next);
    if (!isObject(next)) continue;
    const name = definitionName(next["$ref"]);
    if (name !== undefined && !found.has(name)) {
      found.add(name);
      waiting.push(definitions[name]);
    }
    // Data is no schema: what looks like a `$ref` inside it refers to nothing.
    for (const [keyword, value] of Object.entries(next)) if (!DATA_KEYWORDS.has(keyword)) waiting.push(value);
  }
  return Object.keys(definitions).filter((name) => found.has(name));
}

/** Keywords of draft-07 whose values are data. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

/** The name that a `$ref` of a compiled schema points at, or undefined when it is none of `#/definitions/<name>`. */
export function definitionName(ref: unknown): string | undefined {
  if (typeof ref !== "string" || !ref.startsWith("#/definitions/")) return undefined;
  return parsePointer(ref.slice(1))[1];
}

/** Follows `$ref`s until a schema that is none; an endless chain ends in `true`. */
export function resolveSchema(schema: JsonSchema | undefined, definitions: Definitions): JsonSchema {
  let at = schema;
  for (let hops = 0; hops < 100; hops++) {
    if (at === undefined || typeof at === "boolean") return at ?? true;
    const name = definitionName(at["$ref"]);
    if (name === undefined) return at;
    at = definitions[name];
  }
  return true;
}

/** True when a schema says that only JSON objects are valid. */
export function describesObject(schema: JsonSchema, definitions: Definitions): boolean {
  return describesOnly(schema, definitions, "object", 0);
}

function describesOnly(schema: JsonSchema, definitions: Definitions, type: string, depth: number): boolean {
  const at = resolveSchema(schema, definitions);
  // Deeper than any schema written by hand: a cycle of combiners. Not knowing is safe, it only costs a nicer error.
  if (typeof at === "boolean" || depth > 32) return false;
  const types = at["type"];
  if (types === type || (Array.isArray(types) && types.length === 1 && types[0] === type)) return true;
  const every = (branches: unknown) =>
    Array.isArray(branches) &&
    branches.length > 0 &&
    branches.every((branch) => isSchema(branch) && describesOnly(branch, definitions, type, depth + 1));
  const some = (branches: unknown) =>
    Array.isArray(branches) &&
    branches.some((branch) => isSchema(branch) && describesOnly(branch, definitions, type, depth + 1));
  return some(at["allOf"]) || every(at["oneOf"]) || every(at["anyOf"]);
}

/** True for what may stand where draft-07 wants a schema: an object or a boolean. */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || isObject(value);
}
