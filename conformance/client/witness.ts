/**
 * The witness of a client: evidence that it is there, has taken the connection for one, and, where it reports, hands
 * events on. A client that says nothing breaks no rule about what it says.
 */
import fc from "fast-check";
import { UnsatisfiableError } from "../../src/arbitrary/bounded-filter.js";
import { validPayload } from "../../src/arbitrary/valid-payload.js";
import type { Endpoint, Json, Message } from "../../src/contract/contract.js";
import { openLifecycles } from "../../src/contract/lifecycle.js";
import { frameText, type Judge } from "../judge.js";
import type { WitnessResult } from "../witness.js";
import type { ClientCase, ClientContext, LaunchedClient, Peer } from "./check.js";

/** An event with a payload that the contract takes. */
export interface OrdinaryEvent {
  readonly name: string;
  readonly payload: Json;
}

/** A pong to a ping: a client that took the connection for open owes it (RFC 6455 §5.5.2). */
export async function pongWitness(
  context: Pick<ClientContext, "answerMs">,
  scene: Pick<ClientCase, "random" | "now">,
  peer: Peer,
): Promise<WitnessResult> {
  const start = scene.now();
  const payload = scene.random.bytes(12);
  peer.ping(payload);
  const ok = await peer.pong(payload, context.answerMs);
  const ms = scene.now() - start;
  if (ok) return { ok, ms };
  return {
    ok,
    ms,
    expected: "a pong with the payload of the ping",
    got: peer.end === undefined ? "nothing" : endText(peer),
  };
}

/** An event that is told as delivered: the declared first one, else one that may come unasked. */
export async function deliveryWitness(
  context: Pick<ClientContext, "answerMs" | "judge">,
  scene: Pick<ClientCase, "now">,
  client: LaunchedClient,
  peer: Peer,
): Promise<WitnessResult> {
  const start = scene.now();
  const { first } = context.judge.endpoint.protocol;
  const event = unaskedEvent(context.judge);
  if (first === undefined || first === null) {
    if (event === undefined)
      return { ok: false, ms: 0, expected: "an event that may be sent unasked", got: "none" };
    peer.event(event.name, event.payload);
  }
  const told = await client.next((report) => report.kind === "event", context.answerMs, 0);
  const ms = scene.now() - start;
  if (told !== undefined) return { ok: true, ms };
  return {
    ok: false,
    ms,
    expected: `a report of the event "${first?.message ?? event?.name}"`,
    got: client.gone === undefined ? "nothing" : `the client ${client.gone}`,
  };
}

/** True when a client that reports can be shown an event without being asked for it. */
export function canDeliver(judge: Judge): boolean {
  const { first } = judge.endpoint.protocol;
  return (first !== undefined && first !== null) || unaskedEvent(judge) !== undefined;
}

/** How a connection ended, in words. */
export function endText({ end }: Pick<Peer, "end">): string {
  if (end === undefined) return "the connection is open";
  const who = end.by === "subject" ? "the client" : "the kit";
  switch (end.how) {
    case "close":
      return `${who} closed the connection with ${end.code ?? "no code"}${end.reason === undefined ? "" : ` (${end.reason})`}`;
    case "fin":
      return `${who} ended TCP without a Close frame`;
    case "rst":
      return `${who} reset the connection`;
    case "refused":
      return "the handshake was refused";
  }
}

/** How many payloads are generated for an event: the first that fits is taken. */
const DRAWN = 4;

/** The first event of the document that a server may send on a fresh connection without being asked; undefined where there is none. */
export function unaskedEvent(judge: Judge): OrdinaryEvent | undefined {
  const { endpoint } = judge;
  const answers = new Set([
    ...endpoint.operations.flatMap(({ reply }) => reply?.messages ?? []),
    // A beat is no event by itself: it would be answered, and would prove life.
    ...(endpoint.heartbeat?.ping === undefined ? [] : [endpoint.heartbeat.ping]),
    ...(endpoint.heartbeat?.pong === undefined ? [] : [endpoint.heartbeat.pong]),
  ]);
  const named = (name: string): number =>
    Number(endpoint.lifecycles.some(({ transitions }) => transitions.some(({ on }) => on.includes(name))));
  // The first event of a connection comes once, and it is sent by itself.
  const first = endpoint.protocol.first?.message;
  const candidates = endpoint.events
    .filter(({ name, binary, acknowledgement }) => !binary && !acknowledgement && !answers.has(name))
    .filter(({ name }) => name !== first)
    // What no lifecycle speaks of is legal at any time.
    .sort((a, b) => named(a.name) - named(b.name));
  for (const message of candidates) {
    for (const payload of eventPayloads(judge, message)) {
      const judged = judge.events.judge(frameText(endpoint, message.name, payload, "event"));
      if (judged.ok && isLegalAtFirst(endpoint, judged.messages, payload))
        return { name: message.name, payload };
    }
  }
  return undefined;
}

/** Payloads of an event: those of the document, then generated ones. Valid is each only by its schema. */
export function* eventPayloads(judge: Judge, message: Message): Generator<Json> {
  for (const { payload } of message.examples) yield payload;
  try {
    yield* fc.sample(validPayload(message.payload, judge.contract.definitions), { seed: 1, numRuns: DRAWN });
  } catch (fault) {
    if (!(fault instanceof UnsatisfiableError)) throw fault;
  }
}

function isLegalAtFirst(endpoint: Endpoint, names: readonly string[], payload: Json): boolean {
  const monitor = openLifecycles(endpoint, { timeScale: 1 });
  monitor.received({ names, payload }, 0);
  return monitor.violations.length === 0;
}
