/** `x-ws-protocol`: how messages are named, refused, limited and handed out. */

import type {
  Audience,
  Contract,
  Direction,
  Discriminator,
  Message,
  ProtocolRules,
  Reject,
} from "../../contract/contract.js";
import { DECODE_ERROR_CODES } from "../../contract/decode-error-codes.js";
import { declareDiscriminator, EVENT_FIELD, inferDiscriminator } from "../../contract/discriminate.js";
import { undiscriminated } from "../../contract/infer-discriminator.js";
import { formatPointer, isObject } from "../../contract/pointer.js";
import { entriesAt, follow, listAt, memberAt, type Place } from "../place.js";
import { type Compilation, placed } from "./context.js";
import { booleanAt, numberAt, objectAt, present, textAt, textsAt } from "./fields.js";
import type { MessageNames } from "./message-names.js";

/** How long an answer may take where the document is silent. */
export const DEFAULT_ANSWER_MS = 5000;

/** What `x-ws-protocol` is about: the messages of an endpoint, and what its servers speak. */
export interface ProtocolInput {
  readonly names: MessageNames;
  readonly messages: Readonly<Record<Direction, readonly Message[]>>;
  readonly definitions: Contract["definitions"];
  /** All servers say that they speak Socket.IO. */
  readonly socketIo: boolean;
}

/** Reads `x-ws-protocol`; without one, what follows from the messages and the servers alone. */
export function readProtocol(
  compilation: Compilation,
  place: Place | undefined,
  { names, messages, definitions, socketIo }: ProtocolInput,
): ProtocolRules {
  const transport =
    oneOf(textAt(place, "transport"), ["websocket", "socket.io"]) ?? (socketIo ? "socket.io" : "websocket");
  const direction = (way: Direction) =>
    readDiscriminator(discriminatorPlace(compilation, place, way), {
      messages: messages[way],
      definitions,
      named: transport === "socket.io",
      nameOf: (message) => names.declaredName(way, message.name),
    });
  const rate = memberAt(place, "rate");
  const first = memberAt(place, "first");
  return {
    send: direction("event"),
    receive: direction("command"),
    never: textsAt(place, "never") ?? [],
    transport,
    frames: oneOf(textAt(place, "frames"), ["text", "binary", "both"]) ?? "text",
    framesDeclared: textAt(place, "frames") !== undefined,
    subprotocols: textsAt(place, "subprotocols") ?? [],
    subprotocolRequired: booleanAt(place, "subprotocolRequired") ?? false,
    answerMs: numberAt(place, "answerMs") ?? DEFAULT_ANSWER_MS,
    audience: entriesAt(memberAt(place, "audience")).map(([, one]) => readAudience(compilation, one, names)),
    ...present<ProtocolRules>({
      unknown: readUnknown(compilation, memberAt(place, "unknown")),
      maxBytes: numberAt(place, "maxBytes"),
      reject: readReject(compilation, memberAt(place, "reject"), names),
      first: first === undefined ? undefined : readFirst(first, names),
      rate:
        rate === undefined
          ? undefined
          : {
              messages: numberAt(rate, "messages") ?? 0,
              perMs: numberAt(rate, "perMs") ?? 1000,
              answer: oneOf(textAt(rate, "answer"), ["error", "close"]) ?? "error",
            },
      sendQueueBytes: numberAt(place, "sendQueueBytes"),
      origins: textsAt(place, "origins"),
    }),
  };
}

/** `send` and `receive` are words of whoever wrote the document; the Contract speaks as the server. */
function discriminatorPlace(
  compilation: Compilation,
  protocol: Place | undefined,
  way: Direction,
): Place | undefined {
  return memberAt(protocol, "discriminator", writtenAs(compilation, way));
}

function writtenAs(compilation: Compilation, way: Direction): "send" | "receive" {
  const server = compilation.perspective === "server";
  return (way === "event") === server ? "send" : "receive";
}

interface Told {
  readonly messages: readonly Message[];
  readonly definitions: Contract["definitions"];
  /** The transport itself gives each message a name. */
  readonly named: boolean;
  readonly nameOf: (message: Pick<Message, "name">) => string;
}

function readDiscriminator(
  place: Place | undefined,
  { messages, definitions, named, nameOf }: Told,
): Discriminator {
  // A binary message and an acknowledgement cannot be what a text frame is.
  const told = messages.filter((message) => message.binary !== true && message.acknowledgement !== true);
  if (place === undefined) {
    const inferred = inferDiscriminator(told, definitions);
    // Behind the name of the event, what tells the messages that share it.
    return named
      ? declareDiscriminator([EVENT_FIELD, ...inferred.fields], told, definitions, nameOf)
      : inferred;
  }
  const { value } = follow(place);
  if (value === null) return undiscriminated(told);
  const fields = (Array.isArray(value) ? value : [value]).map((field) => asPointer(String(field)));
  return declareDiscriminator(fields, told, definitions, nameOf);
}

/** A field is written as its name, or as a JSON pointer when it is nested or a position. */
export function asPointer(field: string): string {
  return field === EVENT_FIELD || field === "" || field.startsWith("/") ? field : formatPointer([field]);
}

function readUnknown(compilation: Compilation, place: Place | undefined): ProtocolRules["unknown"] {
  if (place === undefined) return undefined;
  const of = (way: Direction) =>
    oneOf(textAt(place, writtenAs(compilation, way)), ["ignore", "error"]) ??
    (way === "event" ? "ignore" : "error");
  return { send: of("event"), receive: of("command") };
}

function readReject(
  compilation: Compilation,
  place: Place | undefined,
  names: MessageNames,
): Reject | undefined {
  const at = memberAt(place, "message");
  const message = at === undefined ? undefined : names.resolve(at, "event");
  if (message === undefined) return undefined;
  const when = memberAt(place, "when");
  return placed(compilation, place, {
    message,
    ...present<Reject>({
      code: textAt(place, "code"),
      when:
        when === undefined
          ? undefined
          : Object.fromEntries(entriesAt(when).map(([pointer, values]) => [pointer, jsonList(values)])),
    }),
    payload: textsAt(place, "payload") ?? DECODE_ERROR_CODES,
    state: textsAt(place, "state") ?? [],
    spontaneous: booleanAt(place, "spontaneous") ?? false,
  });
}

function jsonList(place: Place): NonNullable<Reject["when"]>[string] {
  const { value } = follow(place);
  // What the YAML and JSON readers give is JSON data.
  return (Array.isArray(value) ? value : [value]) as NonNullable<Reject["when"]>[string];
}

function readFirst(
  place: Place,
  names: MessageNames,
): NonNullable<ProtocolRules["first"]> | null | undefined {
  if (place.value === null) return null;
  const at = memberAt(place, "message");
  const message = at === undefined ? undefined : names.resolve(at, "event");
  if (message === undefined) return undefined;
  return { message, withinMs: numberAt(place, "withinMs") ?? DEFAULT_ANSWER_MS };
}

function readAudience(compilation: Compilation, place: Place, names: MessageNames): Audience {
  const messages = listAt(memberAt(place, "messages")).flatMap((at) => names.resolve(at, "event") ?? []);
  const to = memberAt(place, "to");
  const members = isObject(to?.value) ? to : undefined;
  return placed(compilation, place, {
    messages,
    to:
      members === undefined
        ? (oneOf(textAt(to), ["connection", "address", "path"]) ?? "connection")
        : {
            key: textAt(members, "key") ?? "",
            lifecycle: textAt(members, "lifecycle") ?? "",
            ...present<{ in: readonly string[] }>({ in: textsAt(members, "in") }),
          },
    same: (textsAt(place, "same") ?? []).map(asPointer),
  });
}

/** A value if it is one of a few words. */
export function oneOf<const T extends string>(value: string | undefined, words: readonly T[]): T | undefined {
  return words.find((word) => word === value);
}

/** `when` of a lifecycle, an exchange or an invariant, as it was written. */
export function readWhen(
  place: Place | undefined,
): { [pointer: string]: NonNullable<Reject["when"]>[string][number] } | undefined {
  const value = objectAt(place);
  // What the YAML and JSON readers give is JSON data.
  return value as { [pointer: string]: NonNullable<Reject["when"]>[string][number] } | undefined;
}
