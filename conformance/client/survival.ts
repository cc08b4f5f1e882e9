/** What a client has to come through: after something odd the connection is open, it answers, and it lives. */
import type { Failure } from "../property.js";
import type { ClientCase, ClientContext } from "./check.js";
import type { Meeting } from "./meeting.js";
import { endText, pongWitness } from "./witness.js";

/** Watches for a while whether the client keeps the connection, then asks for a pong; gives what it did instead. */
export async function comesThrough(
  context: Pick<ClientContext, "answerMs" | "quietMs">,
  scene: ClientCase,
  met: Meeting,
  what: string,
): Promise<Failure | undefined> {
  await met.peer.ended(context.quietMs());
  const witness = await pongWitness(context, scene, met.peer);
  return witness.ok && met.client.gone === undefined ? undefined : broken(met, what);
}

/** The failure of a client that did not come through. */
export function broken({ client, peer }: Meeting, what: string): Failure {
  const dead = client.gone;
  const got =
    dead !== undefined
      ? `the client ${dead}`
      : peer.end === undefined
        ? "the connection is open, and a ping gets no pong"
        : endText(peer);
  return {
    verdict: "fail",
    reason: dead === undefined ? `the connection did not survive ${what}` : `the client died of ${what}`,
    expected: `the connection stays open after ${what}, and a ping gets its pong`,
    got,
    mend: "Report to the application what cannot be understood, and go on reading: no frame of a server may throw out of the handler.",
  };
}
