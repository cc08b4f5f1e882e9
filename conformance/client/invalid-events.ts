/** C-CD-04 and C-CD-05: events with one violation of their schema, texts that are no JSON, and values at the edge. */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { UnsatisfiableError } from "../../src/arbitrary/bounded-filter.js";
import { openViolations, type Violation } from "../../src/arbitrary/invalid-payload.js";
import { type NoiseLabel, noiseText } from "../../src/arbitrary/noise-text.js";
import type { Json } from "../../src/contract/contract.js";
import { DECODE_ERROR_CODES } from "../../src/contract/decode-error-codes.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { DecodeErrorCode } from "../../src/wire/protocol.js";
import { excerpt, frameText, type Judge } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, ClientReport, LaunchedClient } from "./check.js";
import { validEvents } from "./event-names.js";
import { meet } from "./meeting.js";
import { isOwnEvent, isRefusal, speaksOfItself, take, toldEvents, waysOf } from "./ways.js";
import { endText, pongWitness } from "./witness.js";

/** A text that is no valid event. */
interface BadEvent {
  readonly label: string;
  readonly text: string;
}

const DECODE_CODES: ReadonlySet<string> = new Set(DECODE_ERROR_CODES);

const show = ({ label, text }: BadEvent): Json => ({ what: label, frame: excerpt(text) });

const SILENT = { obliging: { commands: false } } as const;

/** C-CD-04. */
export const invalidEvents: ClientCheck = {
  id: "C-CD-04",
  async run(context) {
    const sources = await violationsOf(context);
    const examples = [...brokenJson(context), ...sources.flatMap((source) => source.examples)];
    if (examples.length === 0) {
      return { verdict: "untestable", reason: "no event can be made invalid by one change", cases: 0 };
    }
    const chosen = choose(context, examples);
    const arbitraries = sources.map(({ arbitrary }) => arbitrary);
    const property = await runProperty<BadEvent, ClientCase>(context, {
      label: "invalid event",
      examples: chosen,
      ...(arbitraries.length === 0 ? {} : { arbitrary: fc.oneof(...arbitraries) }),
      show,
      script: (bad, scene) => tells(context, scene, bad),
    });
    return resultOf(property, {
      pass: "each was reported, and none was delivered",
      notes: [`${chosen.length} of ${examples.length} kinds enumerated, then random ones`],
    });
  },
};

/** As many as the profile has room for, picked by the seed. */
function choose({ profile, random }: ClientContext, all: readonly BadEvent[]): readonly BadEvent[] {
  if (all.length <= profile.maxKinds) return all;
  const drawn = all.map((one) => ({ one, at: random.uint32() })).sort((a, b) => a.at - b.at);
  return drawn.slice(0, profile.maxKinds).map(({ one }) => one);
}

async function violationsOf(
  context: ClientContext,
): Promise<{ readonly examples: readonly BadEvent[]; readonly arbitrary: fc.Arbitrary<BadEvent> }[]> {
  const { contract, endpoint, judge, seed } = context;
  const sources = [];
  for (const { acknowledgement, binary, name, payload } of endpoint.events) {
    if (binary || acknowledgement || payload === true) continue;
    const toBad = ({ label, value }: Violation): BadEvent => ({
      label: `a "${name}" with one violation (${label})`,
      text: frameText(endpoint, name, value, "event"),
    });
    const fits = (violation: Violation): boolean => isInvalid(judge, toBad(violation).text);
    const violations = openViolations(payload, contract.definitions);
    const hard = [];
    const examples: BadEvent[] = [];
    for (const kind of violations.kinds) {
      // Parsers of formats differ between languages.
      if (kind.keyword === "format") continue;
      // Making them takes a moment on a large document, and other cases are being timed.
      await setImmediate();
      try {
        const [sample] = fc.sample(violations.payloads({ kinds: [kind], fits }), { seed, numRuns: 1 });
        if (sample === undefined) continue;
        examples.push(toBad(sample));
        hard.push(kind);
      } catch (error) {
        // A name that is violated makes another message, or none: that is for other rows.
        if (!(error instanceof UnsatisfiableError)) throw error;
      }
    }
    if (hard.length === 0) continue;
    sources.push({ examples, arbitrary: violations.payloads({ kinds: hard, fits }).map(toBad) });
  }
  return sources;
}

/** The code that the procedure of PROTOCOL.md gives a text. */
function codeOf(judge: Judge, text: string): DecodeErrorCode | undefined {
  const result = judge.events.judge(text);
  return result.ok ? undefined : result.error.code;
}

function isInvalid(judge: Judge, text: string): boolean {
  const result = judge.events.judge(text);
  return !result.ok && result.error.code === "invalid-payload";
}

/** What no parser of JSON may take for an event. */
const BROKEN: readonly NoiseLabel[] = [
  "truncated",
  "trailing comma",
  "two documents",
  "null",
  "a string",
  "NaN",
  "single quotes",
  "in an array",
  "a comment",
];

function brokenJson({ judge, endpoint, seed }: ClientContext): BadEvent[] {
  const [event] = validEvents(judge);
  // What the parser of Socket.IO refuses may end the transport (PROTOCOL.md#socket-io-4).
  if (event === undefined || endpoint.protocol.transport === "socket.io") return [];
  const text = frameText(endpoint, event.name, event.payload, "event");
  return BROKEN.flatMap((label): BadEvent[] => {
    const [noise] = fc.sample(noiseText(fc.constant(text), [label]), { seed, numRuns: 1 });
    if (noise === undefined || judge.events.judge(noise.text).ok) return [];
    return [{ label: `an event that is no JSON or no object (${label})`, text: noise.text }];
  });
}

async function tells(context: ClientContext, scene: ClientCase, bad: BadEvent): Promise<CaseOutcome> {
  const met = await meet(context, scene, SILENT);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  await opened(context, met.client);
  const from = client.told.length;
  peer.text(bad.text, "undecodable");
  const told = await client.next(({ kind }) => kind === "error" || kind === "event", context.answerMs, from);
  const isDecodeError = (report: ClientReport): boolean =>
    report.kind === "error" && DECODE_CODES.has(report.code);
  // What the client says of something else is no report of this.
  const reported = await client.next(isDecodeError, told === undefined ? 0 : context.quietMs(), from);
  if (peer.end === undefined) await pongWitness(context, scene, peer);
  const expected = `${bad.label} is reported as a decode error, and not delivered`;
  const mend =
    "Validate each event before it is delivered, and report what is refused with its code: never drop it in silence.";
  const [delivered] = toldEvents(context, client, from);
  if (delivered !== undefined) {
    return {
      verdict: "fail",
      reason: "an invalid event was delivered as valid",
      expected,
      got: `it was delivered: ${excerpt(JSON.stringify(delivered))}`,
      mend,
    };
  }
  if (client.gone !== undefined) {
    return {
      verdict: "fail",
      reason: "the client died of it",
      expected,
      got: `the client ${client.gone}`,
      mend,
    };
  }
  const code = codeOf(context.judge, bad.text);
  if (reported?.kind === "error") {
    if (code === undefined || reported.code === code) return { verdict: "pass" };
    return {
      verdict: "warn",
      reason: `it was reported as ${reported.code}`,
      expected: `${bad.label} is reported as ${code} (PROTOCOL.md#decode-errors-5)`,
      got: `a report of ${reported.code}`,
      mend: "Look at a frame in the order of PROTOCOL.md#decode-errors: the first thing that is wrong gives the code.",
    };
  }
  const other = client.told.slice(from).find(({ kind }) => kind === "error");
  const got =
    other?.kind === "error"
      ? `a report of "${other.code}", which is no decode error; ${endText(peer)}`
      : `no report of a fault; ${endText(peer)}`;
  return { verdict: "fail", reason: "an invalid event vanished: nothing was reported", expected, got, mend };
}

/** The event that opens the session has been told, where there is one. */
async function opened({ answerMs, endpoint }: ClientContext, client: LaunchedClient): Promise<void> {
  if (endpoint.protocol.first) await client.next(({ kind }) => kind === "event", answerMs, 0);
}

/** A value at the edge, as text, and what stands for it in a payload. */
interface Edge {
  readonly what: string;
  readonly type: "string" | "number" | "object";
  readonly spelled: string;
}

const EDGES: readonly Edge[] = [
  { what: "2^53+1", type: "number", spelled: "9007199254740993" },
  { what: "a NUL character", type: "string", spelled: '"a\\u0000b"' },
  { what: "half of a surrogate pair", type: "string", spelled: '"a\\ud83d"' },
  { what: "the key __proto__", type: "object", spelled: '{"__proto__":{"polluted":true},' },
];

/** C-CD-05. */
export const edgeEvents: ClientCheck = {
  id: "C-CD-05",
  async run(context) {
    const examples = edgesOf(context);
    if (examples.length === 0) {
      return { verdict: "untestable", reason: "no event has a place for a value at the edge", cases: 0 };
    }
    const property = await runProperty(context, {
      label: "edge value",
      examples,
      show,
      script: (edge, scene: ClientCase) => unharmed(context, scene, edge),
    });
    return resultOf(property, {
      pass: "each was delivered as JSON has it, or reported, and harmed nothing else",
    });
  },
};

interface EdgeEvent extends BadEvent {
  readonly name: string;
  readonly plain: Json;
  readonly way: ReturnType<typeof waysOf> extends ReadonlyMap<string, infer W> ? W : never;
}

/** The first place for each edge in each event, as far as the profile has room. */
function edgesOf(context: ClientContext): readonly EdgeEvent[] {
  const { endpoint, judge, profile } = context;
  const ways = waysOf(context);
  const all = validEvents(judge).flatMap(({ name, payload }): EdgeEvent[] => {
    if (!speaksOfItself(context, name) || isRefusal(judge, name, payload)) return [];
    if (name === endpoint.protocol.first?.message) return [];
    const way = ways.get(name) ?? [];
    const plain = way.at(-1)?.payload ?? payload;
    return EDGES.flatMap((edge): EdgeEvent[] => {
      const texts = textsWith(frameText(endpoint, name, plain, "event"), edge);
      const text =
        texts.find((one) => judge.events.judge(one).ok) ?? texts.find((one) => isInvalid(judge, one));
      if (text === undefined) return [];
      return [{ label: `${edge.what} in "${name}"`, text, name, plain, way: way.slice(0, -1) }];
    });
  });
  return all.slice(0, profile.maxKinds);
}

/** The text with the edge in the place of each of its values of that type. */
function textsWith(text: string, { spelled, type }: Edge): string[] {
  if (type === "object") return [text.replace("{", () => spelled)];
  const values = type === "string" ? /(?<=:)"(?:[^"\\]|\\.)*"(?=[,}])/g : /(?<=:)-?\d+(?=[,}])/g;
  return [...text.matchAll(values)].map(
    ({ 0: found, index }) => text.slice(0, index) + spelled + text.slice(index + found.length),
  );
}

async function unharmed(context: ClientContext, scene: ClientCase, edge: EdgeEvent): Promise<CaseOutcome> {
  const met = await meet(context, scene, SILENT);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  await take(context, scene, met, edge.way);
  await pongWitness(context, scene, peer);
  await opened(context, client);
  if (peer.end !== undefined || !peer.allows(edge.name, edge.plain)) {
    return { verdict: "inconclusive", reason: `"${edge.name}" is not legal where the client was brought` };
  }
  const from = client.told.length;
  const isValid = context.judge.events.judge(edge.text).ok;
  peer.text(edge.text, isValid ? "anything" : "undecodable");
  const isOther = (report: ClientReport): boolean =>
    report.kind === "error" || (report.kind === "event" && isOwnEvent(context, report.payload));
  const told = await client.next(isOther, context.answerMs, from);
  const expected = `${edge.label} is delivered as JSON has it, or reported: ${excerpt(edge.text)}`;
  const mend = "Parse with the platform's JSON, copy no field by assignment, and report what cannot be kept.";
  const failure = (reason: string, got: string): CaseOutcome => ({
    verdict: "fail",
    reason,
    expected,
    got,
    mend,
  });
  if (client.gone !== undefined) return failure("the client died of it", `the client ${client.gone}`);
  if (told === undefined) return failure("it vanished", `nothing was told; ${endText(peer)}`);
  const value: unknown = JSON.parse(edge.text);
  const sent = context.endpoint.protocol.transport === "socket.io" && Array.isArray(value) ? value[1] : value;
  if (told.kind === "event" && !sameJson(told.payload, sent)) {
    return failure("it was delivered with another value", excerpt(JSON.stringify(told.payload)));
  }
  if (!(await pongWitness(context, scene, peer)).ok)
    return failure("the client went no further", endText(peer));
  return { verdict: "pass" };
}
