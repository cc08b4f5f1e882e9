/** What a generated file exports for one direction and one side. */

import type { ClientRules, ClientSide, Decoded, Protocol, ProtocolSide } from "../protocol.js";
import { type Judge, judgeValue } from "./frame.js";
import { member } from "./naming.js";

/** The functions of one direction. */
export interface CodecFunctions<T> {
  readonly decode: (frame: string | Uint8Array) => Decoded<T>;
  readonly encode: (value: T) => string;
  readonly encodeInto: (value: T, bytes: Uint8Array, offset: number) => number;
}

/** One direction of an endpoint; also a Standard Schema (https://standardschema.dev) of its values. */
export interface Codec<T> extends CodecFunctions<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: "wireproof";
    readonly types?: { readonly input: T; readonly output: T };
    readonly validate: (value: unknown) => StandardResult<T>;
  };
}

/** What a Standard Schema says of a value. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[] };

/** The codec of the values that `judge` accepts. */
export function codec<T>(functions: CodecFunctions<T>, judge: Judge): Codec<T> {
  const validate = (value: unknown): StandardResult<T> => {
    const judged = judgeValue(value, judge);
    // The judge checked all that T says.
    if (typeof judged === "string") return { value: value as T };
    const message = `Expected ${judged.expected}, got ${judged.received}. ${judged.hint}`;
    return { issues: [{ message, path: stepsOf(judged.path) }] };
  };
  return { ...functions, "~standard": { version: 1, vendor: "wireproof", validate } };
}

/** The rules with the codec functions of a client, which is small: what it names it has judged. */
export function clientSide<In, Out>(
  rules: ClientRules,
  decode: (frame: string | Uint8Array) => Decoded<In>,
  encode: (value: Out) => string,
  judges: readonly Judge[],
  parts: Pick<ClientRules, "followInstances"> = {},
): ClientSide<In, Out, never> {
  return { ...rules, ...parts, decode, encode, nameOf: (value) => nameJudged(value, judges) };
}

/** The protocol with the codec functions of a server, which is fast: names are read where that suffices. */
export function serverSide<In, Out>(
  protocol: Protocol,
  read: CodecFunctions<In>,
  write: CodecFunctions<Out>,
  judges: readonly Judge[],
): ProtocolSide<In, Out> {
  return {
    ...protocol,
    decode: read.decode,
    encode: write.encode,
    encodeInto: write.encodeInto,
    nameOf: (value) => nameOf(value, protocol, judges),
  };
}

/** The steps of a JSON pointer (RFC 6901). */
export function stepsOf(pointer: string): string[] {
  const steps = pointer.split("/").slice(1);
  return steps.map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
}

/** The key of the message that a value is: by its naming fields where they suffice, else by what accepts it. */
function nameOf(
  value: unknown,
  { events, commands, discriminator, transport }: Protocol,
  judges: readonly Judge[],
): string {
  const base = transport === "socket.io" ? "/1" : "";
  const found = new Set<string>();
  for (const [messages, fields] of [
    [events, discriminator.send],
    [commands, discriminator.receive],
  ] as const) {
    for (const { name, wire } of messages) {
      const named = wire.every((constant, index) => {
        const field = fields[index];
        const steps = field === "$event" ? ["0"] : stepsOf(`${base}${field}`);
        return constant === steps.reduce(member, value);
      });
      if (wire.length > 0 && named) found.add(name);
    }
  }
  const [name] = found;
  if (name !== undefined && found.size === 1) return name;
  return nameJudged(value, judges);
}

/** The key of the message that accepts a value. */
function nameJudged(value: unknown, judges: readonly Judge[]): string {
  for (const judge of judges) {
    const judged = judge(value);
    if (typeof judged === "string") return judged;
  }
  throw new RangeError("No message of this protocol.");
}
