/** S-SM-04 and S-SM-06: what each connection's events owe each other, whatever the lifecycles say. */

import type { Case, Check, CheckContext, Tester } from "../check.js";
import { fillingOf, runExchange } from "../exchange.js";
import { excerpt } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { answerBound } from "../time.js";
import { concluded, notApplicable, quietNote, witnessAfter } from "./blame.js";
import { commandSource } from "./commands.js";
import { openWalk, watch } from "./walker.js";

const FIRST = "S-SM-04";

/** What goes on while the connection opens: nothing, a command sent at once, or another connection at work. */
type Meanwhile = "nothing" | "a command at once" | "another connection at work";

/** S-SM-04: the declared first event comes before any other, once, and in time. */
export const firstEvent: Check = {
  id: FIRST,
  safe: true,
  smoke: true,
  async run(context) {
    const { first } = context.endpoint.protocol;
    if (first === undefined || first === null)
      return notApplicable("the document declares no first event (x-ws-protocol.first)");
    const ways: Meanwhile[] = ["nothing", "a command at once", "another connection at work"];
    const property = await runProperty<Meanwhile>(context, {
      label: "first event",
      examples: [...ways, ...ways, ...ways],
      show: (meanwhile) => ({ meanwhile }),
      script: async (meanwhile, scene) =>
        concluded(scene, FIRST, await playFirst(context, scene, first, meanwhile)),
    });
    return resultOf(property, {
      pass: `"${first.message}" was the first event of each connection, once, in time`,
      notes: [quietNote(context)],
    });
  },
};

async function playFirst(
  context: CheckContext,
  scene: Case,
  first: { readonly message: string; readonly withinMs: number },
  meanwhile: Meanwhile,
): Promise<CaseOutcome> {
  const other = meanwhile === "another connection at work" ? await scene.connect() : undefined;
  const busy = other === undefined ? undefined : keepBusy(context, scene, other);
  const tester = await scene.connect({ bare: true });
  if (tester.handshake.kind !== "accepted") {
    return { verdict: "inconclusive", reason: "the handshake was not accepted" };
  }
  const openedAt = tester.now();
  const asked = meanwhile === "a command at once" ? context.witness?.give(tester, scene) : undefined;
  const boundMs = answerBound(first.withinMs, context.timeScale) + context.graceMs();
  const came = await tester.next(() => true, boundMs, 0);
  await Promise.all([asked, busy]);
  if (came === undefined) {
    return {
      verdict: "fail",
      expected: `"${first.message}" within ${Math.round(boundMs)} ms after the connection was opened`,
      got: tester.end === undefined ? "nothing" : "the end of the connection",
      mend: `Send "${first.message}" as soon as a connection is open.`,
    };
  }
  if (!came.names.includes(first.message)) {
    return {
      verdict: "fail",
      expected: `"${first.message}" as the first event of the connection`,
      got: `${excerpt(came.text)} after ${Math.round(came.atMs - openedAt)} ms`,
      mend: `Send "${first.message}" before a connection can hear anything else: join it to the others only afterwards.`,
    };
  }
  const broken = await witnessAfter(context, scene, tester, "the first event");
  await watch(
    openWalk(context, scene, tester, commandSource(context.judge, context.seed)),
    context.quietMs(),
  );
  const again = tester.messages.filter(({ names }) => names.length === 1 && names[0] === first.message);
  if (again.length > 1) {
    return {
      verdict: "fail",
      expected: `"${first.message}" once on each connection`,
      got: `${again.length} of them, the last ${excerpt(again.at(-1)?.text ?? "")}`,
      mend: `Send "${first.message}" when the connection opens, and never again.`,
    };
  }
  // What the witness misses is another row's fault: without it this one has no evidence that the server works.
  if (broken !== undefined && context.witness?.owed === true) {
    return { verdict: "untestable", reason: `no witness: ${context.witness.what} was not given` };
  }
  return { verdict: "pass" };
}

/** Another connection at the same address that keeps the server talking. */
async function keepBusy(context: CheckContext, scene: Case, other: Tester): Promise<void> {
  const { judge, answerMs, endpoint } = context;
  const exchange =
    endpoint.exchanges?.list.find(({ tags }) => tags.includes("echo")) ??
    endpoint.exchanges?.list.find(({ tags }) => !tags.includes("bulk"));
  if (exchange === undefined) return;
  await runExchange(other, exchange, { judge, answerMs, filling: fillingOf(scene) });
}

/** S-SM-06: the declared invariants hold; the kit looks at every event of the run. */
export const invariants: Check = {
  id: "S-SM-06",
  passive: true,
  safe: true,
  async run({ endpoint, record }) {
    const declared = endpoint.invariants.length;
    if (declared === 0) return notApplicable("the document declares no invariant (x-ws-invariants)");
    const { cases, validMessages } = record;
    const unseen = endpoint.invariants.filter(({ on }) => !on.some((name) => record.messageNames.has(name)));
    if (validMessages === 0 || unseen.length === declared) {
      return {
        verdict: "inconclusive",
        reason: "no event came that an invariant is about",
        cases,
      };
    }
    return {
      verdict: "pass",
      reason: `${declared - unseen.length} of ${declared} invariants held over the events of the run`,
      cases,
      ...(unseen.length === 0
        ? {}
        : {
            notes: unseen.map(
              ({ kind, field, on }) => `${kind} ${field}: none of its events came (${on.join(", ")})`,
            ),
          }),
    };
  },
};
