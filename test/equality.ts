/** The property of codec equality: generated code decides and decodes as the oracle does (contract.md, section 1). */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { UnsatisfiableError } from "../src/arbitrary/bounded-filter.js";
import { invalidPayload } from "../src/arbitrary/invalid-payload.js";
import { noiseBytes, noiseText } from "../src/arbitrary/noise-text.js";
import { respelled } from "../src/arbitrary/respelled.js";
import { validPayload } from "../src/arbitrary/valid-payload.js";
import type { Contract, Direction, Endpoint, Json, Message } from "../src/contract/contract.js";
import { discriminatorOf, EVENT_FIELD, messagesOf } from "../src/contract/discriminate.js";
import { createOracle, type Oracle } from "../src/contract/validate.js";
import type { GeneratedCodec } from "./generated-module.js";

/** A frame, and how it was made. */
interface Case {
  readonly label: string;
  readonly frame: string | Uint8Array;
}

export interface Subject {
  readonly contract: Contract;
  readonly endpoint: Endpoint;
  readonly direction: Direction;
  readonly codec: GeneratedCodec;
}

export interface Effort {
  readonly runs: number;
  readonly seed: number;
  /** Payloads of each message, valid and invalid, that all frames are made from. */
  readonly pool?: number;
}

/** Fails with the shrunk frame when `decode` and the oracle differ. */
export function assertDecodesAlike(subject: Subject, effort: Effort): void {
  const oracle = createOracle(subject.contract, subject.endpoint, subject.direction);
  const frames = cases(subject, effort);
  if (frames === undefined) return;
  fc.assert(
    fc.property(frames, ({ label, frame }) => {
      const difference = decodeDifference(oracle, subject.codec, frame);
      if (difference !== undefined) throw new Error(`${label}: ${difference}`);
    }),
    { numRuns: effort.runs, seed: effort.seed, includeErrorInReport: true },
  );
}

/** How `decode` and the oracle differ on a frame; undefined when they agree. */
export function decodeDifference(
  oracle: Oracle,
  codec: GeneratedCodec,
  frame: string | Uint8Array,
): string | undefined {
  const ours = codec.decode(frame);
  const theirs = oracle.judge(frame);
  if (ours.ok && theirs.ok) {
    return isDeepStrictEqual(ours.value, theirs.value) ? undefined : "the values differ";
  }
  if (ours.ok)
    return `decode accepts what the oracle refuses: ${theirs.ok ? "" : JSON.stringify(theirs.error)}`;
  if (theirs.ok) return `decode refuses what the oracle accepts: ${JSON.stringify(ours.error)}`;
  if (ours.error.code === theirs.error.code) return undefined;
  return `decode says ${JSON.stringify(ours.error)}, the oracle ${JSON.stringify(theirs.error)}`;
}

/** Fails when `encode` writes what `decode` refuses, or refuses what the oracle accepts. */
export function assertEncodesAlike(subject: Subject, effort: Effort): void {
  const oracle = createOracle(subject.contract, subject.endpoint, subject.direction);
  const pools = poolsOf(subject, effort);
  const values = [...pools.valid, ...pools.invalid];
  if (values.length === 0) return;
  const value = fc.constantFrom(...values).chain((plain) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant<unknown>(plain) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.nat(), fc.constantFrom(...ODDITIES))
          .map(([at, odd]) => withOdd(plain, at, odd)),
      },
    ),
  );
  fc.assert(
    fc.property(value, (given) => {
      const difference = encodeDifference(oracle, subject.codec, given);
      if (difference !== undefined) throw new Error(difference);
    }),
    { numRuns: effort.runs, seed: effort.seed, includeErrorInReport: true },
  );
}

/** How `encode` breaks its promise for a value; undefined when it keeps it. */
export function encodeDifference(oracle: Oracle, codec: GeneratedCodec, value: unknown): string | undefined {
  let text: string;
  try {
    text = codec.encode(value);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "EncodeError" || !("path" in error))
      return `threw ${error}`;
    const plain = asJson(value);
    if (plain === undefined || !oracle.judge(plain).ok) return undefined;
    return `encode refuses what the oracle accepts: ${error.message}`;
  }
  const decoded = codec.decode(text);
  if (!decoded.ok) return `decode refuses what encode wrote: ${JSON.stringify(decoded.error)}`;
  if (!oracle.judge(text).ok) return "the oracle refuses what encode wrote";
  if (!isDeepStrictEqual(decoded.value, JSON.parse(JSON.stringify(value))))
    return "encode wrote another value";
  const bytes = new Uint8Array(Buffer.byteLength(text) + 3);
  const end = codec.encodeInto(value, bytes, 3);
  return Buffer.from(bytes.subarray(3, end)).toString() === Buffer.from(text).toString()
    ? undefined
    : "encodeInto wrote other bytes than encode";
}

/** The text of a value that JSON can hold as it is, but for members that are undefined. */
function asJson(value: unknown): string | undefined {
  let whole = true;
  const look = (at: unknown, depth: number): void => {
    if (typeof at === "number") whole &&= Number.isFinite(at);
    else if (typeof at === "object" && at !== null) {
      if (depth > 512) whole = false;
      else if (Array.isArray(at))
        for (const item of at) look(item === undefined ? Number.NaN : item, depth + 1);
      else for (const item of Object.values(at)) look(item === undefined ? null : item, depth + 1);
    } else whole &&= at === null || typeof at === "string" || typeof at === "boolean";
  };
  look(value, 1);
  return whole ? JSON.stringify(value) : undefined;
}

// What a program may have in its hands where JSON is due.
const ODDITIES: readonly (() => unknown)[] = [
  () => undefined,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => 1n,
  () => Symbol("s"),
  () => () => 1,
  () => new Date(0),
  () => new Date(Number.NaN),
  () => new Map([["a", 1]]),
  () => "\ud800",
  () => "x".repeat(70_000),
  () => ({ toJSON: () => "2020-01-01T00:00:00Z" }),
  () => ({ toJSON: () => undefined }),
  () => Object.create({ inherited: 1 }),
  () => Object.assign(Object.create(null), { bare: 1 }),
  () => [undefined],
  () => nested(511),
  () => nested(600),
  () => JSON.parse('{"__proto__":{"a":1}}'),
  () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    return circle;
  },
];

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}

/** The value with something odd put in the place of one of its members, or beside them. */
function withOdd(plain: Json, at: number, odd: () => unknown): unknown {
  const copy: unknown = structuredClone(plain);
  const holders: { readonly [name: string]: unknown }[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    // An object or array has members by name.
    holders.push(value as { readonly [name: string]: unknown });
    for (const member of Object.values(value)) look(member);
  };
  look(copy);
  const holder = holders[at % Math.max(1, holders.length)];
  if (holder === undefined) return odd();
  const names = Array.isArray(holder) ? [...holder.keys()].map(String) : [...Object.keys(holder), "odd"];
  Reflect.set(holder, names[(at >> 4) % Math.max(1, names.length)] ?? "0", odd());
  return copy;
}

/** All kinds of frames of one direction; undefined where no message has a payload that can be made. */
function cases(subject: Subject, effort: Effort): fc.Arbitrary<Case> | undefined {
  const { valid, invalid } = poolsOf(subject, effort);
  const across = poolsOf(
    { ...subject, direction: subject.direction === "event" ? "command" : "event" },
    effort,
  );
  const values = [...valid, ...invalid];
  if (values.length === 0) return undefined;
  const validText = fc
    .constantFrom(...(valid.length > 0 ? valid : values))
    .map((value) => JSON.stringify(value));
  const anyText = fc.constantFrom(...values).map((value) => JSON.stringify(value));
  const spelled = fc.constantFrom(...values).chain(respelled);
  const options: { weight: number; arbitrary: fc.Arbitrary<Case> }[] = [
    { weight: 6, arbitrary: anyText.map((frame) => ({ label: "value", frame })) },
    { weight: 4, arbitrary: spelled.map((frame) => ({ label: "respelled", frame })) },
    { weight: 6, arbitrary: noiseText(validText).map(({ label, text }) => ({ label, frame: text })) },
    {
      weight: 2,
      arbitrary: noiseText(anyText).map(({ label, text }) => ({
        label: `invalid and ${label}`,
        frame: text,
      })),
    },
    { weight: 3, arbitrary: noiseBytes(validText).map((frame) => ({ label: "bytes", frame })) },
    { weight: 5, arbitrary: renamed(subject, values) },
    {
      weight: 2,
      arbitrary: anyText.map((text) => ({ label: "as bytes", frame: new TextEncoder().encode(text) })),
    },
  ];
  const foreign = [...across.valid, ...across.invalid];
  if (foreign.length > 0) {
    const frame = fc.constantFrom(...foreign).map((value) => JSON.stringify(value));
    options.push({
      weight: 1,
      arbitrary: frame.map((text) => ({ label: "of the other direction", frame: text })),
    });
  }
  return fc.oneof(...options);
}

/** Frames whose naming field is another one, or has another value. */
function renamed({ endpoint, direction }: Subject, values: readonly Json[]): fc.Arbitrary<Case> {
  const { send, receive, never } = endpoint.protocol;
  const fields = [
    ...send.fields,
    ...receive.fields,
    ...never.map((name) => (name.startsWith("/") ? name : `/${name}`)),
  ];
  const names = [...send.rows, ...receive.rows].flatMap((row) => row.values.flat());
  const odd: Json[] = ["", "nobody", 0, 1, null, true, [], {}, "__proto__", "constructor"];
  const own = discriminatorOf(endpoint, direction).fields;
  const place = fc.constantFrom(...(fields.length > 0 ? fields : ["/type"]));
  return fc
    .record({
      value: fc.constantFrom(...values),
      from: own.length > 0 ? fc.constantFrom(...own) : place,
      to: fc.option(place),
      name: fc.option(fc.constantFrom(...names, ...odd)),
    })
    .map(({ value, from, to, name }) => {
      const frame: unknown = structuredClone(value);
      const payload = endpoint.protocol.transport === "socket.io" && Array.isArray(frame) ? frame[1] : frame;
      const before = from === EVENT_FIELD ? undefined : take(payload, from);
      if (from === EVENT_FIELD && Array.isArray(frame)) frame[0] = name ?? "nobody";
      else if (to !== null && to !== EVENT_FIELD) put(payload, to, name ?? before);
      return { label: "renamed", frame: JSON.stringify(frame) };
    });
}

function take(payload: unknown, pointer: string): unknown {
  const { holder, name } = holderOf(payload, pointer);
  const value: unknown = holder === undefined ? undefined : Reflect.get(holder, name);
  if (holder !== undefined) Reflect.deleteProperty(holder, name);
  return value;
}

function put(payload: unknown, pointer: string, value: unknown): void {
  const { holder, name } = holderOf(payload, pointer);
  if (holder !== undefined) Reflect.set(holder, name, value ?? "x");
}

function holderOf(payload: unknown, pointer: string): { holder: object | undefined; name: string } {
  const steps = pointer.split("/").slice(1);
  const name = steps.pop() ?? "";
  let at = payload;
  for (const step of steps) at = typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined;
  return { holder: typeof at === "object" && at !== null ? at : undefined, name };
}

interface Pools {
  readonly valid: readonly Json[];
  readonly invalid: readonly Json[];
}

// Made once for each direction: three properties draw from the same payloads.
const pools = new WeakMap<Endpoint, Map<string, Pools>>();

/** Valid frame values of a direction. */
export function validFrames(subject: Omit<Subject, "codec">, effort: Effort): readonly Json[] {
  return poolsOf(subject, effort).valid;
}

/** Frame values of a direction: valid payloads of each message, and payloads with one fault. */
function poolsOf({ contract, endpoint, direction }: Omit<Subject, "codec">, effort: Effort): Pools {
  const known = pools.get(endpoint) ?? new Map<string, Pools>();
  pools.set(endpoint, known);
  const made = known.get(direction) ?? makePools(contract, endpoint, direction, effort);
  known.set(direction, made);
  return made;
}

function makePools(contract: Contract, endpoint: Endpoint, direction: Direction, effort: Effort): Pools {
  const valid: Json[] = [];
  const invalid: Json[] = [];
  const parameters = { numRuns: effort.pool ?? 60, seed: effort.seed };
  const { origin, rows } = discriminatorOf(endpoint, direction);
  for (const message of messagesOf(endpoint, direction)) {
    // What a declared discriminator cannot name is no frame of its own: an acknowledgement of Socket.IO.
    if (origin === "declared" && !rows.some((row) => row.message === message.name)) continue;
    const examples = message.examples.map((example) => example.payload);
    const frame = (payload: Json) => framed(endpoint, direction, message, payload);
    valid.push(...examples.map(frame));
    valid.push(
      ...sampled(
        validPayload(message.payload, contract.definitions, { loneSurrogates: true }),
        parameters,
      ).map(frame),
    );
    const faults = sampled(invalidPayload(message.payload, contract.definitions), parameters);
    invalid.push(...faults.map((fault) => frame(fault.value)));
  }
  return { valid, invalid };
}

/** Samples, or none where a schema allows none (a message without a schema has no invalid payload). */
function sampled<T>(arbitrary: fc.Arbitrary<T>, parameters: { numRuns: number; seed: number }): T[] {
  try {
    return fc.sample(arbitrary, parameters);
  } catch (error) {
    if (error instanceof UnsatisfiableError) return [];
    throw error;
  }
}

function framed(endpoint: Endpoint, direction: Direction, message: Message, payload: Json): Json {
  if (endpoint.protocol.transport !== "socket.io") return payload;
  const row = discriminatorOf(endpoint, direction).rows.find(
    (candidate) => candidate.message === message.name,
  );
  return [row?.values[0]?.[0] ?? message.name, payload];
}
