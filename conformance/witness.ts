/**
 * The witness: evidence that the subject is there and keeps the contract at its simplest. Without it nothing passes:
 * a server that says nothing breaks no rule about what it says.
 */

import type { Endpoint, Json } from "../src/contract/contract.js";
import { openLifecycles } from "../src/contract/lifecycle.js";
import { valueAt } from "../src/contract/pointer.js";
import { sameJson } from "../src/contract/same-json.js";
import type { ReceivedMessage, Tester } from "./check.js";
import { endOf, type Filling, fillingOf, runExchange } from "./exchange.js";
import type { Judge } from "./judge.js";
import { ordinaryPayload } from "./payloads.js";
import { hash, type Random } from "./random.js";
import { answerBound } from "./time.js";

/** What a witness gave. */
export type WitnessResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly ms: number; readonly expected: string; readonly got: string };

/** Who gives the witness: the identity and randomness of the case. */
export interface WitnessScene {
  readonly identity: string;
  readonly random: Random;
}

/** How a witness is given. */
export interface GiveOptions {
  /** Sends its commands in another way than `tester.command`: padded, cut, fragmented. */
  readonly send?: (name: string, payload: Json, index: number) => void | Promise<void>;
}

/** The evidence that a correct server can always give on a fresh connection. */
export interface Witness {
  readonly kind: "exchange" | "reply" | "heartbeat" | "obligation" | "first" | "answer" | "event";
  /** What it is, for a reader: `the exchange "echo"`. */
  readonly what: string;
  /** True when a correct server owes it: then its absence is a fault of somebody's, though not always this row's. */
  readonly owed: boolean;
  /** True when it begins with a command of the kit. */
  readonly hasCommand: boolean;
  give(tester: Tester, scene: WitnessScene, options?: GiveOptions): Promise<WitnessResult>;
}

/**
 * The first witness that the document offers, in this order: exchange tagged witness, reply, heartbeat, obligation, first
 * event; else whatever the subject answers to some command, or says unasked. Undefined when it declares no event.
 */
export function chooseWitness(
  judge: Judge,
  options: { readonly timeScale: number; readonly answerMs: number },
): Witness | undefined {
  return (
    byExchange(judge, options.answerMs) ??
    byReply(judge, options.answerMs) ??
    byHeartbeat(judge, options) ??
    byObligation(judge, options) ??
    byFirst(judge, options) ??
    byAnswer(judge, options.answerMs) ??
    byEvent(judge, options.answerMs)
  );
}

/** An RFC 6455 ping and its pong: a witness for the rows about handshake and frames. */
export async function pingWitness(
  tester: Tester,
  scene: WitnessScene,
  timeoutMs: number,
): Promise<WitnessResult> {
  const start = tester.now();
  const payload = scene.random.bytes(12);
  tester.ping(payload);
  const ok = await tester.pong(payload, timeoutMs);
  const ms = tester.now() - start;
  if (ok) return { ok, ms };
  return {
    ok,
    ms,
    expected: "a pong with the payload of the ping",
    got: nothingBut(tester, tester.messages.length),
  };
}

function byExchange(judge: Judge, answerMs: number): Witness | undefined {
  const exchange = judge.endpoint.exchanges?.list.find((one) => one.tags.includes("witness"));
  if (exchange === undefined) return undefined;
  return {
    kind: "exchange",
    what: `the exchange "${exchange.name}"`,
    owed: true,
    hasCommand: exchange.steps.some((step) => "send" in step),
    async give(tester, scene, options = {}) {
      const run = await runExchange(tester, exchange, {
        judge,
        filling: fillingOf(scene),
        answerMs,
        ...(options.send === undefined ? {} : { send: options.send }),
      });
      return run.ok
        ? { ok: true, ms: run.ms }
        : { ok: false, ms: run.ms, expected: run.expected, got: run.got };
    },
  };
}

function byReply(judge: Judge, answerMs: number): Witness | undefined {
  for (const operation of judge.endpoint.operations) {
    const { reply } = operation;
    if (operation.action !== "receive" || reply === undefined || reply.ack) continue;
    const name = operation.messages.find((message) => isLegalAtFirst(judge, message));
    if (name === undefined) continue;
    return oneCommand(judge, {
      kind: "reply",
      what: `the reply to "${name}" (${reply.messages.map((one) => `"${one}"`).join(" or ")})`,
      command: name,
      answers: reply.messages,
      timeoutMs: answerMs,
    });
  }
  return undefined;
}

function byHeartbeat(judge: Judge, options: { timeScale: number; answerMs: number }): Witness | undefined {
  const beat = judge.endpoint.heartbeat;
  if (beat?.mode !== "application" || beat.initiator !== "client") return undefined;
  const { ping, pong } = beat;
  if (ping === undefined || pong === undefined || !isLegalAtFirst(judge, ping)) return undefined;
  return oneCommand(judge, {
    kind: "heartbeat",
    what: `the heartbeat ("${ping}", "${pong}")`,
    command: ping,
    answers: [pong],
    timeoutMs:
      beat.timeoutMs === undefined ? options.answerMs : answerBound(beat.timeoutMs, options.timeScale),
  });
}

function byObligation(judge: Judge, options: { timeScale: number; answerMs: number }): Witness | undefined {
  const commands = new Set(judge.endpoint.commands.map((message) => message.name));
  for (const lifecycle of judge.endpoint.lifecycles) {
    for (const transition of lifecycle.transitions) {
      if (!transition.from.includes(lifecycle.initial) && !transition.from.includes("*")) continue;
      const obligation = lifecycle.obligations.find((one) => one.in.includes(transition.to));
      const name = transition.on.find((on) => commands.has(on) && isLegalAtFirst(judge, on));
      if (obligation === undefined || name === undefined || transition.when !== undefined) continue;
      const out = lifecycle.transitions
        .filter((one) => one.from.includes(transition.to) || one.from.includes("*"))
        .flatMap((one) => one.on)
        .filter((on) => !commands.has(on) && on !== "$other");
      return oneCommand(judge, {
        kind: "obligation",
        what: `"${name}" and the event that leads out of the state "${transition.to}"`,
        command: name,
        answers: out,
        timeoutMs: answerBound(obligation.withinMs, options.timeScale),
      });
    }
  }
  return undefined;
}

function byFirst(judge: Judge, options: { timeScale: number; answerMs: number }): Witness | undefined {
  const { first } = judge.endpoint.protocol;
  if (first === undefined || first === null) return undefined;
  const timeoutMs = answerBound(first.withinMs, options.timeScale);
  return {
    kind: "first",
    what: `the first event ("${first.message}")`,
    owed: true,
    hasCommand: false,
    give: (tester) => awaitEvent(tester, timeoutMs, first.message),
  };
}

/** How many commands are tried to find one that is answered. */
const MOST_TRIED = 6;

/**
 * Nothing is promised, so nobody owes it: the first command that a fresh connection may send and that the subject
 * answers, or else a broken frame that it refuses, is remembered and asked again.
 */
function byAnswer(judge: Judge, answerMs: number): Witness | undefined {
  const { endpoint } = judge;
  const candidates = endpoint.commands
    .map(({ name }) => name)
    .filter((name) => isLegalAtFirst(judge, name) && !endsConnection(endpoint, name))
    .slice(0, MOST_TRIED);
  if (endpoint.events.length === 0 || candidates.length === 0) return undefined;
  let known: Asked | undefined;

  const ask = async (
    tester: Tester,
    scene: WitnessScene,
    asked: Asked,
    options: GiveOptions,
  ): Promise<boolean> => {
    const from = tester.messages.length;
    if (asked === BROKEN) tester.text(BROKEN_TEXT, "undecodable");
    else {
      const payload = ordinaryPayload(
        judge,
        asked.command,
        fillingOf(scene),
        hash(scene.identity),
        tokenOf(scene.random),
      );
      if (payload === undefined) return false;
      await (options.send ?? ((name: string, value: Json) => tester.command(name, value)))(
        asked.command,
        payload,
        0,
      );
    }
    return (await tester.next(({ names }) => names.length > 0, answerMs, from)) !== undefined;
  };

  return {
    kind: "answer",
    get what() {
      if (known === undefined) return "an event that answers some command";
      return known === BROKEN ? "the refusal of a broken frame" : `an event that answers "${known.command}"`;
    },
    owed: false,
    hasCommand: true,
    async give(tester, scene, options = {}) {
      const start = tester.now();
      const broken: readonly Asked[] = endpoint.protocol.reject === undefined ? [] : [BROKEN];
      const unknown: readonly Asked[] = [...candidates.map((command) => ({ command })), ...broken];
      const tried = known === undefined ? unknown : [known];
      for (const asked of tried) {
        if (tester.end !== undefined) break;
        if (!(await ask(tester, scene, asked, options))) continue;
        known ??= asked;
        return { ok: true, ms: tester.now() - start };
      }
      const ms = tester.now() - start;
      if (known === undefined && tester.messages.some(({ names }) => names.length > 0))
        return { ok: true, ms };
      return { ok: false, ms, expected: "a valid event", got: nothingBut(tester, 0) };
    },
  };
}

/** What is asked: a command, or the refusal of a frame that is no JSON. */
type Asked = { readonly command: string } | typeof BROKEN;

const BROKEN = "broken";
const BROKEN_TEXT = "{";

function endsConnection(endpoint: Endpoint, command: string): boolean {
  return endpoint.lifecycles.some(({ transitions }) =>
    transitions.some(({ to, on }) => to === "$closed" && on.includes(command)),
  );
}

function byEvent(judge: Judge, answerMs: number): Witness | undefined {
  if (judge.endpoint.events.length === 0) return undefined;
  return {
    kind: "event",
    what: "any event that comes unasked",
    owed: false,
    hasCommand: false,
    give: (tester) => awaitEvent(tester, answerMs),
  };
}

async function awaitEvent(tester: Tester, timeoutMs: number, name?: string): Promise<WitnessResult> {
  const start = tester.now();
  const fits = ({ names }: ReceivedMessage): boolean =>
    name === undefined ? names.length > 0 : names.includes(name);
  const found = await tester.next(fits, timeoutMs, 0);
  const ms = tester.now() - start;
  if (found !== undefined) return { ok: true, ms };
  const expected = name === undefined ? "a valid event" : `the event "${name}"`;
  return { ok: false, ms, expected, got: nothingBut(tester, 0) };
}

interface OneCommand {
  readonly kind: Witness["kind"];
  readonly what: string;
  readonly command: string;
  readonly answers: readonly string[];
  readonly timeoutMs: number;
}

function oneCommand(judge: Judge, given: OneCommand): Witness {
  const command = judge.endpoint.commands.find((message) => message.name === given.command);
  return {
    kind: given.kind,
    what: given.what,
    owed: true,
    hasCommand: true,
    async give(tester, scene, options = {}) {
      const start = tester.now();
      const from = tester.messages.length;
      const filling = fillingOf(scene);
      const seed = hash(scene.identity);
      const token = tokenOf(scene.random);
      const payload = ordinaryPayload(judge, given.command, filling, seed, token);
      if (payload === undefined) {
        return {
          ok: false,
          ms: 0,
          expected: `a payload for "${given.command}"`,
          got: "none can be made from its schema",
        };
      }
      await (options.send ?? ((name: string, value: Json) => tester.command(name, value)))(
        given.command,
        payload,
        0,
      );
      const sent = command?.correlation === undefined ? undefined : valueAt(payload, command.correlation);
      const found = await tester.next(
        (message) =>
          given.answers.some(
            (answer) => message.names.includes(answer) && correlates(judge, answer, message, sent),
          ),
        given.timeoutMs,
        from,
      );
      const ms = tester.now() - start;
      if (found !== undefined) return { ok: true, ms };
      const expected = given.answers.map((answer) => `"${answer}"`).join(" or ");
      return {
        ok: false,
        ms,
        expected: `${expected} within ${given.timeoutMs} ms`,
        got: nothingBut(tester, from),
      };
    },
  };
}

/** A short token that two commands of one run do not share. */
export function tokenOf(random: Random): string {
  return `t${random.uint32().toString(36)}`;
}

/** True when the answer carries the correlation value that was sent, or nothing says that it must. */
export function correlates(judge: Judge, answer: string, message: ReceivedMessage, sent: unknown): boolean {
  const pointer = judge.endpoint.events.find((event) => event.name === answer)?.correlation;
  if (pointer === undefined || sent === undefined) return true;
  return sameJson(valueAt(message.payload, pointer), sent);
}

/** True when a fresh connection may send the command: no lifecycle forbids it. */
function isLegalAtFirst(judge: Judge, name: string): boolean {
  const filling: Filling = { text: "text", uuid: "00000000-0000-4000-8000-000000000000", int: 1 };
  const payload = ordinaryPayload(judge, name, filling, 1);
  if (payload === undefined) return false;
  return openLifecycles(judge.endpoint, { timeScale: 1 }).legalNow({ name, payload }) === "legal";
}

function nothingBut(tester: Tester, from: number): string {
  if (tester.end !== undefined) return endOf(tester);
  const last = tester.messages.at(-1);
  if (last === undefined || tester.messages.length <= from) return "no answer";
  return `${tester.messages.length - from} other messages, the last ${last.text.slice(0, 160)}`;
}
