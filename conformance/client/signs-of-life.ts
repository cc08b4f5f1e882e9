/** What proves life to a client, how long it believes in a silent server, and how a script sees both (PROTOCOL.md#heartbeat). */
import { jsonAt } from "../../src/arbitrary/speech/compose.js";
import { OPCODE } from "../frames/frame.js";
import type { CaseOutcome } from "../property.js";
import type { ClientCase, ClientContext, Peer } from "./check.js";
import { firstDelay } from "./reconnecting.js";

/** How often a script looks at what has come (milliseconds). */
const LOOK_MS = 10;

/** How long a client believes in a silent server after the last ping, the client's own or the kit's (milliseconds, scaled). */
export function silenceBound(context: Pick<ClientContext, "endpoint" | "scaled" | "heartbeatMs">): number {
  const { initiator, timeoutMs = 0 } = context.endpoint.heartbeat ?? {};
  return context.scaled(timeoutMs) + (initiator === "server" ? (context.heartbeatMs ?? 0) : 0);
}

/** A ping of the heartbeat: when it was sent, and what it said. */
export interface Beat {
  readonly atMs: number;
  readonly payload: unknown;
}

/**
 * The next ping of the heartbeat on a connection on which the kit beats and answers no more: waits for the client's, from
 * index `from` on, or sends one where the server pings.
 */
export async function nextBeat(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  from: number,
): Promise<Beat | { readonly missing: CaseOutcome }> {
  const { heartbeat } = context.endpoint;
  if (heartbeat?.initiator === "server") {
    const atMs = scene.now();
    return sendPing(context, scene, peer)
      ? { atMs, payload: undefined }
      : { missing: { verdict: "untestable", reason: "no payload of the server's ping can be made" } };
  }
  const until = scene.now() + (context.heartbeatMs ?? 0) + context.graceMs();
  while (peer.beats.length <= from && peer.end === undefined && scene.now() < until)
    await scene.wait(LOOK_MS);
  const beat = peer.beats[from];
  if (beat !== undefined) return beat;
  // A client that does not ping has another fault; one that is gone by then left a server that was no more than quiet.
  return { missing: { verdict: "blocked", by: "C-HB-01" } };
}

/** Sends a ping of a heartbeat that the server initiates; false where no payload of it can be made. */
export function sendPing(
  { endpoint: { heartbeat } }: Pick<ClientContext, "endpoint">,
  scene: Pick<ClientCase, "random">,
  peer: Peer,
): boolean {
  if (heartbeat?.mode === "frame" || heartbeat?.mode === "engine.io") {
    peer.ping(scene.random.bytes(8));
    return true;
  }
  const { ping = "" } = heartbeat ?? {};
  const payload = peer.compose(ping);
  if (payload === undefined) return false;
  peer.event(ping, payload);
  return true;
}

/** Answers a ping of the client; false where no payload of a pong can be made. */
export function answer(
  { endpoint: { commands, events, heartbeat } }: Pick<ClientContext, "endpoint">,
  peer: Peer,
  { payload }: Beat,
): boolean {
  if (heartbeat?.mode === "frame") {
    peer.frame({
      opcode: OPCODE.pong,
      payload: payload instanceof Uint8Array ? payload : new Uint8Array(0),
    });
    return true;
  }
  const { ping, pong = "" } = heartbeat ?? {};
  const from = commands.find(({ name }) => name === ping)?.correlation;
  const to = events.find(({ name }) => name === pong)?.correlation;
  const token = from === undefined ? undefined : jsonAt(payload, from);
  const said = peer.compose(pong, new Map(to === undefined || token === undefined ? [] : [[to, token]]));
  if (said === undefined) return false;
  peer.event(pong, said);
  return true;
}

/** How a client left a connection: what was seen first of an end and of a new handshake. */
export interface Left {
  readonly atMs: number;
  readonly how: "end" | "attempt";
}

/** Waits until the client has left the connection, at most until `untilMs` of the case's clock; `act` is done meanwhile, again and again. */
export async function leaving(
  scene: ClientCase,
  peer: Peer,
  untilMs: number,
  act: () => void = () => undefined,
): Promise<Left | undefined> {
  const before = peer.attempt.id;
  for (;;) {
    const { end } = peer;
    if (end !== undefined) return { atMs: end.atMs, how: "end" };
    const next = scene.attempts.find(({ id }) => id > before);
    if (next !== undefined) return { atMs: next.atMs, how: "attempt" };
    if (scene.now() >= untilMs) return undefined;
    act();
    await scene.wait(Math.min(LOOK_MS, Math.max(1, untilMs - scene.now())));
  }
}

/** The longest first delay (milliseconds, scaled); 0 where no policy is declared. */
export function firstDelayMs(context: Pick<ClientContext, "endpoint" | "scaled">): number {
  return firstDelay(context)?.maxMs ?? 0;
}
