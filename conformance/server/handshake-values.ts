/** Values of query, headers and address that break what the document declares, one at a time (for S-HS-08). */

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { invalidPayload, type Violation, violationKinds } from "../../src/arbitrary/invalid-payload.js";
import type { Json, JsonSchema } from "../../src/contract/contract.js";
import { parsePointer } from "../../src/contract/pointer.js";
import { compileSchema, SchemaError, type SchemaValidator } from "../../src/contract/validate.js";
import type { CheckContext } from "../check.js";

/** One value that must be refused. */
export interface BadValue {
  readonly where: "query" | "header" | "parameter";
  readonly name: string;
  /** What is sent; undefined: it is left out. */
  readonly value: string | undefined;
  /** What is wrong with it, in words. */
  readonly label: string;
}

/** A bad value as a report shows it. */
export function showBadValue({ where, name, value, label }: BadValue): Json {
  return { where, name, value: value ?? null, violation: label };
}

/** What can be tried: one value of each kind, and more of them from an arbitrary. */
export interface BadValues {
  readonly examples: readonly BadValue[];
  readonly arbitrary?: fc.Arbitrary<BadValue>;
}

/** Headers that the handshake itself needs: they are other rows'. */
const HANDSHAKE_HEADER = /^(host|connection|upgrade|origin|sec-websocket-.*)$/i;

/** Everything that can be tried on this endpoint. */
export async function badValues(context: CheckContext): Promise<BadValues> {
  const { query, headers } = context.endpoint;
  const sources = [
    ...(query === undefined ? [] : [await fromSchema(context, "query", query)]),
    ...(headers === undefined ? [] : [await fromSchema(context, "header", headers)]),
  ];
  const arbitraries = sources.flatMap(({ arbitrary }) => (arbitrary === undefined ? [] : [arbitrary]));
  return {
    examples: [...sources.flatMap(({ examples }) => examples), ...badParameters(context)],
    ...(arbitraries.length === 0 ? {} : { arbitrary: fc.oneof(...arbitraries) }),
  };
}

/**
 * A value that the address's parameter does not have: one that its `enum` leaves out, or one that nobody can know, where
 * the document says by a close code that what an address names may not exist.
 */
function badParameters({ endpoint, random }: CheckContext): BadValue[] {
  const causes = Object.values(endpoint.closeCodes ?? {}).flatMap(({ cause }) => cause);
  return Object.entries(endpoint.parameters).flatMap(([name, { enum: listed, examples = [] }]) => {
    if (listed === undefined && !causes.includes("not-found")) return [];
    const isUuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(listed?.[0] ?? examples[0] ?? "");
    const value = isUuid ? uuidOf(random.bytes(16)) : `x-wireproof-${random.uint32().toString(36)}`;
    return [{ where: "parameter", name, value, label: `an unknown {${name}}` } as const];
  });
}

function uuidOf(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString("hex");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`;
}

async function fromSchema(
  context: CheckContext,
  where: "query" | "header",
  schema: JsonSchema,
): Promise<BadValues> {
  const { definitions } = context.contract;
  let validate: SchemaValidator;
  try {
    validate = compileSchema(schema, definitions, `the ${where} of the ws binding`);
  } catch (error) {
    if (error instanceof SchemaError) return { examples: [] };
    throw error;
  }
  const socketIo = context.endpoint.protocol.transport === "socket.io";
  const fits = (violation: Violation): boolean => {
    // What Engine.IO puts into the query is not declared there.
    if (violation.keyword === "additionalProperties" && (socketIo || where === "header")) return false;
    const bad = asBadValue(where, violation);
    return bad !== undefined && isViolation(validate, violation, bad);
  };
  const toBad = (violation: Violation): BadValue => {
    const bad = asBadValue(where, violation);
    if (bad === undefined) throw new Error("The filter leaves only what can be sent.");
    return bad;
  };
  const examples: BadValue[] = [];
  const kinds = [];
  for (const kind of violationKinds(schema, definitions)) {
    await setImmediate();
    try {
      const [sample] = fc.sample(invalidPayload(schema, definitions, { kinds: [kind], fits }), {
        seed: context.seed,
        numRuns: 1,
      });
      if (sample === undefined) continue;
      examples.push(toBad(sample));
      kinds.push(kind);
    } catch {
      // In a query everything is text: what is wrong only as another type cannot be made here.
    }
  }
  if (kinds.length === 0) return { examples };
  return { examples, arbitrary: invalidPayload(schema, definitions, { kinds, fits }).map(toBad) };
}

/** The one member that a violation concerns, as text; undefined where it cannot be sent. */
function asBadValue(where: "query" | "header", violation: Violation): BadValue | undefined {
  const [name, ...deeper] = parsePointer(violation.pointer);
  const { value: whole, label } = violation;
  if (name === undefined || deeper.length > 0 || !isObject(whole)) return undefined;
  if (where === "header" && (HANDSHAKE_HEADER.test(name) || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)))
    return undefined;
  const found = Object.hasOwn(whole, name) ? whole[name] : undefined;
  if (found === undefined) return { where, name, value: undefined, label };
  if (found === null || typeof found === "object") return undefined;
  const value = String(found);
  if (where === "header" ? !/^[\x21-\x7e]*$/.test(value) : /\p{Surrogate}/u.test(value)) return undefined;
  return { where, name, value, label };
}

/** True when no reading of the text makes it valid: a server may take "5" for a number or for a text. */
function isViolation(validate: SchemaValidator, violation: Violation, { name, value }: BadValue): boolean {
  const { value: whole } = violation;
  if (!isObject(whole)) return false;
  if (value === undefined) return validate(whole) !== undefined;
  return readingsOf(value).every((reading) => validate({ ...whole, [name]: reading }) !== undefined);
}

function readingsOf(text: string): Json[] {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return [
    text,
    ...(Number.isFinite(number) ? [number] : []),
    ...(/^(true|1|yes|on)$/i.test(text) ? [true] : []),
    ...(/^(false|0|no|off|)$/i.test(text) ? [false] : []),
    // A server may take an empty value for none at all.
    ...(text === "" || text === "null" ? [null] : []),
  ];
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
