/** The first words with a client: does it connect and stay, and does it hand on what it is sent? */

import { openLifecycles } from "../../src/contract/lifecycle.js";
import { fillingOf } from "../exchange.js";
import { RunAborted, SubjectGone } from "../interruption.js";
import { ordinaryPayload } from "../payloads.js";
import { hash } from "../random.js";
import type { FirstWords } from "../role.js";
import { inClientCase } from "./case.js";
import type { ClientCase, LaunchedClient, Peer } from "./check.js";
import type { ClientRun } from "./run.js";
import { canDeliver, deliveryWitness, pongWitness } from "./witness.js";

/** The case is nobody's: what it brings to light is charged to the checks that own it. */
const NOBODY = "kit";

/** How long a client that nobody steers is given to say something by itself (milliseconds). */
const LISTEN_MS = 5000;

/** True when the clients of a run have proved all that they can. */
export function isWitnessed({ launcher, judge, proved }: ClientRun): boolean {
  return proved.connected && (proved.delivered || !launcher.reports || !canDeliver(judge));
}

/** Asks for the witness where no case has given it yet; `fully`: passive checks are alone, and need something to judge. */
export async function clientWords(run: ClientRun, fully: boolean): Promise<FirstWords> {
  const { endpoint, launcher, record } = run;
  // One that says nothing by itself is asked to: rows about its commands have nothing to judge else.
  const isSilent = launcher.reports && record.messages === 0 && endpoint.commands.length > 0;
  if (!fully && !isSilent && isWitnessed(run)) return {};
  try {
    return await inClientCase(run, NOBODY, "the witness", async (scene) => {
      const client = await scene.launch();
      const peer = await scene.connection();
      const pong = await pongWitness(run, scene, peer);
      if (pong.ok) run.connected();
      else if (!run.proved.connected) return missing(pong, "a pong");
      if (client.reports && canDeliver(run.judge)) {
        const delivered = await deliveryWitness(run, scene, client, peer);
        if (!delivered.ok) return missing(delivered, "a delivered event");
        run.delivered();
      }
      if (fully || isSilent) await letSpeak(run, scene, client, peer);
      return {};
    });
  } catch (error) {
    if (error instanceof SubjectGone) return { missing: `no witness: ${error.message}` };
    // Whoever comes next meets the same, and has a verdict for it.
    if (error instanceof RunAborted) return {};
    throw error;
  }
}

function missing(
  { expected, got }: { readonly expected: string; readonly got: string },
  what: string,
): FirstWords {
  return { missing: `no witness: ${what} was not given (expected ${expected}; got ${got})` };
}

/** Has a client that can be steered send what it may send at first; of another one hears what it says by itself. */
async function letSpeak(
  run: ClientRun,
  scene: ClientCase,
  client: LaunchedClient,
  peer: Peer,
): Promise<void> {
  const before = peer.commands.length;
  if (client.reports) {
    for (const { name } of run.endpoint.commands) {
      const payload = ordinaryPayload(run.judge, name, fillingOf(scene), hash(scene.identity));
      if (payload === undefined) continue;
      const fresh = openLifecycles(run.endpoint, { timeScale: 1 });
      if (fresh.legalNow({ name, payload }) !== "legal") continue;
      client.send(name, payload);
      break;
    }
  }
  await peer.next(() => peer.commands.length > before, client.reports ? run.answerMs : LISTEN_MS, before);
}
