/** Checks of the opening handshake (S-HS). */
import type { Check, CheckContext, CheckResult } from "../check.js";
import { upgradeFaults } from "../frames/handshake.js";
import { SubjectGone } from "../interruption.js";
import { negotiationChecks } from "./handshake-negotiation.js";
import { parameterChecks } from "./handshake-parameters.js";
import { refusedHandshakes } from "./handshake-refused.js";
import { spelledHandshakes } from "./handshake-spelling.js";
import { unfinishedChecks } from "./handshake-unfinished.js";

/** Two keys: an accept value that was written down once fits only one of them. */
const HANDSHAKES = 2;

/** How often one is taken again for which this machine was too late, and what lateness explains the last as well (milliseconds). */
const PATIENCE = { turns: 3, lateMs: 1000 } as const;

/** S-HS-01: a valid upgrade is answered as RFC 6455 §4.2.2 has it. */
const acceptsUpgrade: Check = {
  id: "S-HS-01",
  safe: true,
  smoke: true,
  run: (context) => upgrade(context, 1),
};

async function upgrade(context: CheckContext, turn: number, again = 0): Promise<CheckResult> {
  let excuse: string | undefined;
  const result = await context.inCase(`upgrade ${turn}`, async (scene): Promise<CheckResult | undefined> => {
    const tester = await scene.connect({ bare: true });
    const { handshake } = tester;
    const handshakeFaults = upgradeFaults(tester.handshakeFaults);
    if (handshake.kind === "unreachable") throw new SubjectGone(handshake.message);
    const failed = { verdict: "fail", cases: turn, transcript: scene.transcript } as const;
    excuse = scene.excuse;
    if (handshake.kind === "broken" || handshake.kind === "timeout") {
      return {
        ...failed,
        reason: "the upgrade request got no HTTP response",
        expected: "status 101 Switching Protocols",
        got: handshake.message,
        mend: "Make sure that the URL names a WebSocket server (and wss: only where it speaks TLS).",
      };
    }
    const [fault] = handshakeFaults;
    if (handshake.kind === "refused") {
      return {
        ...failed,
        reason: "the upgrade was refused",
        expected: "status 101 Switching Protocols",
        got: handshake.response.statusLine,
        mend: mendRefusal(handshake.response.status),
      };
    }
    if (fault === undefined) return undefined;
    return {
      ...failed,
      reason: "the response to the upgrade is not as RFC 6455 has it",
      expected: fault.expected,
      got: handshakeFaults.map(({ got }) => got).join("; "),
      mend: "Answer the upgrade as RFC 6455 section 4.2.2 lists it; most libraries do so by themselves.",
    };
  });
  if (result !== undefined && excuse !== undefined) {
    // Everything hangs on this row: what a busy machine was too late for is taken again.
    if (again < PATIENCE.turns) return upgrade(context, turn, again + 1);
    // Time after time nothing, and never late by more than a part of the wait: it is not this machine.
    if (context.lagMs() < PATIENCE.lateMs) return result;
    return { verdict: "inconclusive", reason: excuse, cases: turn, tooLate: true };
  }
  if (result !== undefined) return result;
  if (turn < HANDSHAKES) return upgrade(context, turn + 1);
  return { verdict: "pass", reason: `${HANDSHAKES} upgrades were accepted correctly`, cases: HANDSHAKES };
}

function mendRefusal(status: number): string {
  if (status === 401 || status === 403)
    return "Give the credentials that the server wants as headers or query.";
  if (status === 404)
    return "Check the path: a URL with a path is used as it is, without one the channel's address is appended.";
  if (status === 400 || status === 426)
    return "Check that the path, the query and the subprotocol are those that the server expects.";
  return "Check in the server's log why it refused.";
}

/** All checks of this file. */
export const handshakeChecks: readonly Check[] = [
  acceptsUpgrade,
  ...refusedHandshakes,
  ...spelledHandshakes,
  ...negotiationChecks,
  ...parameterChecks,
  ...unfinishedChecks,
];
