/**
 * Known exchanges (`x-ws-exchanges`): filling their templates, playing them on a connection, and judging what came of
 * them. Filling and judging are pure; only {@link runExchange} touches a connection.
 */

import type { Endpoint, Exchange, ExchangeStep, Expectation, Json } from "../../src/contract/contract.js";
import { isObject, valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { ReceivedMessage, Tester } from "../check.js";
import { excerpt, refusalOf } from "../judge.js";

/** What `$text`, `$uuid` and `$int` stand for in one run of an exchange. */
export interface Fill {
  readonly text: string;
  readonly uuid: string;
  readonly int: number;
}

/** An event as the steps and expectations of an exchange describe it. */
export interface EventPattern {
  readonly message: string;
  readonly when?: Readonly<Record<string, Json>>;
}

/** How an exchange went: what the contract expects of it and what was seen instead, when it did not go well. */
export type ExchangeOutcome =
  | { readonly ok: true; readonly events: readonly ReceivedMessage[] }
  | {
      readonly ok: false;
      readonly expected: string;
      readonly got: string;
      readonly events: readonly ReceivedMessage[];
      /** The event that refused one of its commands. */
      readonly refused?: ReceivedMessage;
    };

/** How patiently an exchange is played, in milliseconds. */
export interface ExchangePatience {
  /** The longest silence. */
  readonly answerMs: number;
  /** The longest exchange; 12 times the longest silence unless given. */
  readonly totalMs?: number;
}

/** An exchange with its placeholders replaced. A string that is a placeholder becomes the value; inside one, its text. */
export function fillExchange(exchange: Exchange, fill: Fill): Exchange {
  return {
    ...exchange,
    steps: exchange.steps.map((step): ExchangeStep => {
      if ("send" in step) {
        return { send: { message: step.send.message, payload: fillJson(step.send.payload, fill) } };
      }
      return { await: fillPattern(step.await, fill) };
    }),
    expect: exchange.expect.map(
      (expectation): Expectation => ({
        ...fillPattern(expectation, fill),
        join: expectation.join,
        ...(expectation.field === undefined ? {} : { field: expectation.field }),
        ...(expectation.count === undefined ? {} : { count: expectation.count }),
        ...(expectation.equals === undefined ? {} : { equals: fillJson(expectation.equals, fill) }),
        ...(expectation.contains === undefined
          ? {}
          : { contains: String(fillJson(expectation.contains, fill)) }),
      }),
    ),
    ...(exchange.until === undefined ? {} : { until: fillPattern(exchange.until, fill) }),
  };
}

/** A JSON value with `$text`, `$uuid` and `$int` replaced. */
export function fillJson(value: Json, fill: Fill): Json {
  if (typeof value === "string") {
    const whole: Readonly<Record<string, Json>> = { $text: fill.text, $uuid: fill.uuid, $int: fill.int };
    if (Object.hasOwn(whole, value)) return whole[value] ?? value;
    return value.replace(/\$(?:text|uuid|int)/g, (name) => String(whole[name]));
  }
  if (Array.isArray(value)) return value.map((item: Json) => fillJson(item, fill));
  if (isObject(value)) {
    // Members of a Json object are Json: `isObject` only forgets that.
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fillJson(item as Json, fill)]),
    );
  }
  return value;
}

/** True when a template holds the placeholder somewhere. */
export function mentions(template: unknown, placeholder: "$text" | "$uuid" | "$int"): boolean {
  return JSON.stringify(template ?? null).includes(placeholder);
}

/** True when an event is what a pattern describes. */
export function fitsPattern(pattern: EventPattern, message: ReceivedMessage): boolean {
  return message.names.includes(pattern.message) && whenFits(pattern.when, message.payload);
}

/** `when`: a scalar means equal, a list one of; an absent pointer fits nothing (contract: lifecycles). */
export function whenFits(when: Readonly<Record<string, Json>> | undefined, payload: unknown): boolean {
  return Object.entries(when ?? {}).every(([pointer, wanted]) => {
    const found = valueAt(payload, pointer);
    if (found === undefined) return false;
    return Array.isArray(wanted) ? wanted.some((one: Json) => sameJson(one, found)) : sameJson(wanted, found);
  });
}

/**
 * Plays a filled exchange and judges it. Every event from its first command to `until` is its own; without `until` it
 * is over when its expectations hold, or with silence.
 */
export async function runExchange(
  tester: Tester,
  exchange: Exchange,
  endpoint: Endpoint,
  patience: ExchangePatience,
): Promise<ExchangeOutcome> {
  const from = tester.messages.length;
  const deadline = tester.now() + (patience.totalMs ?? 12 * patience.answerMs);
  let seen = from;
  const events = () => tester.messages.slice(from, seen);

  /** Reads on until an event fits; a refusal that the exchange does not expect ends it. */
  async function until(
    done: (message: ReceivedMessage) => boolean,
    what: string,
  ): Promise<ExchangeOutcome | undefined> {
    for (;;) {
      const message = tester.messages[seen];
      if (message !== undefined) {
        seen += 1;
        if (done(message)) return undefined;
        if (isUnexpectedRefusal(endpoint, exchange, message)) {
          return {
            ok: false,
            expected: `the exchange \`${exchange.name}\` runs: ${what}`,
            got: `its command was refused: ${excerpt(message.text)}`,
            events: events(),
            refused: message,
          };
        }
        continue;
      }
      const left = Math.min(patience.answerMs, deadline - tester.now());
      const next = left <= 0 ? undefined : await tester.next(() => true, left, seen);
      if (next === undefined) {
        return {
          ok: false,
          expected: `exchange \`${exchange.name}\`: ${what}`,
          got: silence(tester, events(), patience),
          events: events(),
        };
      }
    }
  }

  for (const step of exchange.steps) {
    if ("send" in step) {
      if (tester.end !== undefined) {
        return {
          ok: false,
          expected: `the connection stays open for \`${step.send.message}\``,
          got: silence(tester, events(), patience),
          events: events(),
        };
      }
      tester.command(step.send.message, step.send.payload);
      continue;
    }
    const pattern = step.await;
    const failed = await until((message) => fitsPattern(pattern, message), describePattern(pattern));
    if (failed !== undefined) return failed;
  }

  const { until: last } = exchange;
  if (last !== undefined) {
    const failed = await until((message) => fitsPattern(last, message), `${describePattern(last)} ends it`);
    if (failed !== undefined) return failed;
  } else {
    const failed = await until(
      () => evaluateExchange(exchange, events()) === undefined,
      exchange.expect.map(describePattern).join(", "),
    );
    if (failed !== undefined) return failed;
  }
  const mismatch = evaluateExchange(exchange, events());
  return mismatch === undefined
    ? { ok: true, events: events() }
    : { ok: false, ...mismatch, events: events() };
}

/** What of a filled exchange's expectations does not hold over its events, or undefined when all do. */
export function evaluateExchange(
  exchange: Exchange,
  events: readonly ReceivedMessage[],
): { readonly expected: string; readonly got: string } | undefined {
  let after = -1;
  for (const expectation of exchange.expect) {
    const fitting = events.filter((event) => fitsPattern(expectation, event));
    const wanted = describePattern(expectation);
    const { count } = expectation;
    if (count !== undefined ? fitting.length !== count : fitting.length === 0) {
      return {
        expected: `exchange \`${exchange.name}\`: ${count === undefined ? "at least one" : `exactly ${count}`} ${wanted}`,
        got: `${fitting.length} of them among ${summary(events)}`,
      };
    }
    const mismatch = evaluateField(exchange, expectation, fitting);
    if (mismatch !== undefined) return mismatch;
    if (!exchange.ordered) continue;
    const first = fitting[0];
    const at = first === undefined ? after : events.indexOf(first);
    if (at < after) {
      return {
        expected: `exchange \`${exchange.name}\`: its events in the order ${exchange.expect.map(describePattern).join(", ")}`,
        got: `${wanted} came too early, among ${summary(events)}`,
      };
    }
    after = at;
  }
  return undefined;
}

function evaluateField(
  exchange: Exchange,
  expectation: Expectation,
  events: readonly ReceivedMessage[],
): { readonly expected: string; readonly got: string } | undefined {
  const { field, equals, contains } = expectation;
  if (field === undefined || (equals === undefined && contains === undefined)) return undefined;
  const values = events.map((event) => valueAt(event.payload, field));
  const found = expectation.join
    ? [
        values
          .filter((value) => value !== undefined)
          .map(textOf)
          .join(""),
      ]
    : values;
  for (const value of found) {
    if (equals !== undefined && !sameJson(equals, value)) {
      return {
        expected: `exchange \`${exchange.name}\`: ${place(expectation)} equals ${quote(equals)}`,
        got: difference(equals, value),
      };
    }
    if (contains !== undefined && !textOf(value).includes(contains)) {
      return {
        expected: `exchange \`${exchange.name}\`: ${place(expectation)} contains ${quote(contains)}`,
        got: value === undefined ? "the field is absent" : difference(contains, value),
      };
    }
  }
  return undefined;
}

function fillPattern<P extends EventPattern>(pattern: P, fill: Fill): EventPattern {
  return {
    message: pattern.message,
    ...(pattern.when === undefined
      ? {}
      : {
          when: Object.fromEntries(
            Object.entries(pattern.when).map(([pointer, value]) => [pointer, fillJson(value, fill)]),
          ),
        }),
  };
}

function isUnexpectedRefusal(endpoint: Endpoint, exchange: Exchange, message: ReceivedMessage): boolean {
  if (refusalOf(endpoint, message.names, message.payload) === undefined) return false;
  return !exchange.expect.some((expectation) => fitsPattern(expectation, message));
}

function silence(tester: Tester, events: readonly ReceivedMessage[], patience: ExchangePatience): string {
  const seen = events.length === 0 ? "no event" : summary(events);
  const { end } = tester;
  if (end === undefined) return `${seen}, then nothing for ${Math.round(patience.answerMs)} ms`;
  return `${seen}, then the connection ended (${end.how}${end.code === undefined ? "" : ` ${end.code}`})`;
}

/** `error` or `error` with `/data/code` = "x", as a person says it. */
export function describePattern(pattern: EventPattern): string {
  const conditions = Object.entries(pattern.when ?? {}).map(
    ([pointer, value]) => `\`${pointer}\` = ${JSON.stringify(value)}`,
  );
  return conditions.length === 0
    ? `\`${pattern.message}\``
    : `\`${pattern.message}\` with ${conditions.join(" and ")}`;
}

/** The names of some events, in their order, shortened. */
export function summary(events: readonly ReceivedMessage[]): string {
  if (events.length === 0) return "no event";
  const names = events.map((event) => event.names[0] ?? "an event that could not be read");
  const shown = names.slice(-6).join(", ");
  return names.length > 6 ? `${names.length} events, the last: ${shown}` : shown;
}

function place(expectation: Expectation): string {
  const field = `\`${expectation.field}\` of ${describePattern(expectation)}`;
  return expectation.join ? `${field}, joined over all of them,` : field;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Shows where two texts part: a reader finds an escaped `<` at once there, and never in 65 536 characters. */
export function difference(expected: unknown, got: unknown): string {
  if (typeof expected !== "string" || typeof got !== "string") return quote(got);
  let at = 0;
  while (at < expected.length && at < got.length && expected[at] === got[at]) at += 1;
  const from = Math.max(0, at - 10);
  const wanted = expected.slice(from, at + 30);
  const found = got.slice(from, at + 30);
  return `${quote(found)} where ${quote(wanted)} was due (they part at character ${at}; ${got.length} characters for ${expected.length})`;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
