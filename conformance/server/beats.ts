/** The beats of a heartbeat, whoever gives them and however they look on the wire, and what silence is to lead to. */

import type { Json } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import type { Case, CheckContext, CheckResult, CloseInfo, Tester } from "../check.js";
import { endOf, fillingOf } from "../exchange.js";
import { OPCODE } from "../frames/frame.js";
import { HarnessFault } from "../judge.js";
import { ordinaryPayload } from "../payloads.js";
import type { CaseOutcome, Undecided } from "../property.js";
import { UPPER_GRACE_MS } from "../time.js";
import { frameWitness, withoutWitness } from "./frame-witness.js";

/** What the server does about a silent client. */
export interface Patience {
  /** Who pings: a client is silent when it does not ping, or when it does not answer. */
  readonly initiator: "client" | "server";
  /** From the last sign of life, or from the first ping without an answer, to the earliest close (milliseconds, scaled). */
  readonly boundMs: number;
  /** To the latest close (milliseconds, scaled), the lag of this machine left out. */
  readonly latestMs: number;
  /** What a close that comes too late, or never, is worth. One that comes too early always fails. */
  readonly late: "fail" | "warn";
  /** The declared code of the close. */
  readonly code?: number;
  /** True when any frame is a sign of life, false when only a beat is. */
  readonly anyIsLife: boolean;
}

/** What the document says about silence; undefined when it says nothing about what the server does. */
export function patienceOf(context: CheckContext): Patience | undefined {
  const rules = context.endpoint.heartbeat;
  if (rules === undefined || rules.mode === "none") return undefined;
  if (rules.initiator === "server") {
    if (rules.timeoutMs === undefined) return undefined;
    const boundMs = context.scaled(rules.timeoutMs);
    const latestMs = boundMs + UPPER_GRACE_MS;
    return { initiator: "server", boundMs, latestMs, late: "fail", anyIsLife: rules.life !== "pong" };
  }
  const { patience } = rules;
  if (patience === undefined) return undefined;
  const boundMs = context.scaled(patience.ms);
  return {
    initiator: "client",
    boundMs,
    latestMs: boundMs + Math.max(UPPER_GRACE_MS, context.scaled(patience.graceMs)),
    late: patience.level === "MUST" ? "fail" : "warn",
    // Socket.IO has no close codes of its own.
    ...(patience.close === undefined || context.endpoint.protocol.transport === "socket.io"
      ? {}
      : { code: patience.close }),
    anyIsLife: patience.life !== "ping",
  };
}

/** Gives the beat of a client that pings, and returns when (milliseconds on the case's clock). */
export function beat(context: CheckContext, scene: Case, tester: Tester): number {
  const { mode, ping } = context.endpoint.heartbeat ?? {};
  if (mode === "engine.io") tester.frame({ opcode: OPCODE.text, payload: Buffer.from("2") }, "2");
  else if (mode !== "application" || ping === undefined) tester.ping(scene.random.bytes(8));
  else {
    const payload = ordinaryPayload(context.judge, ping, fillingOf(scene), scene.random.uint32());
    if (payload === undefined)
      throw new HarnessFault(`No payload for "${ping}" can be made from its schema.`);
    tester.command(ping, payload);
  }
  return tester.now();
}

/** One ping of a server that pings. */
export interface ServerPing {
  readonly atMs: number;
  /** Gives its pong. */
  answer(): void;
}

/** The pings of the server so far, oldest first. */
export function serverPings(context: CheckContext, scene: Case, tester: Tester): readonly ServerPing[] {
  const { mode, ping, pong } = context.endpoint.heartbeat ?? {};
  if (mode === "application") {
    const pointer = context.endpoint.events.find(({ name }) => name === ping)?.correlation;
    return tester.messages.flatMap((message) => {
      if (ping === undefined || !message.names.includes(ping)) return [];
      const answer = (): void => {
        if (pong === undefined) return;
        // The token came out of JSON.parse: it is Json, or absent.
        const token =
          pointer === undefined ? undefined : (valueAt(message.payload, pointer) as Json | undefined);
        const payload = ordinaryPayload(context.judge, pong, fillingOf(scene), 1, token);
        if (payload !== undefined) tester.command(pong, payload);
      };
      return [{ atMs: message.atMs, answer }];
    });
  }
  return tester.frames.flatMap(({ atMs, opcode, payload }) => {
    if (mode === "frame" && opcode === OPCODE.ping) {
      return [{ atMs, answer: () => tester.frame({ opcode: OPCODE.pong, payload }) }];
    }
    if (mode !== "engine.io" || opcode !== OPCODE.text) return [];
    const text = Buffer.from(payload).toString("utf8");
    // Engine.IO packet 2 is a ping; what follows the digit comes back behind a 3.
    if (!/^2(?:probe)?$/.test(text)) return [];
    const answer = Buffer.from(`3${text.slice(1)}`);
    return [
      { atMs, answer: () => tester.frame({ opcode: OPCODE.text, payload: answer }, `3${text.slice(1)}`) },
    ];
  });
}

/** How often the traffic is looked through for what it holds (milliseconds); stamps are those of the wire all the same. */
const LOOK_MS = 20;

/** Waits until a moment (milliseconds on the case's clock) or the end, to the point: no time is given back for lag. */
export async function waitUntil(tester: Tester, atMs: number): Promise<void> {
  while (tester.end === undefined && tester.now() < atMs) {
    await tester.wait(Math.min(LOOK_MS, Math.max(1, atMs - tester.now())));
  }
}

/** Waits for the first ping of the server after the first `skip`, at most so long; undefined when none comes. */
export async function nextServerPing(
  context: CheckContext,
  scene: Case,
  tester: Tester,
  options: { readonly skip: number; readonly timeoutMs: number },
): Promise<ServerPing | undefined> {
  const deadline = tester.now() + options.timeoutMs;
  for (;;) {
    const found = serverPings(context, scene, tester)[options.skip];
    if (found !== undefined || tester.end !== undefined || tester.now() >= deadline) return found;
    await tester.wait(Math.min(LOOK_MS, Math.max(1, deadline - tester.now())));
  }
}

/** The declared interval of the server's pings (milliseconds, scaled), or what an event of it says; undefined: nothing does. */
export async function serverInterval(context: CheckContext, tester: Tester): Promise<number | undefined> {
  const interval = context.endpoint.heartbeat?.intervalMs;
  if (interval === undefined) return undefined;
  if (typeof interval === "number") return context.scaled(interval);
  const told = await tester.next(({ names }) => names.includes(interval.message), context.answerMs, 0);
  const value = told === undefined ? undefined : valueAt(told.payload, interval.field);
  // A server that is scaled says scaled figures.
  return typeof value === "number" && value > 0 ? value : undefined;
}

/** The longest time until a server that pings must have pinged (milliseconds). */
export function pingPatience(context: CheckContext, intervalMs: number): number {
  return intervalMs + context.graceMs() + context.answerMs;
}

/** When the kit said something on a connection before its end, oldest first (milliseconds on the case's clock). */
export function saidAt(scene: Case, tester: Tester): readonly number[] {
  const until = tester.end?.atMs ?? Number.POSITIVE_INFINITY;
  return scene.transcript.flatMap(({ atMs, connection, direction }) =>
    connection === tester.id && direction === "sent" && atMs < until ? [atMs] : [],
  );
}

/** The longest silence of the kit's own on a connection from `since` to its end, or to now (milliseconds). */
export function longestSilence(scene: Case, tester: Tester, since: number): number {
  const until = tester.end?.atMs ?? tester.now();
  const times = [since, ...saidAt(scene, tester).filter((atMs) => atMs > since && atMs < until), until];
  return Math.max(...times.map((atMs, index) => atMs - (times[index - 1] ?? atMs)));
}

/** How long a message of the kit and its answer are on their way at most (milliseconds): as long as the opening handshake took. */
export function roundTripMs(scene: Case, tester: Tester): number {
  const at = (direction: "sent" | "received"): number | undefined =>
    scene.transcript.find(
      (entry) =>
        entry.connection === tester.id && entry.kind === "handshake" && entry.direction === direction,
    )?.atMs;
  const [sent, received] = [at("sent"), at("received")];
  return sent === undefined || received === undefined ? 0 : received - sent;
}

/** A sample under so small a bound says nothing on a machine that is so late; undefined when it does. */
export function tooLate(context: CheckContext, boundMs: number): Undecided | undefined {
  if (context.canTime(boundMs)) return undefined;
  return {
    verdict: "inconclusive",
    reason: `scale too small: this machine was ${Math.round(context.lagMs())} ms late, and the bound is ${Math.round(boundMs)} ms; use a larger --time-scale`,
    tooLate: true,
  };
}

/** Asks a fresh connection of the case for the witness. */
export async function afterwards(context: CheckContext, scene: Case): Promise<CaseOutcome> {
  const tester = await scene.connect();
  return withoutWitness(context.witness, await frameWitness(context, tester, scene));
}

/** The end of a connection that was to be closed for silence, held against what is declared; undefined: as declared. */
export function judgeClose(
  context: CheckContext,
  tester: Tester,
  patience: Patience,
  since: number,
): CaseOutcome | undefined {
  const { boundMs, latestMs } = patience;
  const { end } = tester;
  const expected = `the server closes between ${Math.round(boundMs)} and ${Math.round(latestMs)} ms after ${
    patience.initiator === "server" ? "its ping without an answer" : "the last sign of life"
  }${patience.code === undefined ? "" : `, with ${patience.code}`}`;
  const mend =
    "Note when each connection gave its last sign of life, and close those whose time is over: not before the bound, and within its grace.";
  if (end === undefined) {
    const got = `still open after ${Math.round(tester.now() - since)} ms of silence`;
    return { verdict: patience.late, expected, got, mend, reason: "a silent client is kept" };
  }
  const afterMs = end.atMs - since;
  const got = `${endOf(tester)} after ${Math.round(afterMs)} ms`;
  // The server counts from when it wrote its ping, the kit from when it read it.
  const early = patience.initiator === "server" ? context.lagMs() : 0;
  if (afterMs < boundMs - context.lowerToleranceMs(boundMs) - early) {
    const own = patience.initiator === "client" && context.endpoint.heartbeat?.mode === "application";
    if (own && tester.frames.some(({ opcode, atMs }) => opcode === OPCODE.ping && atMs > since)) {
      // A library that pings by itself gave the line up, not the server's patience: a live client answers it unasked.
      const keepalive =
        "Let the library's own ping frames wait longer than the declared patience, or send none.";
      const reason = "closed before the bound, after a ping frame that a dead client does not answer";
      return { verdict: "warn", expected, got, mend: keepalive, reason };
    }
    return { verdict: "fail", expected, got, mend, reason: "closed before the bound" };
  }
  if (afterMs > latestMs + context.lagMs()) {
    return { verdict: patience.late, expected, got, mend, reason: "closed too late", late: true };
  }
  return judgeCode(patience, end, expected, got);
}

function judgeCode(
  { code, late }: Patience,
  end: CloseInfo,
  expected: string,
  got: string,
): CaseOutcome | undefined {
  if (code === undefined || (end.how === "close" && end.code === code)) return undefined;
  return {
    verdict: end.how === "close" ? late : "warn",
    expected,
    got,
    mend: `Close with ${code}: the client learns from it that the line was dead, and comes back.`,
    reason: "closed in time, but not with the declared code",
  };
}

/** Nothing is declared about it. */
export function nothingDeclared(): CheckResult {
  return {
    verdict: "not-applicable",
    reason: "the document does not declare after which silence the server gives up",
    cases: 0,
  };
}
