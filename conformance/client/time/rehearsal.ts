/** The case that finds out in which time a client lives: drops, or the first ping of its heartbeat. */
import type { ClientCase, Peer } from "../check.js";
import type { Sign } from "./signs.js";

/** How long a client may take to answer a ping before its connection is dropped, and how often its beats are looked at (milliseconds). */
const TIMES = { pongMs: 3000, lookMs: 20 } as const;

/** Measures waits of one client (milliseconds), each with its patience; undefined, and the last, is one that does not end in time. */
export async function measureWaits(
  scene: ClientCase,
  { kind }: Sign,
  patience: readonly number[],
): Promise<(number | undefined)[]> {
  await scene.launch();
  let peer = await scene.connection();
  const measured: (number | undefined)[] = [];
  for (const mostMs of patience) {
    const wait =
      kind === "ping" ? await firstPing(scene, peer, mostMs) : await comingBack(scene, peer, mostMs);
    measured.push(wait.ms);
    if (wait.peer === undefined) break;
    peer = wait.peer;
  }
  return measured;
}

interface Wait {
  readonly ms: number | undefined;
  /** The connection that the next wait begins with. */
  readonly peer?: Peer | undefined;
}

async function firstPing(scene: ClientCase, peer: Peer, mostMs: number): Promise<Wait> {
  const from = scene.now();
  while (peer.beats.length === 0 && peer.end === undefined && scene.now() - from <= mostMs) {
    await scene.wait(TIMES.lookMs);
  }
  const [beat] = peer.beats;
  return { ms: beat === undefined ? undefined : beat.atMs - from };
}

async function comingBack(scene: ClientCase, peer: Peer, mostMs: number): Promise<Wait> {
  // Its answer proves that it has read the 101: what is dropped is a connection, not a handshake.
  const payload = Buffer.from("time");
  peer.ping(payload);
  await peer.pong(payload, TIMES.pongMs);
  peer.destroy();
  const from = scene.now();
  const attempt = await scene.attempt(mostMs);
  if (attempt === undefined) return { ms: undefined };
  return { ms: attempt.atMs - from, peer: await attempt.accept() };
}
