/** S-CD-03: a command with one violation of its schema is refused once, with a payload code, and has no effect. */

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { openViolations, type Violation, type ViolationKind } from "../../src/arbitrary/invalid-payload.js";
import type { Json, Message, Pointer } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { Check, CheckContext, CheckResult } from "../check.js";
import { frameText } from "../judge.js";
import { withValue } from "../payloads.js";
import { type PropertyResult, resultOf, runProperty } from "../property.js";
import { notApplicable, quietNote } from "./blame.js";
import { commandSource, placementsOf } from "./commands.js";
import { type BadFrame, refusalScript, showBadFrame } from "./refusal.js";
import { byRound } from "./rounds.js";

const ID = "S-CD-03";

/** Random cases beyond the enumerated ones, but at night: those cover each kind, these combine it with other payloads. */
const MOST_RANDOM = 20;

/** A kind that never fits (a wrong name is another row's) is given up soon: there are dozens of them. */
const ENUMERATED_TRIES = 100;

/** Each kind of violation of each command, then random ones. */
export const schemaViolations: Check = {
  id: ID,
  async run(context) {
    if (context.endpoint.protocol.reject === undefined) {
      return notApplicable("the document declares no `reject`: what a refusal looks like is unknown");
    }
    const sources: Source[] = [];
    for (const message of context.endpoint.commands) sources.push(...(await violationsOf(context, message)));
    if (sources.length === 0) {
      return notApplicable("no command of the document can be violated by one change of its payload");
    }
    const all = sources.flatMap(({ examples }) => examples);
    const examples = choose(all, context);
    const hard = await runProperty(context, {
      label: "schema violation",
      examples: examples.filter(({ level }) => level === "MUST"),
      arbitrary: fc.oneof(...sources.map(({ arbitrary }) => arbitrary)),
      runs: context.profile.name === "nightly" ? context.runs : Math.min(context.runs, MOST_RANDOM),
      show: showBadFrame,
      script: (bad, scene) => refusalScript(context, scene, ID, bad),
    });
    const notes = [
      `${examples.length} of ${all.length} kinds of violation enumerated, then random ones`,
      quietNote(context),
    ];
    return withSoft(context, hard, examples, notes);
  },
};

/** What binds only by SHOULD comes second: a warning must not hide a failure. */
async function withSoft(
  context: CheckContext,
  hard: PropertyResult<BadFrame>,
  examples: readonly BadFrame[],
  notes: readonly string[],
): Promise<CheckResult> {
  const words = { pass: "each violation was refused once, with a payload code and without effect", notes };
  const soft = examples.filter((bad) => bad.level === "SHOULD");
  if (hard.failure !== undefined || hard.flaky !== undefined || soft.length === 0)
    return resultOf(hard, words);
  const warned = await runProperty(context, {
    label: "format violation",
    examples: soft,
    show: showBadFrame,
    script: (bad, scene) => refusalScript(context, scene, ID, bad),
  });
  return resultOf(warned.failure === undefined ? hard : warned, words);
}

/**
 * Where there are more than the profile has room for (a union of many parts has hundreds of kinds): one for each keyword at
 * each depth, one for each command and keyword, and of the others those that the seed picks.
 */
function choose(all: readonly Enumerated[], context: CheckContext): readonly Enumerated[] {
  const most = context.profile.maxKinds;
  if (all.length <= most) return all;
  const chosen = byRound(all, all.length);
  const groups = new Set(all.flatMap(({ families }) => families)).size;
  const first = chosen.slice(0, Math.min(most, groups));
  const others = chosen.slice(first.length).map((one) => ({ one, at: context.random.uint32() }));
  others.sort((a, b) => a.at - b.at);
  return [...first, ...others.map(({ one }) => one)].slice(0, most);
}

interface Enumerated extends BadFrame {
  /** The keyword at its depth, then the command and the keyword. */
  readonly families: readonly string[];
}

interface Source {
  readonly examples: readonly Enumerated[];
  readonly arbitrary: fc.Arbitrary<BadFrame>;
}

async function violationsOf(context: CheckContext, message: Message): Promise<Source[]> {
  if (message.binary === true || message.payload === true) return [];
  const { definitions } = context.contract;
  const known = knownValues(context, message);
  const adapt = (violation: Violation) => keepKnown(violation, known);
  const fits = (violation: Violation) => isRefusedForPayload(context, message, adapt(violation).value);
  const toFrame = (violation: Violation) => badFrame(context, message, adapt(violation));
  const examples: Enumerated[] = [];
  const hard = [];
  const violations = openViolations(message.payload, definitions);
  // What the document itself sends comes first: a server knows that part of a union best.
  const payloads = knownPayloads(context, message);
  const ofKnown = (kind: ViolationKind, choice: number): Violation[] | undefined => {
    for (const payload of payloads) {
      const found = violations.of(payload, kind, choice);
      if (found !== undefined && fits(found)) return [found];
    }
    return undefined;
  };
  for (const kind of violations.kinds) {
    // Making them takes a second or two on a large document, and other cases are being timed.
    await setImmediate();
    const arbitrary = violations.payloads({ kinds: [kind], fits, tries: ENUMERATED_TRIES });
    const choice = context.seed + examples.length;
    const [sample] = ofKnown(kind, choice) ?? sampleOf(arbitrary, context.seed);
    if (sample === undefined) continue;
    const depth = kind.pointer.split("/").length;
    const families = [`${kind.keyword} ${depth}`, `${message.name} ${kind.keyword}`];
    examples.push({ ...toFrame(sample), families });
    if (kind.keyword !== "format") hard.push(kind);
  }
  if (hard.length === 0) return [];
  const arbitrary = violations.payloads({ kinds: hard, fits }).map(toFrame);
  return [{ examples, arbitrary }];
}

/** Payloads that the document gives for the command, and a few more of the kind that walks send. */
function knownPayloads(context: CheckContext, { name }: Message): readonly Json[] {
  return commandSource(context.judge, context.seed)
    .variants(name)
    .map(({ payload }) => payload);
}

/** A kind that needs a violated name field cannot be made here: that is another row's, and sampling it throws. */
function sampleOf(arbitrary: fc.Arbitrary<Violation>, seed: number): Violation[] {
  try {
    return fc.sample(arbitrary, { seed, numRuns: 1 });
  } catch {
    return [];
  }
}

function badFrame(context: CheckContext, message: Message, violation: Violation): BadFrame {
  return {
    label: `a "${message.name}" with one violation (${violation.label})`,
    text: frameText(context.endpoint, message.name, violation.value),
    kind: "undecodable",
    nearly: message.name,
    answer: "refused",
    // Parsers of formats differ between languages: a SHOULD.
    level: violation.keyword === "format" ? "SHOULD" : "MUST",
  };
}

function isRefusedForPayload(context: CheckContext, message: Message, value: Json): boolean {
  const result = context.judge.commands.judge(frameText(context.endpoint, message.name, value));
  return !result.ok && result.error.code === "invalid-payload";
}

/** Domain fields and identifiers with a value that is beyond doubt: a case has one fault, not two. */
function knownValues(context: CheckContext, message: Message): ReadonlyMap<Pointer, Json> {
  const known = new Map<Pointer, Json>();
  for (const [pointer, { values }] of Object.entries(placementsOf(context.endpoint, message))) {
    const [first] = values ?? [];
    if (first !== undefined) known.set(pointer, first);
  }
  return known;
}

function keepKnown(violation: Violation, known: ReadonlyMap<Pointer, Json>): Violation {
  let { value } = violation;
  for (const [pointer, good] of known) {
    if (valueAt(value, pointer) === undefined || touches(violation, pointer)) continue;
    value = withValue(value, pointer, good) ?? value;
  }
  return { ...violation, value };
}

/** True where the violation changed the value at the pointer itself. */
function touches(violation: Violation, pointer: Pointer): boolean {
  return !sameJson(valueAt(violation.value, pointer), valueAt(violation.valid, pointer));
}
