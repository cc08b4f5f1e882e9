/**
 * The oracle of a frame: limits, JSON.parse, discriminate, Ajv on the payload of the message (PROTOCOL.md#decode-errors).
 *
 * The judge, the mock, `lint`, the generator's Ajv fallback and the tests all take their Ajv from here, so that one
 * set of options decides what is valid.
 */

import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import ajvFormats from "ajv-formats";
import type { DecodeError, DecodeErrorCode } from "../wire/protocol.js";
import type { Contract, Direction, Endpoint, JsonSchema, Message } from "./contract.js";
import { discriminate, discriminatorOf, EVENT_FIELD, messagesOf, shorten } from "./discriminate.js";
import { describesObject, payloadOf, selfContained } from "./payload.js";
import { type PayloadIssue, payloadIssue } from "./payload-issue.js";
import { isObject, memberOf, parsePointer, valueAt } from "./pointer.js";

export type { PayloadIssue } from "./payload-issue.js";

/**
 * The options of every Ajv: draft-07, `1e400` is no number, 19.99 is a multiple of 0.01, the first error suffices.
 * `strict: false` ignores keywords and formats that Ajv does not know, as draft-07 asks, instead of refusing the schema.
 */
export const AJV_OPTIONS = {
  strict: false,
  strictNumbers: true,
  multipleOfPrecision: 9,
  logger: false,
  validateFormats: true,
} as const;

/** The deepest nesting of arrays and objects that a frame may have. */
export const MAX_DEPTH = 512;

/**
 * A new Ajv with {@link AJV_OPTIONS} and all formats of ajv-formats. `checkSchemas: false` takes schemas unchecked: for
 * those that another Ajv has compiled before, because compiling the meta-schema costs each instance 25 ms.
 */
export function createAjv(options: { readonly checkSchemas?: boolean } = {}): Ajv {
  const ajv = new Ajv({ ...AJV_OPTIONS, validateSchema: options.checkSchemas ?? true });
  // ajv-formats is CommonJS: under Node's ESM rules its types put the plugin on `default`, its code on both.
  ajvFormats.default(ajv);
  return ajv;
}

/** A schema that cannot be compiled; `message` names it and says why. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** What a schema says to a value: the first issue, or undefined when it is valid. */
export type SchemaValidator = (value: unknown) => PayloadIssue | undefined;

/** Compiles a schema whose refs point into `definitions`. Throws {@link SchemaError} naming `what`. */
export function compileSchema(
  schema: JsonSchema,
  definitions: Contract["definitions"],
  what: string,
  ajv: Ajv = createAjv(),
): SchemaValidator {
  const validate = compile(ajv, selfContained(schema, definitions), what);
  return (value) => {
    if (validate(value)) return undefined;
    return payloadIssue(firstError(validate), value, schema, definitions);
  };
}

/** The oracle's word on one frame: its value and the messages that accept it, or what is wrong with it. */
export type OracleResult =
  | { readonly ok: true; readonly value: unknown; readonly messages: string[] }
  | { readonly ok: false; readonly error: DecodeError };

/** Decides frames of one endpoint and direction by the contract alone. */
export interface Oracle {
  /** The text, or the UTF-8 bytes, of one text frame; under Socket.IO the JSON array of an EVENT packet. Never throws. */
  judge(frame: string | Uint8Array): OracleResult;
  /** As {@link judge}, for what JSON.parse gave: without the limits. */
  judgeValue(value: unknown): OracleResult;
  /** What one message's schema says to a payload. Throws RangeError for a message that there is not. */
  validate(message: string, payload: unknown): PayloadIssue | undefined;
}

/**
 * The oracle of one endpoint and direction. Schemas are compiled when a frame first needs them; one that Ajv cannot
 * compile throws {@link SchemaError} then.
 */
export function createOracle(
  contract: Pick<Contract, "definitions">,
  endpoint: Endpoint,
  direction: Direction,
): Oracle {
  const messages = messagesOf(endpoint, direction);
  const byName = new Map(messages.map((message) => [message.name, message]));
  const compiled = new Map<string, SchemaValidator>();
  const ajv = createAjv();
  const socketIo = endpoint.protocol.transport === "socket.io";
  const objectsOnly =
    messages.length > 0 &&
    messages.every((message) => describesObject(message.payload, contract.definitions));

  function validate(name: string, payload: unknown): PayloadIssue | undefined {
    let validator = compiled.get(name);
    if (validator === undefined) {
      const message = byName.get(name);
      if (message === undefined)
        throw new RangeError(`Endpoint ${endpoint.name} has no ${direction} "${name}".`);
      const what = `the payload of ${direction} "${name}" (${message.source.file}:${message.source.line})`;
      validator = compileSchema(message.payload, contract.definitions, what, ajv);
      compiled.set(name, validator);
    }
    return validator(payload);
  }

  function judgeValue(value: unknown): OracleResult {
    if (objectsOnly && (socketIo ? !Array.isArray(value) : !isObject(value))) {
      return refuse("not-object", "", socketIo ? "an array [event name, payload]" : "an object", value, {
        hint: socketIo
          ? "A Socket.IO event is an array of its name and one payload."
          : "Each message of this channel is one JSON object.",
      });
    }
    const named = discriminate(endpoint, direction, value);
    if (!named.ok) return named;
    const payload = payloadOf(endpoint, value);
    const accepted: string[] = [];
    const issues: PayloadIssue[] = [];
    for (const name of named.candidates) {
      const issue = validate(name, payload);
      if (issue === undefined) accepted.push(name);
      else issues.push(issue);
    }
    if (accepted.length > 0) return { ok: true, value, messages: accepted };
    return { ok: false, error: refusal(named.candidates, issues, payload) };
  }

  function refusal(
    candidates: readonly string[],
    issues: readonly PayloadIssue[],
    payload: unknown,
  ): DecodeError {
    const offset = socketIo ? "/1" : "";
    const stray = strayName(
      endpoint,
      direction,
      candidates.map((name) => byName.get(name)),
      contract,
      payload,
    );
    const furthest = issues.reduce<PayloadIssue | undefined>(
      (best, issue) => (best === undefined || depthOf(issue.path) > depthOf(best.path) ? issue : best),
      undefined,
    );
    const error = {
      code: "invalid-payload" as const,
      path: offset + (stray?.path ?? furthest?.path ?? ""),
      expected:
        candidates.length > 1
          ? `one of: ${candidates.join(", ")}`
          : (furthest?.expected ?? "a valid payload"),
      received: stray?.received ?? furthest?.received ?? shorten(payload),
      hint: stray?.hint ?? furthest?.hint ?? "Compare the payload with the document.",
    };
    return error;
  }

  function judge(frame: string | Uint8Array): OracleResult {
    const text = typeof frame === "string" ? frame : decodeUtf8(frame);
    if (text === undefined) {
      return refuse("not-text", "", "UTF-8 text", undefined, {
        received: `${frame.length} bytes that are not UTF-8`,
        hint: "Send a text frame: JSON encoded as UTF-8.",
      });
    }
    const { maxBytes } = endpoint.protocol;
    if (maxBytes !== undefined) {
      const bytes = typeof frame === "string" ? utf8Length(frame) : frame.length;
      if (bytes > maxBytes) {
        return refuse("too-large", "", `at most ${maxBytes} bytes`, undefined, {
          received: `${bytes} bytes`,
          hint: `Split the content: one message of this channel is at most ${maxBytes} bytes of UTF-8.`,
        });
      }
    }
    if (text.length > MAX_DEPTH && isTooDeep(text)) {
      return refuse("too-deep", "", `at most ${MAX_DEPTH} levels of nesting`, undefined, {
        received: `more than ${MAX_DEPTH} levels`,
        hint: "Flatten the value: nested arrays and objects are counted together.",
      });
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return refuse("not-json", "", "one JSON document", undefined, {
        received: shorten(text.slice(0, 80)),
        hint: `Send exactly one JSON document in a frame (${error instanceof Error ? error.message : error}).`,
      });
    }
    return judgeValue(value);
  }

  return { judge, judgeValue, validate };
}

function compile(ajv: Ajv, schema: JsonSchema, what: string): ValidateFunction {
  try {
    return ajv.compile(schema);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SchemaError(
      `The schema of ${what} cannot be compiled: ${why}. Correct it in the document; \`wireproof lint\` shows where.`,
      { cause: error },
    );
  }
}

function firstError(validate: ValidateFunction): ErrorObject {
  const error = validate.errors?.[0];
  if (error === undefined) throw new Error("Ajv refused a value without giving an error.");
  return error;
}

function refuse(
  code: DecodeErrorCode,
  path: string,
  expected: string,
  value: unknown,
  more: { readonly hint: string; readonly received?: string },
): OracleResult {
  const error = { code, path, expected, received: more.received ?? shorten(value), hint: more.hint };
  return { ok: false, error };
}

/**
 * The hint of a frame that is told by shape but names itself as other channels do: `{"type":"ping"}` where the
 * command has no name. Only a field that no candidate describes is such a name.
 */
function strayName(
  endpoint: Endpoint,
  direction: Direction,
  candidates: readonly (Message | undefined)[],
  contract: Pick<Contract, "definitions">,
  payload: unknown,
): Pick<DecodeError, "path" | "received" | "hint"> | undefined {
  if (discriminatorOf(endpoint, direction).origin !== "none") return undefined;
  const across = discriminatorOf(endpoint, direction === "event" ? "command" : "event");
  for (const field of [...across.fields.slice(0, 1), ...endpoint.protocol.never]) {
    if (field === EVENT_FIELD) continue;
    const path = field.startsWith("/") ? field : `/${field}`;
    const found = valueAt(payload, path);
    if (typeof found !== "string") continue;
    const [name = ""] = parsePointer(path);
    if (candidates.some((message) => describesMember(message?.payload, name, contract.definitions, 0)))
      continue;
    return {
      path,
      received: shorten(found),
      hint: `The ${direction}s of this channel have no name field: they are told by their shape. Remove \`${name}\` and send the fields of ${candidates.map((message) => message?.name).join(" or ")}.`,
    };
  }
  return undefined;
}

function describesMember(
  schema: unknown,
  name: string,
  definitions: Contract["definitions"],
  depth: number,
): boolean {
  if (!isObject(schema) || depth > 32) return false;
  if (memberOf(schema["properties"], name) !== undefined) return true;
  const ref = typeof schema["$ref"] === "string" ? parsePointer(schema["$ref"].slice(1))[1] : undefined;
  if (ref !== undefined && describesMember(memberOf(definitions, ref), name, definitions, depth + 1))
    return true;
  return ["allOf", "anyOf", "oneOf"].some((keyword) => {
    const branches = schema[keyword];
    return (
      Array.isArray(branches) &&
      branches.some((branch) => describesMember(branch, name, definitions, depth + 1))
    );
  });
}

function depthOf(path: string): number {
  return path.split("/").length;
}

// A byte order mark is content (RFC 8259 section 8.1 forbids to send one), so JSON.parse shall see and refuse it.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of a text in UTF-8; a lone surrogate counts as the three bytes of U+FFFD, which is what a socket sends. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** True when arrays and objects nest deeper than {@link MAX_DEPTH}: JSON.parse and Ajv recurse, so look first. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}
