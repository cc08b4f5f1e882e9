/** `x-ws-lifecycle`, `x-ws-invariants` and `x-ws-exchanges`: what may happen, in which order, and what is known to. */

import type {
  Exchange,
  ExchangeStep,
  Exchanges,
  ExchangeTag,
  Expectation,
  Invariant,
  InvariantKind,
  Json,
  Lifecycle,
  Obligation,
  Transition,
} from "../../contract/contract.js";
import { entriesAt, follow, listAt, memberAt, type Place, refOf } from "../place.js";
import { type Compilation, placed } from "./context.js";
import { booleanAt, numberAt, objectAt, present, textAt, textsAt } from "./fields.js";
import type { MessageNames } from "./message-names.js";
import { asPointer, oneOf, readWhen } from "./protocol.js";

/** Stands in `on` for something that another connection did. */
const OTHER = "$other";

/** Reads one `x-ws-lifecycle`: the automata of a channel. */
export function readLifecycles(compilation: Compilation, place: Place, names: MessageNames): Lifecycle[] {
  return entriesAt(place).map(([, one]) => {
    const key = textAt(one, "scope", "key");
    return placed(compilation, one, {
      name: textAt(one, "name") ?? "",
      scope: key === undefined ? ("connection" as const) : { key: asPointer(key) },
      initial: textAt(one, "initial") ?? "",
      queued: messagesAt(memberAt(one, "queued"), "command", names),
      transitions: entriesAt(memberAt(one, "transitions")).map(([, at]) =>
        readTransition(compilation, at, names),
      ),
      obligations: entriesAt(memberAt(one, "obligations")).map(([, at]) => readObligation(compilation, at)),
    });
  });
}

function readTransition(compilation: Compilation, place: Place, names: MessageNames): Transition {
  return placed(compilation, place, {
    from: textsAt(place, "from") ?? [],
    on: messagesAt(memberAt(place, "on"), undefined, names),
    to: textAt(place, "to") ?? "",
    ...present<Transition>({
      when: readWhen(memberAt(place, "when")),
      set: textMap(memberAt(place, "set")),
      bound: textMap(memberAt(place, "bound")),
      may: booleanAt(place, "may"),
    }),
  });
}

function readObligation(compilation: Compilation, place: Place): Obligation {
  return placed(compilation, place, {
    in: textsAt(place, "in") ?? [],
    withinMs: numberAt(place, "withinMs") ?? 0,
    rearm: booleanAt(place, "rearm") ?? false,
  });
}

function messagesAt(
  place: Place | undefined,
  wanted: "command" | "event" | undefined,
  names: MessageNames,
): string[] {
  const found = listAt(place).flatMap((at) =>
    follow(at).value === OTHER && at.value === OTHER ? OTHER : (names.resolve(at, wanted) ?? []),
  );
  return [...new Set(found)];
}

function textMap(place: Place | undefined): Record<string, string> | undefined {
  const value = objectAt(place);
  if (value === undefined) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

const KINDS: readonly InvariantKind[] = [
  "unique",
  "constant",
  "increasing",
  "nondecreasing",
  "prefix-growing",
  "at-most",
  "echoes",
];

/** Reads one `x-ws-invariants`. */
export function readInvariants(compilation: Compilation, place: Place, names: MessageNames): Invariant[] {
  return entriesAt(place).flatMap(([, one]): Invariant[] => {
    const kind = oneOf(textAt(one, "kind"), KINDS);
    if (kind === undefined) return [];
    const [by, bound, from] = [textAt(one, "by"), textAt(one, "bound"), textAt(one, "from")];
    const command = memberAt(one, "command");
    const invariant: Invariant = {
      kind,
      on: messagesAt(memberAt(one, "on"), "event", names),
      field: asPointer(textAt(one, "field") ?? ""),
      ...present<Invariant>({
        by: by === undefined ? undefined : asPointer(by),
        step: numberAt(one, "step"),
        bound: bound === undefined ? undefined : asPointer(bound),
        command: command === undefined ? undefined : messagesAt(command, "command", names),
        from: from === undefined ? undefined : asPointer(from),
        resetOn: readResetOn(memberAt(one, "resetOn"), names),
      }),
      level: oneOf(textAt(one, "level"), ["MUST", "SHOULD"]) ?? "MUST",
    };
    return [placed(compilation, one, invariant)];
  });
}

/** An event, written as its `$ref` alone, or as `message` with a `when` beside it. */
function readResetOn(place: Place | undefined, names: MessageNames): Invariant["resetOn"] {
  if (place === undefined || refOf(place.value) === undefined) return readOccurrence(place, names);
  const message = names.resolve(place, "event");
  return message === undefined ? undefined : { message };
}

const TAGS: readonly ExchangeTag[] = ["witness", "echo", "long", "bulk"];

/** Reads one `x-ws-exchanges`. */
export function readExchanges(compilation: Compilation, place: Place, names: MessageNames): Exchanges {
  return {
    domain: (textsAt(place, "domain") ?? []).map(asPointer),
    list: entriesAt(memberAt(place, "list")).map(([, one]) => readExchange(compilation, one, names)),
  };
}

function readExchange(compilation: Compilation, place: Place, names: MessageNames): Exchange {
  const until = readOccurrence(memberAt(place, "until"), names);
  return placed(compilation, place, {
    name: textAt(place, "name") ?? "",
    tags: (textsAt(place, "tags") ?? []).flatMap((tag) => oneOf(tag, TAGS) ?? []),
    steps: entriesAt(memberAt(place, "steps")).flatMap(([, step]) => readStep(step, names)),
    expect: entriesAt(memberAt(place, "expect")).flatMap(([, one]) => readExpectation(one, names)),
    ordered: booleanAt(place, "ordered") ?? false,
    ...present<Exchange>({ until }),
  });
}

function readStep(place: Place, names: MessageNames): ExchangeStep[] {
  const sent = memberAt(place, "send");
  if (sent !== undefined) {
    const at = memberAt(sent, "message");
    const message = at === undefined ? undefined : names.resolve(at, "command");
    const payload = memberAt(sent, "payload");
    if (message === undefined) return [];
    // What the YAML and JSON readers give is JSON data.
    return [{ send: { message, payload: (payload === undefined ? null : follow(payload).value) as Json } }];
  }
  const awaited = readOccurrence(memberAt(place, "await"), names);
  return awaited === undefined ? [] : [{ await: awaited }];
}

function readOccurrence(
  place: Place | undefined,
  names: MessageNames,
): { message: string; when?: Record<string, Json> } | undefined {
  const at = memberAt(place, "message");
  const message = at === undefined ? undefined : names.resolve(at, "event");
  if (message === undefined) return undefined;
  return { message, ...present<{ when: Record<string, Json> }>({ when: readWhen(memberAt(place, "when")) }) };
}

function readExpectation(place: Place, names: MessageNames): Expectation[] {
  const occurrence = readOccurrence(place, names);
  if (occurrence === undefined) return [];
  const [field, equals] = [textAt(place, "field"), memberAt(place, "equals")];
  return [
    {
      ...occurrence,
      ...present<Expectation>({
        field: field === undefined ? undefined : asPointer(field),
        // What the YAML and JSON readers give is JSON data.
        equals: equals === undefined ? undefined : (follow(equals).value as Json),
        contains: textAt(place, "contains"),
        count: numberAt(place, "count"),
      }),
      join: booleanAt(place, "join") ?? false,
    },
  ];
}
