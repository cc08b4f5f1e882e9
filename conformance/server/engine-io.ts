/**
 * The handshake of Engine.IO in pieces: a session that begins by long polling, one that is upgraded to a WebSocket on its
 * way, and requests that its protocol forbids. Part of the row about handshakes in pieces, where a document declares
 * `transport: socket.io`; a server that offers WebSocket alone is right as well.
 */
import type { Case, CheckContext, CheckResult } from "../check.js";
import { SubjectGone, SubjectRefused } from "../interruption.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { openEquivalence, type Probe } from "./equivalent.js";

/** A case: a probe over another transport, or a request that must be refused. */
type EngineCase =
  | { readonly kind: "carried"; readonly by: "polling" | "upgrade"; readonly probe: Probe }
  | {
      readonly kind: "refused";
      readonly what: string;
      readonly query: Readonly<Record<string, string>>;
    };

/** Requests that name no session and no transport that there is (Engine.IO protocol 4, "Handshake"). */
const FORBIDDEN: readonly EngineCase[] = [
  { kind: "refused", what: "an unknown transport", query: { transport: "carrier-pigeon" } },
  { kind: "refused", what: "an unknown session", query: { sid: "there-is-no-such-session" } },
];

/** How many probes go over each transport. */
const PROBES = 3;

/** Decides what belongs to Engine.IO for the check `own`; undefined where the document declares another transport. */
export async function judgeEngineIo(context: CheckContext, own: string): Promise<CheckResult | undefined> {
  if (context.endpoint.protocol.transport !== "socket.io") return undefined;
  const offered = await offersPolling(context);
  const equivalence = openEquivalence(context, own);
  const probes = equivalence.probes.slice(0, PROBES);
  const carried = (["polling", "upgrade"] as const).flatMap((by) =>
    probes.map((probe): EngineCase => ({ kind: "carried", by, probe })),
  );
  const property = await runProperty<EngineCase>(context, {
    label: "engine.io",
    examples: [...(offered ? carried : []), ...FORBIDDEN],
    show: (one) => (one.kind === "carried" ? `${one.probe.what} by ${one.by}` : one.what),
    script: async (one, scene) => {
      if (one.kind === "refused") return refused(context, scene, one.what, one.query);
      const what = one.by === "polling" ? "over long polling" : "over long polling, upgraded to a WebSocket";
      return equivalence.judge(
        scene,
        one.probe,
        {
          what,
          connect: { transport: one.by },
          send: (tester, commands) => {
            for (const { name, payload } of commands) tester.command(name, payload);
          },
        },
        "Carry the same packets over every transport that the handshake offers, also while a session is upgraded.",
      );
    },
  });
  return resultOf(property, {
    pass: offered
      ? "the same commands did the same over long polling, upgraded and over a WebSocket"
      : "requests without a session were refused",
    notes: [
      offered ? equivalence.note() : "long polling is not offered: only the WebSocket transport was tried",
    ],
  });
}

/** A server may offer WebSocket alone; then it refuses the handshake of the other transport. */
function offersPolling(context: CheckContext): Promise<boolean> {
  return context.inCase("is long polling offered", async (scene) => {
    const tester = await scene.connect({ bare: true, transport: "polling" });
    if (tester.handshake.kind === "unreachable") throw new SubjectGone(tester.handshake.message);
    return tester.handshake.kind === "accepted";
  });
}

async function refused(
  context: CheckContext,
  scene: Case,
  what: string,
  query: Readonly<Record<string, string>>,
): Promise<CaseOutcome> {
  const { handshake } = await scene.connect({ bare: true, transport: "polling", query });
  if (handshake.kind === "unreachable") throw new SubjectGone(handshake.message);
  if (handshake.kind !== "refused") {
    return {
      verdict: "fail",
      expected: `HTTP 400 for ${what}`,
      got: handshake.kind === "accepted" ? handshake.response.statusLine : handshake.message,
      mend: "Refuse requests of Engine.IO that name no transport or no session that there is.",
    };
  }
  const { status, statusLine } = handshake.response;
  if (status < 400 || status > 499) {
    return { verdict: "warn", expected: `HTTP 400 for ${what}`, got: statusLine };
  }
  const { witness } = context;
  if (witness === undefined) return { verdict: "pass" };
  const fresh = await scene.connect();
  const given = await witness.give(fresh, scene);
  if (given.ok) return { verdict: "pass" };
  if (fresh.end !== undefined) throw new SubjectRefused("the witness after a refused request was cut off");
  return { verdict: "untestable", reason: `no witness after ${what}: ${given.got}` };
}
