/** How most scripts begin: a client is launched, its connection accepted, and the witness asked for; and why a case may decide nothing. */
import type { Undecided } from "../property.js";
import type { WitnessResult } from "../witness.js";
import type { AcceptOptions, ClientCase, ClientContext, LaunchedClient, Peer } from "./check.js";
import { pongWitness } from "./witness.js";

/** A client and its open connection. */
export interface Meeting {
  readonly client: LaunchedClient;
  readonly peer: Peer;
}

/** Launches a client and takes its connection; `missing` instead where it gives no witness. */
export async function meet(
  context: ClientContext,
  scene: ClientCase,
  options?: AcceptOptions,
): Promise<Meeting | { readonly missing: Undecided }> {
  const client = await scene.launch();
  const peer = await scene.connection(options);
  const witness = await pongWitness(context, scene, peer);
  if (witness.ok) return { client, peer };
  return { missing: gaveUpConnecting(context, peer) ? tooLate(context) : withoutWitness(witness) };
}

/** A client that ends an attempt after this part of its connect timeout may have done so for that. */
const UNHURRIED = 0.8;

/** True where a client may have ended a connection because it heard of the response only when its connect timeout was over. */
export function gaveUpConnecting(
  { endpoint, lagMs, scaled }: Pick<ClientContext, "endpoint" | "lagMs" | "scaled">,
  { attempt, end }: Peer,
): boolean {
  const { connectTimeoutMs } = endpoint.reconnect ?? {};
  if (connectTimeoutMs === undefined || end?.by !== "subject") return false;
  // Its timer runs since before we saw anything of the attempt, by as much as processes are late here.
  return end.atMs - attempt.atMs >= UNHURRIED * scaled(connectTimeoutMs) - lagMs();
}

/**
 * A client that somebody else has started has a past: what it counts of earlier cases goes back to zero only while it is
 * healthy for as long as the policy says. Any other is fresh in each case.
 */
export async function forgetPast(context: ClientContext, scene: ClientCase): Promise<void> {
  const { resetAfterMs = 0 } = context.endpoint.reconnect ?? {};
  if (context.mode !== "attach" || resetAfterMs === 0) return;
  await scene.wait(context.scaled(resetAfterMs) + context.graceMs());
}

/** What a case comes to that got no witness. */
export function withoutWitness(witness: WitnessResult & { readonly ok: false }): Undecided {
  return {
    verdict: "untestable",
    reason: `no witness: expected ${witness.expected}; got ${witness.got}`,
  };
}

/** What a sample comes to that cannot be told from the lateness of this machine. */
export function tooLate(context: Pick<ClientContext, "lagMs">): Undecided {
  return {
    verdict: "inconclusive",
    reason: `scale too small: this machine is ${Math.round(context.lagMs())} ms late`,
    tooLate: true,
  };
}
