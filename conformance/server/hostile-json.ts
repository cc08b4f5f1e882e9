/** S-CD-08: JSON that has killed servers. Refused, ignored, taken or closed: whatever becomes of it, a fresh connection is served. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { SubjectGone, SubjectRefused } from "../interruption.js";
import { excerpt, frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, NO_WITNESS, notApplicable, witnessAfter, witnessBefore } from "./blame.js";
import { commandSource, identifiersOf, personalise } from "./commands.js";

const ID = "S-CD-08";

/** Far deeper than parsers that recurse can go. */
const DEPTH = 10_000;

/** How long a server that is restarted after a crash is waited for (milliseconds), and how often it is asked. */
const RESTART = { ms: 4000, everyMs: 200 } as const;

interface Hostile {
  readonly label: string;
  readonly text: string;
}

/** Deep nesting, repeated members, and members that JavaScript and others keep for themselves; one a case. */
export const hostileJson: Check = {
  id: ID,
  // It means to kill: while it runs nobody else shall be blamed for a death.
  alone: true,
  async run(context) {
    if (context.endpoint.protocol.frames === "binary")
      return notApplicable("the document declares binary frames");
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const { maxBytes } = context.endpoint.protocol;
    const fits = ({ text }: Hostile): boolean => maxBytes === undefined || Buffer.byteLength(text) < maxBytes;
    const property = await runProperty<Hostile>(context, {
      label: "hostile JSON",
      examples: hostileTexts(context).filter(fits),
      // One at a time: the one that was on its way is the one that killed.
      concurrency: 1,
      show: ({ label, text }) => ({ what: label, frame: excerpt(text) }),
      script: (hostile, scene) => attack(context, scene, hostile),
    });
    return resultOf(property, { pass: "after each of them a fresh connection was served as before" });
  },
};

async function attack(context: CheckContext, scene: Case, hostile: Hostile): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const unproved = await witnessBefore(context, scene, tester);
  if (unproved !== undefined) return concluded(scene, ID, unproved);
  const from = tester.messages.length;
  tester.tell("anything");
  tester.text(hostile.text, "none");
  // Whoever answers is done with it; whoever is silent has had time.
  await tester.next(() => true, context.quietMs(), from);
  const gone = await reconnect(context, scene, hostile);
  if ("outcome" in gone) return gone.outcome;
  const broken = await witnessAfter(context, scene, gone.fresh, `${hostile.label}, on a fresh connection`);
  return concluded(scene, ID, broken === undefined ? { verdict: "pass" } : mended(broken));
}

const MEND =
  "Bound the nesting before or while parsing, keep the data of clients out of prototypes (Map, Object.create(null)), and let no error of one connection end the process.";

function mended(outcome: CaseOutcome): CaseOutcome {
  return outcome.verdict === "fail" ? { ...outcome, mend: MEND } : outcome;
}

/** A fresh connection; a failure where the server was away for a while; throws when it stays away. */
async function reconnect(
  context: CheckContext,
  scene: Case,
  { label, text }: Hostile,
): Promise<{ readonly fresh: Tester } | { readonly outcome: CaseOutcome }> {
  let lost: string | undefined;
  for (let waited = 0; ; waited += RESTART.everyMs) {
    try {
      const fresh = await scene.connect();
      if (lost === undefined) return { fresh };
      return {
        outcome: {
          verdict: "fail",
          expected: `the server goes on serving after ${label}`,
          got: `${lost}; it was back after ${waited} ms (sent: ${excerpt(text)})`,
          mend: MEND,
        },
      };
    } catch (error) {
      if (!(error instanceof SubjectGone || error instanceof SubjectRefused)) throw error;
      lost ??= error.message;
      // The runner reports a death; what it cannot know is what was sent last.
      if (waited >= RESTART.ms) throw new SubjectGone(`${error.message}, after ${label}`);
      await sleep(RESTART.everyMs, undefined, { signal: context.signal }).catch(() => undefined);
    }
  }
}

/** The texts; where a command is wanted it is the first that the kit can make. */
export function hostileTexts(context: CheckContext): Hostile[] {
  const { endpoint } = context;
  const source = commandSource(context.judge, context.seed);
  const command = source.names
    .flatMap((name) => source.variants(name))
    .find(({ payload }) => typeof payload === "object" && payload !== null && !Array.isArray(payload));
  const arrays = `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`;
  const objects = `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`;
  const bare: Hostile[] = [
    { label: `${DEPTH} arrays in each other`, text: arrays },
    { label: `${DEPTH} objects in each other`, text: objects },
    { label: `${DEPTH} arrays that are never closed`, text: "[".repeat(DEPTH) },
  ];
  if (command === undefined) return bare;
  const payload = personalise(command.payload, identifiersOf("00000000-0000-4000-8000-000000000000"));
  const own = JSON.stringify(payload);
  /** The command with members written before or after its own. */
  const withMembers = (before: string, after = ""): string => {
    const inner = own.slice(1, -1);
    const object = `{${[before, inner, after].filter((part) => part !== "").join(",")}}`;
    return frameText(endpoint, command.name, "\u0001").replace(JSON.stringify("\u0001"), () => object);
  };
  const again = own.slice(1, -1);
  const prototype = '{"polluted":true,"toString":null,"length":-1,"then":{}}';
  return [
    ...bare,
    { label: `a command with ${DEPTH} arrays in a member`, text: withMembers("", `"wireproof":${arrays}`) },
    { label: `a command with ${DEPTH} objects in a member`, text: withMembers("", `"wireproof":${objects}`) },
    ...(again === "" ? [] : [{ label: "a command with every member twice", text: withMembers(again) }]),
    {
      label: "a command with a member repeated 1000 times",
      text: withMembers(Array(1000).fill('"wireproof":1').join()),
    },
    { label: "a command with a member __proto__", text: withMembers(`"__proto__":${prototype}`) },
    { label: "a command with a member __proto__ that is null", text: withMembers("", '"__proto__":null') },
    {
      label: "a command with a member constructor",
      text: withMembers(`"constructor":{"prototype":${prototype}}`),
    },
    {
      label: "a command with members that every JavaScript object has",
      text: withMembers('"toString":null,"hasOwnProperty":1,"valueOf":{},"toJSON":"x","then":1,"length":-1'),
    },
    { label: "a command with members named by numbers and nothing", text: withMembers('"0":1,"-1":2,"":3') },
  ];
}
