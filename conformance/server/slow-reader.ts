/** S-HB-06: one client floods or does not read; the others are served, and the slow one gets no thinned stream. */
import type { Exchange, Json } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, ReceivedMessage, Tester } from "../check.js";
import { endOf, fill, fillingOf, runExchange } from "../exchange.js";
import { type CaseOutcome, type Failure, resultOf, runProperty, type Undecided } from "../property.js";
import { afterwards, beat } from "./beats.js";
import { frameWitness, withoutWitness } from "./frame-witness.js";

/** What the server is to owe at least (bytes): more than kernels take on both sides together. */
const OWED = 16 * 1024 * 1024;

/** How often a small flood is asked for at most. */
const MOST_ROUNDS = 64;

/** How long nothing is read at least, how often the others are asked meanwhile, and how long a flood may take (milliseconds). */
const TIMES = { unreadMs: 2000, everyMs: 100, floodMs: 60_000 } as const;

/** How often a connection is asked again that got no witness in time. */
const LATER = 3;

/** Commands of a flood: batches, commands in each, and the pause between them (milliseconds). */
const COMMANDS = { batches: 20, each: 100, pauseMs: 25 } as const;

/** S-HB-06. */
export const slowReaders: Check = {
  id: "S-HB-06",
  alone: true,
  async run(context) {
    const bulk = context.endpoint.exchanges?.list.find(({ tags }) => tags.includes("bulk"));
    const kinds = ["a flood of commands", ...(bulk === undefined ? [] : ["a client that does not read"])];
    const property = await runProperty(context, {
      label: "others",
      examples: kinds,
      concurrency: 1,
      script: (kind, scene) =>
        bulk !== undefined && kind !== kinds[0]
          ? slowReader(context, scene, bulk)
          : floodOfCommands(context, scene),
    });
    return resultOf(property, {
      pass: "others were served; the slow one got everything in order, or its end",
    });
  },
};

async function floodOfCommands(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const { witness, judge } = context;
  const other = await scene.connect();
  const before = withoutWitness(witness, await frameWitness(context, other, scene));
  if (before.verdict !== "pass") return before;
  const commands: string[] = [];
  const noisy = await scene.connect();
  await witness?.give(noisy, scene, {
    send: (name: string, payload: Json) => {
      commands.push(judge.frameOf(name, payload));
      noisy.command(name, payload);
    },
  });
  // From here on what comes of it is this check's business alone.
  scene.fault();
  let flooding = true;
  const stalled = watchOther(context, scene, other, () => flooding);
  for (let batch = 0; batch < COMMANDS.batches && noisy.end === undefined; batch += 1) {
    for (let index = 0; index < COMMANDS.each && noisy.end === undefined; index += 1) {
      const text = commands[index % Math.max(1, commands.length)];
      if (text === undefined) noisy.ping(scene.random.bytes(8));
      else noisy.text(text, "none");
    }
    await noisy.wait(COMMANDS.pauseMs);
  }
  flooding = false;
  const failure = await stalled;
  noisy.destroy();
  return failure ?? afterwards(context, scene);
}

async function slowReader(context: CheckContext, scene: Case, bulk: Exchange): Promise<CaseOutcome> {
  const { judge, answerMs } = context;
  const other = await scene.connect();
  const before = withoutWitness(context.witness, await frameWitness(context, other, scene));
  if (before.verdict !== "pass") return before;

  const readAll = async (): Promise<
    { readonly names: readonly string[]; readonly bytes: number; readonly ms: number } | CaseOutcome
  > => {
    const reader = await scene.connect();
    const options = { judge, answerMs, totalMs: TIMES.floodMs, filling: fillingOf(scene) };
    const run = await runExchange(reader, bulk, options);
    reader.close(1000);
    if (!run.ok) {
      const why = `the exchange "${bulk.name}" did not come to its end (expected ${run.expected}; got ${run.got})`;
      return { verdict: "untestable", reason: `no witness: ${why}` };
    }
    const bytes = run.messages.reduce((sum, { text }) => sum + text.length, 0);
    return { names: namesOf(context, run.messages), bytes, ms: run.ms };
  };
  const whole = await readAll();
  if ("verdict" in whole) return whole;
  const rounds = Math.min(MOST_ROUNDS, Math.ceil(OWED / Math.max(1, whole.bytes)));

  // From here on what comes of it is this check's business alone.
  scene.fault();
  const slow = await scene.connect();
  const from = slow.messages.length;
  const lastSend = bulk.steps.findLastIndex((step) => "send" in step);
  let stalled: Failure | Undecided | undefined;
  const run = await runExchange(slow, bulk, {
    judge,
    answerMs,
    totalMs: TIMES.floodMs,
    filling: fillingOf(scene),
    send: (name, payload, index) => {
      if (index === lastSend) slow.pause();
      slow.command(name, payload);
    },
    meanwhile: async () => {
      const roundMs = whole.ms + TIMES.everyMs;
      const until = slow.now() + Math.max(TIMES.unreadMs, rounds * roundMs);
      const watched = watchOther(context, scene, other, () => slow.now() < until);
      for (let round = 1; slow.now() < until; round += 1) {
        await slow.wait(Math.min(roundMs, Math.max(1, until - slow.now())));
        // It does not read, but it is alive.
        if (context.endpoint.heartbeat?.initiator === "client") beat(context, scene, slow);
        if (round < rounds) for (const [name, payload] of sends(bulk, scene)) slow.command(name, payload);
      }
      stalled = await watched;
      slow.resume();
    },
  });
  if (stalled !== undefined) return stalled;
  // What is still on its way: the end of the connection, or further rounds.
  await slow.ended(run.ok ? context.quietMs() : answerMs);

  const names = namesOf(context, slow.messages.slice(from));
  const torn = tornAt(names, whole.names, rounds);
  if (torn !== undefined) {
    const again = await readAll();
    // Where one who reads gets another sequence each time there is nothing to compare with.
    const comparable = "names" in again && sameNames(again.names, whole.names);
    if (comparable) return { ...thinned, got: `${torn}; then ${endOf(slow)}` };
  }
  const gap = scene.violations.find(({ check, connection }) => check === "S-SM-06" && connection === slow.id);
  if (gap !== undefined) return { ...thinned, got: gap.got };
  return judgeEnd(context, slow, run.ok, names.length) ?? afterwards(context, scene);
}

const thinned: Failure = {
  verdict: "fail",
  expected: "what a slow client gets is contiguous and in order, up to the end of its connection",
  got: "",
  mend: "Drop no frame of a client that is slow: bound its queue, and end its connection when the bound is reached.",
  reason: "the stream of a slow client was thinned",
};

/** How the slow connection may end: with the declared code, without a Close frame, or not at all when all has come. */
function judgeEnd(
  context: CheckContext,
  slow: Tester,
  complete: boolean,
  count: number,
): CaseOutcome | undefined {
  const { end } = slow;
  const { closeCodes = {}, protocol } = context.endpoint;
  const codes = Object.entries(closeCodes).flatMap(([code, { cause }]) =>
    [cause].flat().includes("slow-consumer") ? [Number(code)] : [],
  );
  const expected = `everything in order, or an end: ${codes.length === 0 ? "a Close" : `a Close with ${codes.join(" or ")}`}, FIN or RST`;
  const mend =
    "Above the bound of its queue close a slow client with the declared code, and destroy the socket soon after.";
  if (end === undefined) {
    if (complete) return undefined;
    const got = `${count} events, then nothing more, and the connection is open`;
    return { verdict: "fail", expected, got, mend, reason: "the stream of a slow client stopped" };
  }
  const declared = codes.length === 0 || protocol.transport === "socket.io";
  if (end.by === "kit" || end.how !== "close" || end.explained === true || declared) return undefined;
  if (end.code !== undefined && codes.includes(end.code)) return undefined;
  return {
    verdict: "fail",
    expected,
    got: endOf(slow),
    mend,
    reason: "a slow client was closed without the declared code",
  };
}

/** Asks another connection for the witness again and again; what it says when it does not get one. */
async function watchOther(
  context: CheckContext,
  scene: Case,
  other: Tester,
  goesOn: () => boolean,
): Promise<Failure | Undecided | undefined> {
  do {
    const given = await frameWitness(context, other, scene);
    if (!given.ok) {
      // Who is stalled stays so while the slow one does not read; who waits for a processor is served a little later.
      const late = (): boolean => !context.canTime(context.answerMs);
      const wasLate = late();
      if ((await isServedLater(context, scene, other)) && (wasLate || late())) {
        return {
          verdict: "inconclusive",
          reason: `another connection was served, but later than in ${Math.round(context.answerMs)} ms, and this machine was late itself`,
          tooLate: true,
        };
      }
      return {
        verdict: "fail",
        expected: `another connection is served in ${Math.round(context.answerMs)} ms meanwhile (${given.expected})`,
        got: given.got,
        mend: "Never wait for one connection on the way to another: bound what is queued for each, and read each in its own turn.",
        reason: "one connection stalled another",
      };
    }
    await other.wait(TIMES.everyMs);
  } while (goesOn());
  return undefined;
}

/** Whether a connection that got no witness gets one after all. */
async function isServedLater(context: CheckContext, scene: Case, other: Tester): Promise<boolean> {
  for (let turn = 0; turn < LATER && other.end === undefined; turn += 1) {
    if ((await frameWitness(context, other, scene)).ok) return true;
  }
  return false;
}

/** The commands of an exchange, filled anew. */
function sends(exchange: Exchange, scene: Case): (readonly [string, Json])[] {
  const filling = fillingOf(scene);
  return exchange.steps.flatMap((step) =>
    "send" in step ? [[step.send.message, fill(step.send.payload, filling)] as const] : [],
  );
}

/** The names of what was received; refusals and beats left out, which may come between. */
function namesOf({ judge, endpoint }: CheckContext, messages: readonly ReceivedMessage[]): readonly string[] {
  const beats = [endpoint.heartbeat?.ping, endpoint.heartbeat?.pong];
  return messages
    .filter(({ names, payload }) => judge.refusalOf(names, payload) === undefined)
    .filter(({ names }) => !names.some((name) => beats.includes(name)))
    .map(({ names }) => names.join("|"));
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** Where the sequence of a slow reader is not the beginning of that of one who reads, repeated; undefined: nowhere. */
function tornAt(names: readonly string[], whole: readonly string[], rounds: number): string | undefined {
  for (const [index, name] of names.entries()) {
    const due = index < rounds * whole.length ? whole[index % whole.length] : undefined;
    if (due === name) continue;
    return `event ${index + 1} was "${name}" where ${due === undefined ? "nothing" : `"${due}"`} was due (one who reads gets ${whole.length} events)`;
  }
  return undefined;
}
