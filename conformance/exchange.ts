/** Runs the known exchanges of a document on any connection: fills what they leave open, and holds what comes against them. */
import type { Exchange, Expectation, Json, Pointer } from "../src/contract/contract.js";
import { valueAt } from "../src/contract/pointer.js";
import { sameJson } from "../src/contract/same-json.js";
import type { ReceivedMessage, Tester } from "./check.js";
import type { Judge } from "./judge.js";
import type { Random } from "./random.js";

/** What stands for `$text`, `$uuid` and `$int`. One `$uuid` is one value in an exchange. */
export interface Filling {
  readonly text: string;
  readonly uuid: string;
  readonly int: number;
}

/** A filling of a case's own: its identity, and text of so many characters that no other case sends. */
export function fillingOf(
  scene: { readonly identity: string; readonly random: Random },
  length = 24,
): Filling {
  const word = scene.random.uint32().toString(36);
  const seed = `${word} ${scene.identity.slice(0, 8)} `;
  return {
    text: seed
      .repeat(Math.ceil(length / seed.length))
      .slice(0, Math.max(length, 1))
      .trimEnd(),
    uuid: scene.identity,
    int: 1 + scene.random.below(1_000_000),
  };
}

/** Puts the filling into a payload; a string that is only `$int` becomes a number. */
export function fill(payload: Json, filling: Filling): Json {
  if (typeof payload === "string") {
    if (payload === "$int") return filling.int;
    return payload
      .replaceAll("$text", () => filling.text)
      .replaceAll("$uuid", () => filling.uuid)
      .replaceAll("$int", () => String(filling.int));
  }
  if (typeof payload !== "object" || payload === null) return payload;
  if (isArray(payload)) return payload.map((item) => fill(item, filling));
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, fill(value, filling)]));
}

/** How to run an exchange. */
export interface ExchangeOptions {
  readonly judge: Judge;
  readonly filling: Filling;
  /** The longest silence, and the longest wait for an answer (milliseconds). */
  readonly answerMs: number;
  /** The longest time for all of it (milliseconds); default 4 × `answerMs`, at least 10 s. */
  readonly totalMs?: number;
  /** Sends a command in another way than `tester.command`. */
  readonly send?: (name: string, payload: Json, index: number) => void | Promise<void>;
  /** Runs when the last command has been sent, before the answers are awaited. */
  readonly meanwhile?: () => Promise<void>;
}

/** What became of it. */
export type ExchangeRun =
  | { readonly ok: true; readonly ms: number; readonly messages: readonly ReceivedMessage[] }
  | {
      readonly ok: false;
      readonly ms: number;
      readonly messages: readonly ReceivedMessage[];
      readonly expected: string;
      readonly got: string;
    };

/** Runs an exchange on a connection whose state allows it. */
export async function runExchange(
  tester: Tester,
  exchange: Exchange,
  options: ExchangeOptions,
): Promise<ExchangeRun> {
  const start = tester.now();
  const from = tester.messages.length;
  const deadline = start + (options.totalMs ?? Math.max(10_000, 4 * options.answerMs));
  const since = (): readonly ReceivedMessage[] => tester.messages.slice(from);
  const lost = (expected: string, got: string): ExchangeRun => ({
    ok: false,
    ms: tester.now() - start,
    messages: since(),
    expected,
    got,
  });
  const refused = (message: ReceivedMessage): boolean =>
    isRefusalOfExchange(message, exchange, options.judge);

  /** The next message that fits; every message of the subject buys another `answerMs`, up to the deadline. */
  const await_ = async (
    fits: (message: ReceivedMessage) => boolean,
    first: number,
  ): Promise<ReceivedMessage | undefined> => {
    let index = first;
    for (;;) {
      const patience = Math.min(options.answerMs, deadline - tester.now());
      const message = await tester.next(() => true, patience, index);
      if (message === undefined) return undefined;
      index = tester.messages.indexOf(message, index) + 1;
      if (refused(message) || fits(message)) return message;
    }
  };

  let awaited = from;
  for (const [index, step] of exchange.steps.entries()) {
    if ("send" in step) {
      const payload = fill(step.send.payload, options.filling);
      if (tester.end !== undefined) return lost(`"${step.send.message}" can be sent`, endOf(tester));
      await (options.send ?? ((name: string, value: Json) => tester.command(name, value)))(
        step.send.message,
        payload,
        index,
      );
      continue;
    }
    const { message: name, when } = step.await;
    const found = await await_(
      (message) => message.names.includes(name) && holds(when, message.payload, options.filling),
      awaited,
    );
    if (found === undefined || refused(found)) {
      return lost(
        `the event "${name}"`,
        found === undefined ? silence(tester, since(), options.answerMs) : `a refusal: ${short(found)}`,
      );
    }
    awaited = tester.messages.indexOf(found) + 1;
  }
  await options.meanwhile?.();

  const { until } = exchange;
  const complete = (): boolean =>
    exchange.expect.every((one) => issueOf(one, since(), options.filling) === undefined);
  const last =
    until === undefined && exchange.expect.length > 0 && complete()
      ? undefined
      : await await_(
          (message) =>
            until === undefined
              ? complete()
              : message.names.includes(until.message) && holds(until.when, message.payload, options.filling),
          awaited,
        );
  if (last !== undefined && refused(last)) return lost(words(exchange), `a refusal: ${short(last)}`);
  if (last === undefined && until !== undefined)
    return lost(`the event "${until.message}" in the end`, silence(tester, since(), options.answerMs));
  const messages = since();
  const issue = exchangeIssue(exchange, messages, options.filling);
  if (issue !== undefined)
    return lost(issue.expected, issue.got ?? silence(tester, messages, options.answerMs));
  return { ok: true, ms: tester.now() - start, messages };
}

/** What of an exchange's expectations its events miss, in words; `got` is absent when nothing fitting has come. */
export function exchangeIssue(
  exchange: Exchange,
  messages: readonly ReceivedMessage[],
  filling: Filling,
): { readonly expected: string; readonly got?: string } | undefined {
  for (const expectation of exchange.expect) {
    const issue = issueOf(expectation, messages, filling);
    if (issue !== undefined) return issue;
  }
  if (!exchange.ordered) return undefined;
  const expected = orderIssue(exchange.expect, messages, filling);
  return expected === undefined ? undefined : { expected, got: "another order" };
}

/** True when each pointer holds its value: a scalar means equal, a list one of; what is absent fits nothing. */
export function holds(
  when: Readonly<Record<Pointer, Json>> | undefined,
  payload: unknown,
  filling?: Filling,
): boolean {
  return Object.entries(when ?? {}).every(([pointer, wanted]) => {
    const found = valueAt(payload, pointer);
    if (found === undefined) return false;
    const value = filling === undefined ? wanted : fill(wanted, filling);
    return isArray(value) ? value.some((one) => sameJson(one, found)) : sameJson(value, found);
  });
}

/** What an expectation still misses, in words; `got` is absent when nothing fitting has come. */
function issueOf(
  expectation: Expectation,
  messages: readonly ReceivedMessage[],
  filling: Filling,
): { readonly expected: string; readonly got?: string } | undefined {
  const found = messages.filter((message) => fitsExpectation(expectation, message, filling));
  const name = `"${expectation.message}"`;
  if (expectation.count !== undefined && found.length !== expectation.count) {
    return { expected: `${expectation.count} × the event ${name}`, got: `${found.length} of them` };
  }
  if (found.length === 0 && expectation.count === undefined) return { expected: `the event ${name}` };
  const { field, equals, contains, join } = expectation;
  if (field === undefined || (equals === undefined && contains === undefined)) return undefined;
  const values = found.map((message) => valueAt(message.payload, field));
  const texts: unknown[] = join ? [values.filter((value) => typeof value === "string").join("")] : values;
  const wanted = fill(equals ?? contains ?? null, filling);
  const fits = (value: unknown): boolean =>
    equals !== undefined
      ? sameJson(wanted, value)
      : typeof value === "string" && typeof wanted === "string" && value.includes(wanted);
  const wrong = texts.find((text) => !fits(text));
  if (wrong === undefined && texts.every(fits)) return undefined;
  const relation = equals !== undefined ? "equal to" : "containing";
  return {
    expected: `${field} of ${name}${join ? ", joined," : ""} ${relation} ${shortJson(wanted)}`,
    got: difference(wanted, wrong),
  };
}

/** Shows where two texts part: a reader finds an escaped `<` at once there, and never in 65 536 characters. */
function difference(wanted: Json, got: unknown): string {
  if (typeof wanted !== "string" || typeof got !== "string") return shortJson(got);
  let at = 0;
  while (at < wanted.length && at < got.length && wanted[at] === got[at]) at += 1;
  const from = Math.max(0, at - 10);
  const found = shortJson(got.slice(from, at + 30));
  const due = shortJson(wanted.slice(from, at + 30));
  return `${found} where ${due} was due (they part at character ${at}; ${got.length} characters for ${wanted.length})`;
}

function orderIssue(
  expectations: readonly Expectation[],
  messages: readonly ReceivedMessage[],
  filling: Filling,
): string | undefined {
  let at = -1;
  for (const expectation of expectations) {
    const index = messages.findIndex(
      (message, position) => position > at && fitsExpectation(expectation, message, filling),
    );
    if (index < 0) return `"${expectation.message}" after what stands before it in the exchange`;
    at = index;
  }
  return undefined;
}

function fitsExpectation(expectation: Expectation, message: ReceivedMessage, filling: Filling): boolean {
  return message.names.includes(expectation.message) && holds(expectation.when, message.payload, filling);
}

/** A refusal ends an exchange that does not expect one; a spontaneous error of no class may be about something else. */
function isRefusalOfExchange(message: ReceivedMessage, exchange: Exchange, judge: Judge): boolean {
  const { reject } = judge.endpoint.protocol;
  if (reject === undefined) return false;
  const mentioned = [...exchange.expect, ...(exchange.until === undefined ? [] : [exchange.until])];
  if (mentioned.some((one) => one.message === reject.message)) return false;
  const refusal = judge.refusalOf(message.names, message.payload);
  if (refusal === undefined) return false;
  return refusal.class === "payload" || refusal.class === "state" || !reject.spontaneous;
}

function words(exchange: Exchange): string {
  const events = exchange.expect.map((one) => `"${one.message}"`);
  if (exchange.until !== undefined) events.push(`"${exchange.until.message}"`);
  return `the exchange "${exchange.name}" (${[...new Set(events)].join(", ")})`;
}

function silence(tester: Tester, messages: readonly ReceivedMessage[], answerMs: number): string {
  if (tester.end !== undefined) return endOf(tester);
  const last = messages.at(-1);
  if (last !== undefined) return `nothing more after ${short(last)}`;
  return `no event within ${Math.round(answerMs)} ms`;
}

/** How a connection ended, in words. */
export function endOf(tester: Tester): string {
  const { end } = tester;
  if (end === undefined) return "the connection is open";
  const who = end.by === "subject" ? "the server" : "the kit";
  switch (end.how) {
    case "close":
      return `${who} closed the connection with ${end.code ?? "no code"}${end.reason === undefined ? "" : ` (${end.reason})`}`;
    case "fin":
      return `${who} ended TCP without a Close frame`;
    case "rst":
      return `${who} reset the connection`;
    case "refused":
      return `the server refused the handshake${end.status === undefined ? "" : ` with ${end.status}`}`;
  }
}

function short(message: ReceivedMessage): string {
  return message.text.length <= 160 ? message.text : `${message.text.slice(0, 159)}…`;
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}

/** Array.isArray does not narrow readonly arrays out of a union: this does. */
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
