/** Plays an exchange of the contract over somebody's connection and says what differs from what it promises. */
import { randomUUID } from "node:crypto";
import type { Contract, Endpoint, Exchange, Json } from "../../src/contract/contract.js";
import { payloadOf } from "../../src/contract/payload.js";
import { valueAt } from "../../src/contract/pointer.js";
import { createOracle } from "../../src/contract/validate.js";
import type { Peer } from "./peer.js";

interface Received {
  readonly names: readonly string[];
  readonly payload: unknown;
}

type When = Readonly<Record<string, Json>> | undefined;

const PATIENCE_MS = 15_000;

/** Plays `exchange`; throws what was expected and what came instead. Gives the number of events. */
export async function playExchange(
  peer: Peer,
  contract: Contract,
  endpoint: Endpoint,
  exchange: Exchange,
): Promise<number> {
  const oracle = createOracle(contract, endpoint, "event");
  const values: Record<string, Json> = {
    $text: 'Grüße, 小明 🚀 "quoted"\n\tdata: kept',
    $uuid: randomUUID(),
    $int: 7,
  };
  const received: Received[] = [];

  const until = async (message: string, when: When): Promise<void> => {
    while (true) {
      const text = await peer.next(PATIENCE_MS);
      const result = oracle.judge(text);
      if (!result.ok) throw new Error(`${text.slice(0, 200)} is no event: ${JSON.stringify(result.error)}`);
      const event = { names: result.messages, payload: payloadOf(endpoint, result.value) };
      received.push(event);
      if (fits(event, message, when)) return;
    }
  };

  for (const step of exchange.steps) {
    if ("await" in step) {
      await until(step.await.message, step.await.when);
      continue;
    }
    const command = endpoint.commands.find(({ name }) => name === step.send.message);
    const payload = fill(step.send.payload, values);
    const frame =
      endpoint.protocol.transport === "socket.io"
        ? [command?.wireName ?? step.send.message, payload]
        : payload;
    await peer.send(JSON.stringify(frame));
  }
  if (exchange.until !== undefined) await until(exchange.until.message, exchange.until.when);

  for (const expectation of exchange.expect) {
    const events = received.filter((event) => fits(event, expectation.message, expectation.when));
    const at = `${exchange.name}: ${expectation.message}${expectation.field ?? ""}`;
    if (expectation.count === undefined ? events.length === 0 : events.length !== expectation.count) {
      throw new Error(`${at}: expected ${expectation.count ?? "at least one"}, got ${events.length}`);
    }
    const { field } = expectation;
    if (field === undefined) continue;
    const found = events.map((event) => valueAt(event.payload, field));
    for (const value of expectation.join ? [found.join("")] : found) {
      const equals = expectation.equals === undefined ? undefined : fill(expectation.equals, values);
      const contains =
        expectation.contains === undefined ? undefined : String(fill(expectation.contains, values));
      const right =
        (equals === undefined || JSON.stringify(value) === JSON.stringify(equals)) &&
        (contains === undefined || String(value).includes(contains));
      if (!right)
        throw new Error(
          `${at}: expected ${JSON.stringify(equals ?? contains)}, got ${JSON.stringify(value)}`,
        );
    }
  }
  return received.length;
}

function fits(event: Received, message: string, when: When): boolean {
  if (!event.names.includes(message)) return false;
  return Object.entries(when ?? {}).every(([pointer, wanted]) => {
    const value = valueAt(event.payload, pointer);
    return Array.isArray(wanted) ? wanted.some((one) => one === value) : wanted === value;
  });
}

/** Fills `$text`, `$uuid` and `$int` in: as a whole value, or inside a longer text. */
function fill(value: Json, values: Readonly<Record<string, Json>>): Json {
  if (typeof value === "string") {
    const whole = values[value];
    if (whole !== undefined) return whole;
    return value.replaceAll(/\$(text|uuid|int)\b/g, (name) => String(values[name] ?? name));
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
  }
  return value;
}
