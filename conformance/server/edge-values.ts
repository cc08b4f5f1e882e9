/**
 * S-CD-07: strings and integers at the edges of what JSON and its parsers hold. What the schema accepts is taken, and
 * what comes back comes back whole.
 */

import fc from "fast-check";
import { replaceAt } from "../../src/arbitrary/violation-site.js";
import type { Exchange, Json, Message, Pointer, Reply } from "../../src/contract/contract.js";
import { formatPointer, isObject, parsePointer, valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { Case, Check, CheckContext, CheckResult, ReceivedMessage } from "../check.js";
import { endOf, fill, runExchange } from "../exchange.js";
import { excerpt, frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { lacksWitness } from "../undecided.js";
import { concluded, NO_WITNESS, notApplicable, witnessAfter } from "./blame.js";
import { type CommandSource, commandSource, personalise, placementsOf } from "./commands.js";
import { awaitConsequence, cutOff, refusalClass } from "./consequence.js";
import { isSurelyReply } from "./requests.js";
import { openWalk } from "./walker.js";

const ID = "S-CD-07";

/** How it binds: what INFO brings to light is a note. */
type Level = "MUST" | "SHOULD" | "INFO";

/** A value at an edge, or a text that stands where a value would. */
interface Edge {
  readonly what: string;
  readonly level: Level;
  readonly type: "string" | "integer";
  readonly value: Json;
  /** Written in the frame instead of the value. */
  readonly spelled?: string;
}

const LARGEST = Number.MAX_SAFE_INTEGER;

const EDGES: readonly Edge[] = [
  { what: "a NUL character", level: "MUST", type: "string", value: "a\u0000b" },
  { what: "characters in parts", level: "MUST", type: "string", value: "e\u0301 A\u030a n\u0303" },
  { what: "characters beyond the first plane", level: "MUST", type: "string", value: "👍🏽 𝔘 \u{10fffd}" },
  { what: "64 kB of text", level: "MUST", type: "string", value: "0123456789abcdef".repeat(4096) },
  { what: "2^53-1", level: "MUST", type: "integer", value: LARGEST },
  { what: "-(2^53-1)", level: "MUST", type: "integer", value: -LARGEST },
  { what: "1.0 for an integer", level: "SHOULD", type: "integer", value: 1, spelled: "1.0" },
  { what: "1e2 for an integer", level: "SHOULD", type: "integer", value: 100, spelled: "1e2" },
  { what: "-0 for an integer", level: "SHOULD", type: "integer", value: 0, spelled: "-0" },
  {
    what: "half of a surrogate pair",
    level: "SHOULD",
    type: "string",
    value: "a\ud83d",
    spelled: '"a\\ud83d"',
  },
  { what: "2^53+1", level: "INFO", type: "integer", value: LARGEST, spelled: "9007199254740993" },
  { what: "1e400", level: "INFO", type: "integer", value: LARGEST, spelled: "1e400" },
];

/** One case: an edge at a place of a command, or in an exchange that sends it back. */
type EdgeCase = { readonly edge: Edge; readonly label: string } & (
  | { readonly exchange: Exchange }
  | { readonly command: string; readonly pointer: Pointer; readonly payload: Json }
);

/** Every edge in each exchange that sends it back and at places of each command, as far as the schemas take it. */
export const edgeValues: Check = {
  id: ID,
  async run(context) {
    const source = commandSource(context.judge, context.seed);
    const all = [...inExchanges(context), ...inCommands(context, source)];
    const known = all.filter((one) => one.edge.level !== "INFO");
    if (known.length === 0) {
      return notApplicable(
        "no schema of a command takes a string or integer at the edges in a field that is free",
      );
    }
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const run = (level: Level) =>
      runProperty<EdgeCase>(context, {
        label: level === "MUST" ? "edge value" : "doubtful edge value",
        examples: choose(context, all, level),
        show: ({ label }) => label,
        script: (value, scene) => play(context, source, value, scene),
      });
    const notes = await learn(context, source, choose(context, all, "INFO"));
    const words = { pass: "every value that its schema takes was taken, and came back whole", notes };
    const must = await run("MUST");
    const silent = must.passed === 0 && must.undecided.some(lacksWitness);
    if (must.failure !== undefined || must.flaky !== undefined || silent) return resultOf(must, words);
    const should = await run("SHOULD");
    if (should.failure === undefined) return resultOf(must.cases > 0 ? must : should, words);
    return softened(resultOf(should, words));
  },
};

function softened(result: CheckResult): CheckResult {
  return result.verdict === "fail" ? { ...result, verdict: "warn" } : result;
}

/** How much of the profile's enumerated cases each level gets. */
const SHARE: Readonly<Record<Level, number>> = { MUST: 0.5, SHOULD: 0.25, INFO: 0.1 };

/** One of each command and edge first, then other places, as many as the profile has. */
function choose(context: CheckContext, all: readonly EdgeCase[], level: Level): readonly EdgeCase[] {
  const fitting = all.filter(({ edge }) => edge.level === level);
  const families = new Map<string, EdgeCase>();
  for (const one of fitting) {
    const family = `${"command" in one ? one.command : one.exchange.name} ${one.edge.what}`;
    if (!families.has(family)) families.set(family, one);
  }
  const first = [...families.values()];
  const others = fitting.filter((one) => !first.includes(one));
  const most = Math.ceil(context.profile.maxKinds * SHARE[level]);
  return [...first, ...others].slice(0, most);
}

function inExchanges({ endpoint, judge }: CheckContext): EdgeCase[] {
  return (endpoint.exchanges?.list ?? []).flatMap((exchange) => {
    if (exchange.tags.includes("bulk")) return [];
    const placeholders = [
      ...(exchange.tags.includes("echo") ? (["$text"] as const) : []),
      ...(JSON.stringify(exchange.expect).includes('"$int"') ? (["$int"] as const) : []),
    ];
    return EDGES.flatMap((edge): EdgeCase[] => {
      const fits = placeholders.includes(edge.type === "string" ? "$text" : "$int");
      if (!fits || edge.spelled !== undefined) return [];
      const valid = exchange.steps.every(
        (step) =>
          !("send" in step) ||
          judge.commands.validate(step.send.message, fill(step.send.payload, fillingOf(edge, UUID))) ===
            undefined,
      );
      return valid ? [{ edge, exchange, label: `${edge.what} in the exchange "${exchange.name}"` }] : [];
    });
  });
}

const UUID = "00000000-0000-4000-8000-000000000000";

function fillingOf({ value }: Edge, uuid: string): { text: string; uuid: string; int: number } {
  return {
    text: typeof value === "string" ? value : "wireproof",
    uuid,
    int: typeof value === "number" ? value : 7,
  };
}

/** Free strings and integers of each command's payloads; names, keys and domain fields keep their values. */
function inCommands(context: CheckContext, source: CommandSource): EdgeCase[] {
  const { endpoint } = context;
  return endpoint.commands.flatMap((message) => {
    if (!source.names.includes(message.name)) return [];
    const bound = new Set([
      ...Object.keys(placementsOf(endpoint, message)),
      ...endpoint.protocol.receive.fields,
    ]);
    const seen = new Set<Pointer>();
    const samples = [
      ...source.variants(message.name).map(({ payload }) => payload),
      ...fc.sample(source.payloads(message.name), { seed: context.seed, numRuns: SAMPLES }),
    ];
    return samples.flatMap((payload) =>
      leavesOf(payload).flatMap(({ pointer, parts, type }): EdgeCase[] => {
        if (seen.has(pointer) || bound.has(pointer)) return [];
        seen.add(pointer);
        return EDGES.filter((edge) => edge.type === type).flatMap((edge) => {
          const changed = replaceAt(payload, parts, edge.value);
          if (changed === undefined || !takes(context, message, changed, edge, parts)) return [];
          const label = `${edge.what} at ${pointer} of "${message.name}"`;
          return [{ edge, command: message.name, pointer, payload: changed, label }];
        });
      }),
    );
  });
}

/** True when the contract takes the frame; an INFO edge is tried where it takes the value that it stands for. */
function takes(
  context: CheckContext,
  message: Message,
  payload: Json,
  edge: Edge,
  parts: readonly string[],
): boolean {
  const text =
    edge.level === "INFO"
      ? frameText(context.endpoint, message.name, payload)
      : textOf(context, message.name, payload, edge, parts);
  const { maxBytes } = context.endpoint.protocol;
  if (maxBytes !== undefined && Buffer.byteLength(text) + 16 > maxBytes) return false;
  const result = context.judge.commands.judge(text);
  return result.ok && result.messages.includes(message.name);
}

/** Stands in a frame for what no JSON value is written as; no payload holds it. */
const MARK = "wireproof:edge";

function textOf(
  context: CheckContext,
  command: string,
  payload: Json,
  edge: Edge,
  parts: readonly string[],
): string {
  if (edge.spelled === undefined) return frameText(context.endpoint, command, payload);
  const marked = replaceAt(payload, parts, MARK) ?? payload;
  return frameText(context.endpoint, command, marked).replace(JSON.stringify(MARK), () => edge.spelled ?? "");
}

/** So many payloads are made to find the places of each command: an optional field is not in every one. */
const SAMPLES = 40;

interface Leaf {
  readonly pointer: Pointer;
  readonly parts: readonly string[];
  readonly type: Edge["type"];
}

function leavesOf(payload: Json, parts: readonly string[] = []): Leaf[] {
  if (Array.isArray(payload)) {
    return payload.slice(0, 2).flatMap((item: Json, index) => leavesOf(item, [...parts, String(index)]));
  }
  if (isObject(payload)) {
    // Members of a Json object are Json: `isObject` only forgets that.
    return Object.entries(payload).flatMap(([name, member]) => leavesOf(member as Json, [...parts, name]));
  }
  if (typeof payload === "string") return [{ pointer: formatPointer(parts), parts, type: "string" }];
  return typeof payload === "number" ? [{ pointer: formatPointer(parts), parts, type: "integer" }] : [];
}

async function play(
  context: CheckContext,
  source: CommandSource,
  value: EdgeCase,
  scene: Case,
): Promise<CaseOutcome> {
  scene.fault();
  const tester = await scene.connect();
  if ("exchange" in value) {
    const filling = fillingOf(value.edge, scene.identity);
    const run = await runExchange(tester, value.exchange, {
      judge: context.judge,
      filling,
      answerMs: context.answerMs,
    });
    if (run.ok) return concluded(scene, ID, { verdict: "pass" });
    return concluded(
      scene,
      ID,
      await orWithout(context, scene, value.exchange, {
        verdict: "fail",
        expected: `${value.label} comes back whole: ${run.expected}`,
        got: run.got,
        mend: "Hold text as Unicode and integers in 64 bits, and write them as JSON again: nothing may be cut or rounded.",
      }),
    );
  }
  const { command, pointer, edge } = value;
  const walk = openWalk(context, scene, tester, source);
  const payload = personalise(value.payload, walk.identifiers);
  const from = tester.messages.length;
  const text = textOf(context, command, payload, edge, parsePointer(pointer));
  tester.text(text, "command", { names: [command], payload });
  await awaitConsequence(walk, command, from);
  const reply = repliesTo(context, command, pointer, payload);
  if (reply !== undefined && tester.end === undefined) {
    // What came first may be something that the server says unasked.
    const settles = (message: ReceivedMessage): boolean =>
      reply.isSure(message) ||
      reply.read(message) === "whole" ||
      refusalClass(context, message) !== undefined;
    await tester.next(settles, context.answerMs, from);
  }
  const since = tester.messages.slice(from);
  const refused = since.find((message) => refusalClass(context, message) === "payload");
  if (refused !== undefined) {
    return concluded(scene, ID, {
      verdict: "fail",
      expected: `${value.label} is taken: the schema accepts it`,
      got: `${excerpt(refused.text)} after ${excerpt(text)}`,
      mend: "Accept what the schema of the document accepts, or narrow the schema (maxLength, maximum, pattern).",
    });
  }
  const whole = since.some((message) => reply?.read(message) === "whole");
  const harmed = whole ? undefined : since.find((message) => reply?.read(message) === "harmed");
  if (harmed !== undefined) {
    return concluded(scene, ID, {
      verdict: "fail",
      expected: `${value.label} comes back whole in the reply`,
      got: excerpt(harmed.text),
      mend: "Copy the correlation id as it came: nothing may be cut, escaped or rounded.",
    });
  }
  const cut = cutOff(context, tester, command);
  if (cut !== undefined) return concluded(scene, ID, cut);
  if (tester.end === undefined) tester.close(1000);
  const broken = await witnessAfter(context, scene, await scene.connect(), value.label);
  return concluded(scene, ID, broken ?? { verdict: "pass" });
}

/** The exchange with ordinary text: where that fails as well, the edge is not to blame. */
async function orWithout(
  context: CheckContext,
  scene: Case,
  exchange: Exchange,
  failure: CaseOutcome,
): Promise<CaseOutcome> {
  const ordinary = await runExchange(await scene.connect(), exchange, {
    judge: context.judge,
    filling: { text: "wireproof", uuid: otherUuid(scene.identity), int: 7 },
    answerMs: context.answerMs,
  });
  if (ordinary.ok) return failure;
  return {
    verdict: "inconclusive",
    reason: `no witness: the exchange "${exchange.name}" does not come to its end with ordinary text either`,
  };
}

function otherUuid(uuid: string): string {
  const [first = "0"] = uuid;
  return `${(Number.parseInt(first, 16) ^ 8).toString(16)}${uuid.slice(1)}`;
}

/** What an event says of an edge that was sent as a correlation id. */
type Reading = "whole" | "harmed" | "none";

/** The replies to one command. */
interface Replies {
  readonly read: (message: ReceivedMessage) => Reading;
  /** True for an event that can be nothing else, whether the document gives it an id or not. */
  readonly isSure: (message: ReceivedMessage) => boolean;
}

/**
 * How replies are read where the edge was sent as the correlation id. Any of them that carries it shows that it came
 * back; one that carries something else is harmed only where it can be nothing but a reply.
 */
function repliesTo(
  { endpoint }: CheckContext,
  command: string,
  pointer: Pointer,
  payload: Json,
): Replies | undefined {
  if (endpoint.commands.find(({ name }) => name === command)?.correlation !== pointer) return undefined;
  const places = new Map<string, Pointer>();
  const replies: Reply[] = [];
  for (const { messages, reply } of endpoint.operations) {
    if (!messages.includes(command) || reply === undefined || reply.ack) continue;
    replies.push(reply);
    for (const { name, correlation } of endpoint.events)
      if (correlation !== undefined && reply.messages.includes(name)) places.set(name, correlation);
  }
  if (places.size === 0) return undefined;
  const sent = valueAt(payload, pointer);
  return {
    isSure: (message) => replies.some((reply) => isSurelyReply(reply, message)),
    read({ names, payload: answer }) {
      const found = names.flatMap((name) => places.get(name) ?? []);
      if (found.some((place) => sameJson(valueAt(answer, place), sent))) return "whole";
      return found.length > 0 && found.length === names.length ? "harmed" : "none";
    },
  };
}

/** What becomes of numbers that no two parsers read alike: told, not judged. */
async function learn(
  context: CheckContext,
  source: CommandSource,
  cases: readonly EdgeCase[],
): Promise<string[]> {
  return Promise.all(
    cases.map((value) =>
      context.inCase(`information: ${value.label}`, async (scene) => {
        if (!("command" in value)) return `${value.label}: not tried`;
        const tester = await scene.connect();
        const walk = openWalk(context, scene, tester, source);
        const payload = personalise(value.payload, walk.identifiers);
        const parts = parsePointer(value.pointer);
        tester.tell("anything");
        tester.text(textOf(context, value.command, payload, value.edge, parts), "none");
        const answer = await tester.next(() => true, context.quietMs(), tester.messages.length);
        const told =
          answer !== undefined
            ? excerpt(answer.text)
            : tester.end !== undefined
              ? endOf(tester)
              : "no answer";
        return `${value.label}: ${told}`;
      }),
    ),
  );
}
