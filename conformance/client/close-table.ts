/** C-RC-05: after which close codes the client comes back. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { forgetPast, meet } from "./meeting.js";
import { firstDelay, type ScaledWindow } from "./reconnecting.js";

/** Ends that are tried whether or not the document names their codes; 1005 is a Close without one, 1006 none at all. */
const ALWAYS = [1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4999] as const;

/** Codes that stand for an end that no Close frame says. */
const UNSAYABLE: ReadonlySet<number> = new Set([1004, 1015]);

/** C-RC-05. */
export const closeTable: ClientCheck = {
  id: "C-RC-05",
  safe: true,
  shortestMs: (context) => firstDelay(context)?.maxMs ?? 0,
  async run(context) {
    const window = firstDelay(context);
    if (window === undefined) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    const codes = codesOf(context);
    const property = await runProperty(context, {
      label: "closed with",
      examples: codes,
      waits: true,
      concurrency: 16,
      script: (code, scene: ClientCase) => closed(context, scene, window, code),
    });
    return resultOf(property, {
      pass: `${codes.length} ends were followed by an attempt, or by none, as declared`,
    });
  },
};

/** The codes that a server may send, in the order of the table. */
function codesOf({ endpoint, mode, profile }: ClientContext): readonly number[] {
  const { closeCodes = {}, protocol } = endpoint;
  // There are no codes (PROTOCOL.md#socket-io-6): a server says goodbye, or is gone.
  if (protocol.transport === "socket.io") return [1005, 1006];
  const declared = Object.entries(closeCodes).flatMap(([code, { by }]) =>
    by === "client" ? [] : [Number(code)],
  );
  const byClient = new Set(
    Object.entries(closeCodes).flatMap(([code, { by }]) => (by === "client" ? [Number(code)] : [])),
  );
  const all = [...new Set([...ALWAYS, ...declared])]
    .filter((code) => !UNSAYABLE.has(code) && !byClient.has(code))
    .sort((a, b) => a - b);
  if (mode !== "attach") return all.slice(0, profile.maxKinds);
  // A client that stays away has to be started again by hand: that is asked for once.
  const isRetried = (code: number): boolean => retries({ closeCodes }, undefined, code);
  return [...all.filter(isRetried).slice(0, 2), ...all.filter((code) => !isRetried(code)).slice(0, 1)];
}

/** What the table says; a code that it does not name is retried after an unclean end, or where clean ones are. */
function retries(
  { closeCodes = {} }: Pick<ClientContext["endpoint"], "closeCodes">,
  onCleanClose: boolean | undefined,
  code: number,
): boolean {
  return closeCodes[code]?.retry ?? (code === 1006 || onCleanClose === true);
}

async function closed(
  context: ClientContext,
  scene: ClientCase,
  window: ScaledWindow,
  code: number,
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  await forgetPast(context, scene);
  const { endpoint } = context;
  const due = retries(endpoint, endpoint.reconnect?.onCleanClose, code);
  const since = scene.now();
  if (code === 1006) met.peer.destroy();
  else if (code === 1005) met.peer.close();
  else met.peer.close(code);
  const goodbye = endpoint.protocol.transport === "socket.io" ? "a packet 41" : "a Close without a code";
  const how = code === 1006 ? "a reset" : code === 1005 ? goodbye : `a Close with ${code}`;
  if (code !== 1006 && (await met.peer.ended(context.answerMs)) === undefined) {
    return { verdict: "blocked", by: "C-FR-06" };
  }
  const watchMs = since + window.maxMs + context.graceMs() + (due ? context.answerMs : context.quietMs());
  const attempt = await scene.attempt(watchMs - scene.now());
  const named = endpoint.closeCodes?.[code];
  const says =
    named === undefined
      ? "the table does not name it"
      : `the table says ${named.retry ? "retry" : "no retry"} (${named.cause.join(", ")})`;
  if (due && attempt === undefined) {
    // After a reset it is another row that says whether it comes back at all.
    if (code === 1006 && named === undefined) return { verdict: "blocked", by: "C-RC-01" };
    return {
      verdict: "fail",
      reason: `the client does not come back after ${how}`,
      expected: `an attempt after ${how}: ${says}`,
      got: `none within ${Math.round(scene.now() - since)} ms`,
      mend: "Ask the table of close codes whether to try again, and where it does not name the code, whether the end was clean.",
    };
  }
  if (!due && attempt !== undefined) {
    return {
      verdict: "fail",
      reason: `the client comes back after ${how}`,
      expected: `no attempt after ${how}: ${says}`,
      got: `one after ${Math.round(attempt.atMs - since)} ms`,
      mend: "Ask the table of close codes whether to try again: what this code says does not get better by trying.",
    };
  }
  return { verdict: "pass" };
}
