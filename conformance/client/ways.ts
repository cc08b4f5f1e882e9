/** How a client and the kit come to where an event, or a command, is legal: short legal walks, taken by steering the client. */
import fc from "fast-check";
import { lifecycleWalk, type WalkStep } from "../../src/arbitrary/lifecycle-walk.js";
import type { Json } from "../../src/contract/contract.js";
import { sameJson } from "../../src/contract/same-json.js";
import { frameText, type Judge } from "../judge.js";
import type { ClientCase, ClientContext, ClientReport, LaunchedClient } from "./check.js";
import type { Meeting } from "./meeting.js";
import { pongWitness } from "./witness.js";

/** Walks that are looked through for ways, and how long each may be. */
const WALKS = { count: 200, maxLength: 10 } as const;

/** The shortest way to each message that a lifecycle names: what comes before it, and itself as the last step. */
export function waysOf({
  contract,
  endpoint,
  seed,
}: ClientContext): ReadonlyMap<string, readonly WalkStep[]> {
  const ways = new Map<string, readonly WalkStep[]>();
  if (endpoint.lifecycles.length === 0) return ways;
  const walks = lifecycleWalk(contract, endpoint, { maxLength: WALKS.maxLength, seed });
  for (const walk of fc.sample(walks, { seed, numRuns: WALKS.count })) {
    for (const [index, { name, verdict }] of walk.entries()) {
      if (verdict !== "legal" && verdict !== "may") break;
      if (verdict === "legal" && index < (ways.get(name)?.length ?? Number.POSITIVE_INFINITY) - 1) {
        ways.set(name, walk.slice(0, index + 1));
      }
    }
  }
  return ways;
}

/** Takes steps: the kit says the events, the client is asked for the commands. What is not legal here and now is left out. */
export async function take(
  context: ClientContext,
  scene: ClientCase,
  met: Meeting,
  steps: readonly WalkStep[],
): Promise<readonly Json[]> {
  const { client, peer } = met;
  const said: Json[] = [];
  let isHeard = true;
  for (const { kind, name, payload, verdict } of steps) {
    if (peer.end !== undefined || (verdict !== "legal" && verdict !== "may")) break;
    if (kind === "event") {
      if (!isOfItsOwn(context, name)) continue;
      if (isRefusal(context.judge, name, payload) || !peer.allows(name, payload)) continue;
      peer.event(name, payload);
      said.push(payload);
      isHeard = false;
      continue;
    }
    // The client is asked once it has heard what was said: its state allows the command only then.
    if (!isHeard) await pongWitness(context, scene, peer);
    isHeard = true;
    const from = peer.commands.length;
    client.send(name, payload);
    await peer.next((command) => command.names.includes(name), context.answerMs, from);
  }
  return said;
}

/** An acknowledgement of Socket.IO is no event that could be said. */
function isOfItsOwn({ endpoint }: Pick<ClientContext, "endpoint">, name: string): boolean {
  return endpoint.events.some((event) => event.name === name && event.acknowledgement !== true);
}

/** True for what is judged as an answer, or as a beat, and not as an event by itself. */
export function speaksOfItself({ endpoint }: Pick<ClientContext, "endpoint">, name: string): boolean {
  const { heartbeat, operations } = endpoint;
  return (
    name !== heartbeat?.ping &&
    name !== heartbeat?.pong &&
    !operations.some(({ reply }) => reply?.messages.includes(name) === true)
  );
}

/** True for an event that refuses a command. */
export function isRefusal(judge: Judge, name: string, payload: Json): boolean {
  return judge.refusalOf([name], payload) !== undefined;
}

/** Not a beat, an answer or what opens the session: those a client may keep to itself. */
export function isOwnEvent({ endpoint, judge }: ClientContext, payload: Json): boolean {
  return endpoint.events.every(({ name }) => {
    if (speaksOfItself({ endpoint }, name) && name !== endpoint.protocol.first?.message) return true;
    const judged = judge.events.judge(frameText(endpoint, name, payload, "event"));
    return !(judged.ok && judged.messages.includes(name));
  });
}

/** Such events that were told from report `from` on. */
export function toldEvents(context: ClientContext, client: LaunchedClient, from: number): readonly Json[] {
  return client.told
    .slice(from)
    .flatMap((report) =>
      report.kind === "event" && isOwnEvent(context, report.payload) ? [report.payload] : [],
    );
}

/** Whether a report is of an event with this payload. */
export function isDelivery(payload: unknown): (report: ClientReport) => boolean {
  return (report) => report.kind === "event" && sameJson(report.payload, payload);
}
