/**
 * Equivalence: the same commands sent in two ways must lead to the same (checks on spelling, masks, fragments, chunks).
 *
 * Equal are: taken or refused with the same codes, the connection open or closed, the lifecycles in states that one
 * command can have led to, and every value of ours that comes back in a correlation id, a field under an `echoes`
 * invariant or an `echo` exchange. Ids, times and generated text of the subject are never compared.
 */

import type { Exchange, Json } from "../../src/contract/contract.js";
import { openLifecycles } from "../../src/contract/lifecycle.js";
import { canonicalJson } from "../../src/contract/same-json.js";
import type { Case, CheckContext, ConnectOptions, Tester } from "../check.js";
import { endOf, type Filling, fill, runExchange } from "../exchange.js";
import { layerOf } from "../layer.js";
import type { CaseOutcome } from "../property.js";
import { type Behaviour, behaviourOf, isRefusal, repliesTo } from "./behaviour.js";
import { concluded, NO_WITNESS, witnessAfter } from "./blame.js";
import {
  type CommandSource,
  commandSource,
  type DraftCommand,
  identifiersOf,
  personalise,
} from "./commands.js";
import { couldBeSame } from "./equal-states.js";
import { endsConnection, openWalk, settle, type Walk } from "./walker.js";

/** What is sent in two ways. Plain data: it can be shown, and stand in an arbitrary. */
export interface Probe {
  /** For a reader: `the exchange "echo"`, `"ping"`. */
  readonly what: string;
  /** Commands, sent one after the other without waiting; empty where `exchange` says what is sent. */
  readonly commands: readonly DraftCommand[];
  /** An exchange that is run to its end, with the text that stands for `$text` in it. */
  readonly exchange?: Exchange;
  readonly text?: string;
}

/** One command of a probe, ready to be sent in any way. */
export interface ProbeCommand {
  readonly name: string;
  readonly payload: Json;
  /** The contract's frame: what {@link Tester.text} takes. */
  readonly text: string;
  /** The text message that carries it on the wire (Socket.IO adds its packet type). */
  readonly wire: string;
}

/** Another way of sending. */
export interface Way {
  /** For a reader: `in 3 fragments`. */
  readonly what: string;
  /** How its connection is opened. */
  readonly connect?: ConnectOptions;
  /**
   * Sends the commands, all of them or (in an exchange) one. Whoever bypasses {@link Tester.text} tells the Monitor:
   * `tester.tell("command", { names: [name], payload })` before the last byte goes out.
   */
  send(tester: Tester, commands: readonly ProbeCommand[]): void | Promise<void>;
}

/** What was compared, in the words of a note. */
export type Aspect = "acceptance" | "states of the lifecycles" | "values that come back";

/** What two ways of sending have in common. */
export type Comparison =
  | { readonly kind: "equivalent"; readonly compared: ReadonlySet<Aspect> }
  | { readonly kind: "different"; readonly expected: string; readonly got: string }
  | { readonly kind: "undecided"; readonly reason: string };

/** Compares the usual way of sending with others, for one check. */
export interface Equivalence {
  /** Probes that the document gives: the best first, one for each command that a fresh connection may send. */
  readonly probes: readonly Probe[];
  /**
   * Sends the probe as usual (remembered: once for each probe in a run of the check) and in the other way, each on a
   * fresh connection of the case.
   */
  compare(scene: Case, probe: Probe, way: Way): Promise<Comparison>;
  /** As {@link Equivalence.compare}, concluded as the outcome of a case of this check. */
  judge(scene: Case, probe: Probe, way: Way, mend: string): Promise<CaseOutcome>;
  /** What was compared so far, for a note. */
  note(): string;
}

/** At most so many probes beside those of exchanges. */
const MOST_COMMANDS = 12;

/** The text of probes: escapes, characters of every length in UTF-8, and nothing that a server may take for white space. */
export const PROBE_TEXT = 'plain "quoted" back\\slash a/b/c//d é ß 漢字 👩‍🚀 end';

/** Opens an equivalence for the check `own`. */
export function openEquivalence(context: CheckContext, own: string): Equivalence {
  const source = commandSource(context.judge, context.seed);
  const usual = new Map<string, Behaviour>();
  const compared = new Set<Aspect>();

  const plainly = async (scene: Case, probe: Probe): Promise<Behaviour> => {
    const identity = otherIdentity(scene.identity);
    const played = await play(context, source, scene, probe, { way: PLAIN, identity });
    const { tester } = played;
    // Where events go to a whole address the two ways must not hear each other.
    if (tester.end === undefined) tester.close(1000);
    await tester.ended(context.answerMs);
    return played.behaviour();
  };

  const compare = async (scene: Case, probe: Probe, way: Way): Promise<Comparison> => {
    const key = canonicalJson([probe.exchange?.name ?? null, probe.text ?? null, probe.commands]);
    const remembered = usual.get(key);
    const wanted = remembered ?? (await plainly(scene, probe));
    if (wanted.doubt !== undefined) return { kind: "undecided", reason: wanted.doubt };
    if (wanted.issue !== undefined) {
      return {
        kind: "undecided",
        reason: `no witness: ${probe.what}, sent as usual, did not lead to ${wanted.issue.expected} (got ${wanted.issue.got})`,
      };
    }
    usual.set(key, wanted);
    // What a lifecycle finds from now on rests on the other way of sending.
    scene.fault();
    const played = await play(context, source, scene, probe, { way, identity: scene.identity, wanted });
    const got = played.behaviour();
    if (got.doubt !== undefined) return { kind: "undecided", reason: got.doubt };
    const difference = differenceOf(context, probe, way, wanted, got);
    if (difference === undefined) {
      const aspects = aspectsOf(wanted, probe);
      for (const aspect of aspects) compared.add(aspect);
      return { kind: "equivalent", compared: aspects };
    }
    if (remembered === undefined) return difference;
    // What was remembered may be out of date: the subject is only blamed for what it does now.
    const again = await plainly(scene, probe);
    if (differenceOf(context, probe, PLAIN, wanted, again) === undefined) return difference;
    usual.delete(key);
    return { kind: "undecided", reason: `${probe.what}, sent as usual, does not always lead to the same` };
  };

  return {
    probes: probesOf(context, source),
    compare,
    async judge(scene, probe, way, mend) {
      if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS };
      const comparison = await compare(scene, probe, way);
      if (comparison.kind === "undecided") {
        return concluded(scene, own, { verdict: "inconclusive", reason: comparison.reason });
      }
      if (comparison.kind === "different") {
        const { expected, got } = comparison;
        return concluded(scene, own, { verdict: "fail", expected, got, mend });
      }
      // An exchange to its end, or a value that came back, is evidence enough; acceptance alone may be deafness.
      if (comparison.compared.has("values that come back")) return concluded(scene, own, { verdict: "pass" });
      const broken = await witnessAfter(context, scene, await scene.connect(), `${probe.what} ${way.what}`);
      return concluded(scene, own, broken ?? { verdict: "pass" });
    },
    note: () => `compared: ${compared.size === 0 ? "nothing" : [...compared].sort().join(", ")}`,
  };
}

const PLAIN: Way = {
  what: "as usual",
  send(tester, commands) {
    for (const { name, payload } of commands) tester.command(name, payload);
  },
};

/** An identity of the case's own, unlike {@link Case.identity} and its neighbour. */
function otherIdentity(identity: string): string {
  const [first = "0"] = identity;
  return `${(Number.parseInt(first, 16) ^ 8).toString(16)}${identity.slice(1)}`;
}

/** The exchanges tagged echo or witness, then each command that a fresh connection may certainly send. */
function probesOf(context: CheckContext, source: CommandSource): readonly Probe[] {
  const sends = ({ steps }: Exchange): boolean => steps.some((step) => "send" in step);
  const echo = (exchange: Exchange): boolean => exchange.tags.includes("echo");
  const known = (context.endpoint.exchanges?.list ?? [])
    .filter((exchange) => sends(exchange) && (echo(exchange) || exchange.tags.includes("witness")))
    .map(
      (exchange): Probe => ({
        what: `the exchange "${exchange.name}"`,
        commands: [],
        exchange,
        text: PROBE_TEXT,
      }),
    )
    .filter((probe) => canBeSent(context, probe));
  known.sort(
    (a, b) =>
      Number(b.exchange !== undefined && echo(b.exchange)) -
      Number(a.exchange !== undefined && echo(a.exchange)),
  );
  const fresh = openLifecycles(context.endpoint, { timeScale: 1 });
  const single = source.names
    .filter((name) => !endsConnection(context.endpoint, name))
    .flatMap((name) => source.variants(name).find((draft) => fresh.legalNow(draft) === "legal") ?? [])
    .map((command): Probe => ({ what: `"${command.name}"`, commands: [command] }))
    .slice(0, MOST_COMMANDS);
  return [...known, ...single];
}

/** False where a schema cannot hold the text of the probe. */
function canBeSent(context: CheckContext, { exchange, text = PROBE_TEXT }: Probe): boolean {
  if (exchange === undefined) return true;
  const filling: Filling = { text, uuid: "00000000-0000-4000-8000-000000000000", int: 7 };
  return exchange.steps.every(
    (step) =>
      !("send" in step) ||
      context.judge.commands.validate(step.send.message, fill(step.send.payload, filling)) === undefined,
  );
}

interface Arm {
  readonly way: Way;
  readonly identity: string;
  /** What the usual way led to: time is given to come to the same. */
  readonly wanted?: Behaviour;
}

interface Played {
  readonly tester: Tester;
  behaviour(): Behaviour;
}

async function play(
  context: CheckContext,
  source: CommandSource,
  scene: Case,
  probe: Probe,
  arm: Arm,
): Promise<Played> {
  const tester = await scene.connect(arm.way.connect ?? {});
  const walk: Walk = {
    ...openWalk(context, scene, tester, source),
    identifiers: identifiersOf(arm.identity),
  };
  const from = tester.messages.length;
  const sent: ProbeCommand[] = [];
  const send = async (commands: readonly ProbeCommand[]): Promise<void> => {
    sent.push(...commands);
    await arm.way.send(tester, commands);
  };
  let issue: Behaviour["issue"];
  let doubt: string | undefined;
  if (probe.exchange !== undefined) {
    const run = await runExchange(tester, probe.exchange, {
      judge: context.judge,
      filling: { text: probe.text ?? PROBE_TEXT, uuid: walk.identifiers[0], int: 7 },
      answerMs: context.answerMs,
      send: (name, payload) => send([commandOf(context, name, payload)]),
    });
    if (!run.ok) issue = { expected: run.expected, got: run.got };
  } else {
    const commands = probe.commands.map(({ name, payload }) =>
      commandOf(context, name, personalise(payload, walk.identifiers)),
    );
    const open = commands.find((command) => tester.monitor.legalNow(command) === "undecided");
    if (open !== undefined) doubt = `"${open.name}" may be taken or refused in this state`;
    await send(commands);
    await awaitConsequences(walk, sent, from);
  }
  const behaviour = (): Behaviour => {
    const given = tester.end?.explained === true ? endOf(tester) : doubt;
    return {
      ...behaviourOf(walk, sent, from),
      ...(issue === undefined ? {} : { issue }),
      ...(given === undefined ? {} : { doubt: given }),
    };
  };
  const { wanted } = arm;
  if (wanted !== undefined && issue === undefined) {
    // Both come to rest in their own time: only what stays different is different.
    const deadline = tester.now() + context.answerMs;
    while (tester.end === undefined && tester.now() < deadline) {
      if (differenceOf(context, probe, arm.way, wanted, behaviour()) === undefined) break;
      if (behaviour().refusals.length > wanted.refusals.length) break;
      await tester.next(() => true, Math.min(LOOK_MS, deadline - tester.now()), tester.messages.length);
    }
  }
  return { tester, behaviour };
}

/** How often states are looked at again while they differ (milliseconds): clocks move them as well as events. */
const LOOK_MS = 50;

function commandOf(context: CheckContext, name: string, payload: Json): ProbeCommand {
  const text = context.judge.frameOf(name, payload);
  return { name, payload, text, wire: layerOf(context.endpoint, true).write(text) };
}

/** Waits for the replies, for what the lifecycles owe, for the close; else as long as a refusal may take to be seen. */
async function awaitConsequences(walk: Walk, sent: readonly ProbeCommand[], from: number): Promise<void> {
  const { context, tester } = walk;
  const answers = sent.filter(({ name }) => repliesTo(context, name).length > 0).length;
  const answered = (): number =>
    tester.messages
      .slice(from)
      .filter(
        (message) =>
          isRefusal(context, message) ||
          sent.some(({ name }) => repliesTo(context, name).some((one) => message.names.includes(one))),
      ).length;
  while (answered() < answers && tester.end === undefined) {
    if ((await tester.next(() => true, context.answerMs, tester.messages.length)) === undefined) break;
  }
  await settle(walk);
  if (tester.end === undefined && answered() < sent.length) await tester.wait(context.quietMs());
}

function differenceOf(
  context: CheckContext,
  probe: Probe,
  way: Way,
  wanted: Behaviour,
  got: Behaviour,
): Extract<Comparison, { kind: "different" }> | undefined {
  const differ = (expected: string, found: string): Extract<Comparison, { kind: "different" }> => ({
    kind: "different",
    expected: `${probe.what} ${way.what}: ${expected}, as when it is sent as usual`,
    got: found,
  });
  if (got.issue !== undefined) return differ(got.issue.expected, got.issue.got);
  if (canonicalJson(wanted.refusals) !== canonicalJson(got.refusals)) {
    return differ(
      refusalWords(wanted.refusals),
      `${refusalWords(got.refusals)}; the last event: ${got.last}`,
    );
  }
  if (wanted.end !== got.end) {
    return differ(wanted.end ?? "the connection stays open", got.end ?? "the connection is open");
  }
  const lost = [...wanted.echoed].find((one) => !got.echoed.has(one));
  if (lost !== undefined) return differ(`the value comes back (${lost})`, got.last);
  const state = couldBeSame(context.endpoint, wanted.states, got.states);
  if (state !== undefined) return differ(state.expected, state.got);
  return undefined;
}

function aspectsOf(wanted: Behaviour, probe: Probe): ReadonlySet<Aspect> {
  const aspects = new Set<Aspect>(["acceptance"]);
  if (wanted.states.size > 0) aspects.add("states of the lifecycles");
  if (wanted.echoed.size > 0 || probe.exchange !== undefined) aspects.add("values that come back");
  return aspects;
}

function refusalWords(codes: readonly Json[]): string {
  if (codes.length === 0) return "no refusal";
  return `refused (${codes.map((code) => (code === null ? "no code" : JSON.stringify(code))).join(", ")})`;
}
