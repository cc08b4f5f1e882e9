/** Recognises the known commands of a document's exchanges, and says which events are expected of them. */

import type { Endpoint, Exchange, Json, Pointer } from "../../contract/contract.js";
import { isObject } from "../../contract/pointer.js";
import { canonicalJson, sameJson } from "../../contract/same-json.js";

/** An event that an exchange leads to, with the values that it must carry. */
export interface Expected {
  readonly event: string;
  readonly must: ReadonlyMap<Pointer, Json>;
}

export interface Exchanges {
  /** The events that an exchange awaits or expects after this command; empty where it is none's. */
  taken(command: string, payload: unknown): readonly Expected[];
}

interface Turn {
  readonly send: { readonly message: string; readonly payload: Json };
  /** What is awaited before the next command. */
  readonly awaited: readonly Expected[];
}

interface Row {
  readonly exchange: Exchange;
  readonly turns: readonly Turn[];
  at: number;
  texts: Map<string, Json>;
}

/** Events of one expectation that are sent at most. */
const MOST = 64;

/** Follows the exchanges of one endpoint on one connection; several may begin alike, and the first decides. */
export function followExchanges(endpoint: Endpoint): Exchanges {
  const rows = (endpoint.exchanges?.list ?? []).map(
    (exchange): Row => ({ exchange, turns: turnsOf(exchange), at: 0, texts: new Map() }),
  );
  return {
    taken(command, payload) {
      let answer: readonly Expected[] | undefined;
      for (const row of rows) {
        const turn = advance(row, command, payload);
        if (turn === undefined) continue;
        const last = row.at === row.turns.length;
        answer ??= last ? expectedOf(row) : turn.awaited;
        if (last) restart(row);
      }
      return answer ?? [];
    },
  };
}

/** The turn that this command takes, if it is the next of the exchange, or its first again. */
function advance(row: Row, command: string, payload: unknown): Turn | undefined {
  for (const at of new Set([row.at, 0])) {
    const turn = row.turns[at];
    if (turn?.send.message !== command) continue;
    const texts = at === 0 ? new Map<string, Json>() : new Map(row.texts);
    if (!matches(turn.send.payload, payload, texts)) continue;
    row.at = at + 1;
    row.texts = texts;
    return turn;
  }
  return undefined;
}

function restart(row: Row): void {
  row.at = 0;
  row.texts = new Map();
}

function turnsOf(exchange: Exchange): Turn[] {
  const turns: { send: Turn["send"]; awaited: Expected[] }[] = [];
  for (const step of exchange.steps) {
    if ("send" in step) turns.push({ send: step.send, awaited: [] });
    else
      turns.at(-1)?.awaited.push({ event: step.await.message, must: new Map(firstValues(step.await.when)) });
  }
  return turns;
}

/** What is still expected when the last command is taken: all that was not awaited before. */
function expectedOf({ exchange, turns, texts }: Row): Expected[] {
  const given = turns.slice(0, -1).flatMap((turn) => turn.awaited);
  const expected: Expected[] = [...(turns.at(-1)?.awaited ?? [])];
  for (const row of exchange.expect) {
    const must = new Map<Pointer, Json>(firstValues(row.when, texts));
    const value = row.equals ?? row.contains;
    if (row.field !== undefined && value !== undefined) must.set(row.field, filled(value, texts));
    for (let count = 0; count < Math.min(row.count ?? 1, MOST); count++) {
      const before = given.findIndex((one) => one.event === row.message);
      if (before >= 0) given.splice(before, 1);
      else if (!expected.some((one) => one.event === row.message && covers(one.must, must)) || count > 0)
        expected.push({ event: row.message, must });
    }
  }
  return exchange.until === undefined ? expected : ending(exchange, expected, texts);
}

/** Ends what is expected with `until`: by an event that is expected anyway where one can be it, for they are counted. */
function ending(exchange: Exchange, expected: readonly Expected[], texts: Row["texts"]): Expected[] {
  const { message, when } = exchange.until ?? { message: "" };
  const must = new Map<Pointer, Json>(firstValues(when, texts));
  if (expected.some((one) => one.event === message && covers(one.must, must))) return [...expected];
  const at = expected.findLastIndex(
    (one) => one.event === message && [...must].every(([pointer]) => !one.must.has(pointer)),
  );
  const counted = exchange.expect.some((one) => one.message === message && one.count !== undefined);
  const last = expected[at];
  if (last === undefined || (at < expected.length - 1 && !counted))
    return [...expected, { event: message, must }];
  const ended = { event: message, must: new Map([...last.must, ...must]) };
  return exchange.ordered ? expected.with(at, ended) : [...expected.toSpliced(at, 1), ended];
}

/** True when an event that carries `more` carries `less` as well. */
function covers(more: ReadonlyMap<Pointer, Json>, less: ReadonlyMap<Pointer, Json>): boolean {
  return [...less].every(([pointer, value]) => sameJson(more.get(pointer), value));
}

/** One value that `when` allows, for each of its pointers. */
export function firstValues(
  when: Readonly<Record<Pointer, Json>> | undefined,
  texts: ReadonlyMap<string, Json> = new Map(),
): [Pointer, Json][] {
  return Object.entries(when ?? {}).map(([pointer, wanted]) => {
    const [first] = Array.isArray(wanted) ? wanted : [wanted];
    return [pointer, filled(first ?? wanted, texts)];
  });
}

const PLACES = /\$text|\$uuid|\$int/g;

function filled(value: Json, texts: ReadonlyMap<string, Json>): Json {
  if (typeof value !== "string") return value;
  return texts.get(value) ?? value.replace(PLACES, (place) => String(texts.get(place) ?? place));
}

/** True when the payload is the template with each `$text`, `$uuid`, `$int` filled in; notes what they stand for. */
function matches(template: Json | undefined, payload: unknown, texts: Map<string, Json>): boolean {
  if (typeof template === "string") return matchesText(template, payload, texts);
  if (Array.isArray(template)) {
    return (
      Array.isArray(payload) &&
      payload.length === template.length &&
      template.every((member, index) => matches(member, payload[index], texts))
    );
  }
  if (isObject(template)) {
    if (!isObject(payload) || Object.keys(payload).length !== Object.keys(template).length) return false;
    // A member of a template is JSON, as the template is.
    return Object.entries(template).every(([key, member]) => matches(member as Json, payload[key], texts));
  }
  return sameJson(template, payload);
}

function matchesText(template: string, payload: unknown, texts: Map<string, Json>): boolean {
  const places = template.match(PLACES) ?? [];
  if (places.length === 0) return template === payload;
  const whole = places[0] === template;
  if (whole && typeof payload === "number") return note(template, payload, texts);
  if (typeof payload !== "string") return false;
  const literal = template.split(PLACES).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const found = new RegExp(`^${literal.join("([\\s\\S]*)")}$`).exec(payload);
  return found !== null && places.every((place, index) => note(place, found[index + 1] ?? "", texts));
}

/** One `$uuid` is one value in an exchange. */
function note(place: string, value: Json, texts: Map<string, Json>): boolean {
  const before = texts.get(place);
  if (before !== undefined) return canonicalJson(before) === canonicalJson(value);
  texts.set(place, value);
  return true;
}
