/** Recognises the known commands of a document's exchanges, and says which events are expected of them. */

import type { Endpoint, Exchange, Json, Pointer } from "../../src/contract/contract.js";
import { isObject } from "../../src/contract/pointer.js";

/** An event that an exchange leads to, with the values that it must carry. */
export interface Expected {
  readonly event: string;
  readonly must: ReadonlyMap<Pointer, Json>;
}

export interface Exchanges {
  /** The events that the exchange leads to whose last command this is; empty where it is none's. */
  taken(command: string, payload: unknown): Expected[];
}

/** Follows the exchanges of one endpoint on one connection. */
export function followExchanges(endpoint: Endpoint): Exchanges {
  const rows = (endpoint.exchanges?.list ?? []).map((exchange) => ({
    exchange,
    sends: exchange.steps.flatMap((step) => ("send" in step ? [step.send] : [])),
    at: 0,
    texts: new Map<string, Json>(),
  }));
  return {
    taken(command, payload) {
      for (const row of rows) {
        const template = row.sends[row.at];
        if (template === undefined || template.message !== command) continue;
        const texts = new Map(row.texts);
        if (!matches(template.payload, payload, texts)) continue;
        row.texts = texts;
        row.at += 1;
        if (row.at < row.sends.length) continue;
        row.at = 0;
        row.texts = new Map();
        return expectedOf(row.exchange, texts);
      }
      return [];
    },
  };
}

function expectedOf(exchange: Exchange, texts: ReadonlyMap<string, Json>): Expected[] {
  const expected: Expected[] = [];
  for (const row of exchange.expect) {
    const must = new Map<Pointer, Json>(firstValues(row.when));
    const value = row.equals ?? row.contains;
    if (row.field !== undefined && value !== undefined) must.set(row.field, filled(value, texts));
    for (let n = 0; n < Math.min(row.count ?? 1, 16); n++) expected.push({ event: row.message, must });
  }
  if (exchange.until !== undefined) {
    expected.push({ event: exchange.until.message, must: new Map(firstValues(exchange.until.when)) });
  }
  return expected;
}

/** One value that `when` allows, for each of its pointers. */
export function firstValues(when: Readonly<Record<Pointer, Json>> | undefined): [Pointer, Json][] {
  return Object.entries(when ?? {}).map(([pointer, wanted]) => {
    const [first] = Array.isArray(wanted) ? wanted : [wanted];
    return [pointer, first ?? wanted];
  });
}

function filled(value: Json, texts: ReadonlyMap<string, Json>): Json {
  return typeof value === "string" ? (texts.get(value) ?? value) : value;
}

/** True when the payload is the template with each `$text`, `$uuid`, `$int` filled in; notes what they stand for. */
function matches(template: Json | undefined, payload: unknown, texts: Map<string, Json>): boolean {
  if (typeof template === "string" && template.startsWith("$")) {
    if (typeof payload !== "string" && typeof payload !== "number") return false;
    texts.set(template, payload);
    return true;
  }
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
  return template === payload;
}
