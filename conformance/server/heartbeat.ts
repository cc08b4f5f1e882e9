/** Checks of the heartbeat (S-HB). */
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { Case, Check, CheckContext, ReceivedMessage, Tester } from "../check.js";
import { endOf, fillingOf, runExchange } from "../exchange.js";
import { HarnessFault } from "../judge.js";
import { ordinaryPayload } from "../payloads.js";
import { type CaseOutcome, type Failure, resultOf, runProperty } from "../property.js";
import { hash } from "../random.js";
import { answerBound, UPPER_GRACE_MS } from "../time.js";
import { tokenOf } from "../witness.js";
import { serverBeats } from "./server-beats.js";
import { signsOfLife, silenceEnds, timelyBeats } from "./silence.js";
import { slowReaders } from "./slow-reader.js";

/** Pings one after another, then at once, then while the server works. */
const PINGS = { inTurn: 5, atOnce: 3, atWork: 5 } as const;

/** S-HB-02: each ping of the client's heartbeat has its own pong in time. */
const clientHeartbeat: Check = {
  id: "S-HB-02",
  safe: true,
  smoke: true,
  async run(context) {
    const long = context.endpoint.exchanges?.list.find(({ tags }) => tags.includes("long"));
    const names = ["idle", ...(long === undefined ? [] : ["at work"])];
    const property = await runProperty(context, {
      label: "heartbeat",
      examples: names,
      script: (name, scene) => (name === "idle" ? idle(context, scene) : atWork(context, scene)),
    });
    return resultOf(property, {
      pass: `each of ${PINGS.inTurn + PINGS.atOnce + (long === undefined ? 0 : PINGS.atWork)} pings had its own pong`,
      notes: long === undefined ? ["no exchange tagged long: not tried while the server works"] : [],
    });
  },
};

async function idle(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const beats = { tester: await scene.connect(), sent: 0 };
  for (let turn = 0; turn < PINGS.inTurn; turn += 1) {
    // The third goes without a token, where it may: the pong is owed all the same.
    const missing = await beat(context, scene, beats, turn !== 2)();
    if (missing !== undefined)
      return { ...missing, reason: `ping ${turn + 1} of an idle connection had no pong` };
  }
  const atOnce = [];
  for (let turn = 0; turn < PINGS.atOnce; turn += 1) atOnce.push(beat(context, scene, beats, true));
  for (const [turn, pong] of atOnce.entries()) {
    const missing = await pong();
    if (missing !== undefined)
      return { ...missing, reason: `ping ${turn + 1} of ${PINGS.atOnce} sent at once had no pong` };
  }
  return { verdict: "pass" };
}

async function atWork(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const long = context.endpoint.exchanges?.list.find(({ tags }) => tags.includes("long"));
  if (long === undefined) return { verdict: "untestable", reason: "no exchange tagged long" };
  const beats = { tester: await scene.connect(), sent: 0 };
  let missing: Failure | undefined;
  const run = await runExchange(beats.tester, long, {
    judge: context.judge,
    filling: fillingOf(scene),
    answerMs: context.answerMs,
    meanwhile: async () => {
      for (let turn = 0; turn < PINGS.atWork && missing === undefined; turn += 1) {
        missing = await beat(context, scene, beats, true)();
      }
    },
  });
  if (missing !== undefined) {
    return { ...missing, reason: `a ping during the exchange "${long.name}" had no pong` };
  }
  if (run.ok) return { verdict: "pass" };
  return {
    verdict: "untestable",
    reason: `no witness: the exchange "${long.name}" did not come to its end (expected ${run.expected}; got ${run.got})`,
  };
}

/** The pings of one connection. */
interface Beats {
  readonly tester: Tester;
  sent: number;
}

/** Sends one ping and returns the wait for its pong: undefined when it came. */
function beat(
  context: CheckContext,
  scene: Case,
  beats: Beats,
  marked: boolean,
): () => Promise<Failure | undefined> {
  const { tester } = beats;
  const { judge, endpoint } = context;
  const rules = endpoint.heartbeat;
  const bound = answerBound(rules?.timeoutMs ?? endpoint.protocol.answerMs, context.timeScale);
  const patience = bound + UPPER_GRACE_MS + context.lagMs();
  const missing = (what: string): Failure => ({
    verdict: "fail",
    expected: `${what} within ${Math.round(bound)} ms`,
    got: tester.end === undefined ? "no pong" : endOf(tester),
    mend: "Answer each ping at once and once, with its own token, also while a handler runs.",
  });
  if (rules?.mode === "frame" || rules?.ping === undefined || rules.pong === undefined) {
    const payload = scene.random.bytes(8);
    tester.ping(payload);
    return async () =>
      (await tester.pong(payload, patience)) ? undefined : missing("a pong frame with the same bytes");
  }
  const { ping, pong } = rules;
  const token = tokenOf(scene.random);
  const payload = ordinaryPayload(judge, ping, fillingOf(scene), hash(token), marked ? token : undefined);
  if (payload === undefined) throw new HarnessFault(`No payload for "${ping}" can be made from its schema.`);
  const pointers = {
    sent: endpoint.commands.find(({ name }) => name === ping)?.correlation,
    received: endpoint.events.find(({ name }) => name === pong)?.correlation,
  };
  const mark = pointers.sent === undefined ? undefined : valueAt(payload, pointers.sent);
  const own = mark !== undefined && pointers.received !== undefined;
  tester.command(ping, payload);
  beats.sent += 1;
  const wanted = beats.sent;
  const isOwn = (message: ReceivedMessage): boolean =>
    message.names.includes(pong) &&
    (!own || sameJson(valueAt(message.payload, pointers.received ?? ""), mark));
  const from = tester.messages.length;
  return async () => {
    if (own) {
      const found = await tester.next(isOwn, patience, from);
      return found === undefined ? missing(`"${pong}" with the token ${JSON.stringify(mark)}`) : undefined;
    }
    // Pongs without a token are told apart by their number alone: the nth ping is owed an nth pong.
    const enough = (): boolean => tester.messages.filter(isOwn).length >= wanted;
    if (enough()) return undefined;
    const found = await tester.next(() => enough(), patience, from);
    return found === undefined ? missing(`"${pong}"`) : undefined;
  };
}

/** All checks of this file. */
export const heartbeatChecks: readonly Check[] = [
  serverBeats,
  clientHeartbeat,
  silenceEnds,
  timelyBeats,
  signsOfLife,
  slowReaders,
];
