/** S-CD-06: the order of members, white space and escapes mean nothing: a command spelled in another way leads to the same. */

import fc from "fast-check";
import { type Spelling, spell, spellings } from "../../src/arbitrary/respelled.js";
import type { Endpoint, Json } from "../../src/contract/contract.js";
import { isObject } from "../../src/contract/pointer.js";
import type { Check, CheckContext } from "../check.js";
import { fill } from "../exchange.js";
import { excerpt } from "../judge.js";
import { resultOf, runProperty } from "../property.js";
import { NO_WITNESS, notApplicable } from "./blame.js";
import { commandSource } from "./commands.js";
import { type Equivalence, openEquivalence, type Probe, type ProbeCommand } from "./equivalent.js";

const ID = "S-CD-06";

interface Respelled {
  readonly probe: Probe;
  readonly spelling: Spelling;
}

/** Each thing that may differ alone, then all together: the deterministic cases of each probe. */
const SPELLINGS: readonly (readonly [string, Spelling])[] = [
  ["with its members in another order", { keys: true, space: false, escapes: false, seed: 5 }],
  ["with white space between its tokens", { keys: false, space: true, escapes: false, seed: 7 }],
  ["with escapes in its strings and names", { keys: false, space: false, escapes: true, seed: 11 }],
  ["spelled in another way", { keys: true, space: true, escapes: true, seed: 13 }],
];

/** So many seeds are tried until a spelling really differs, and begins with another member. */
const SEEDS = 24;

/** Random cases at most: each is two connections. */
const MOST_RANDOM = 40;

/** Exchanges and commands of the document, spelled in other ways, against the same as JSON.stringify writes them. */
export const respelledCommands: Check = {
  id: ID,
  safe: true,
  async run(context) {
    const equivalence = openEquivalence(context, ID);
    const { probes } = equivalence;
    if (probes.length === 0)
      return notApplicable("a fresh connection may send no command that the kit can make");
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const source = commandSource(context.judge, context.seed);
    // Of what a fresh connection may send: this row sends nothing that is forbidden.
    const sendable = new Set(probes.flatMap(({ commands }) => commands.map(({ name }) => name)));
    const generated = [...sendable].map((name) =>
      source.payloads(name).map((payload): Probe => ({ what: `"${name}"`, commands: [{ name, payload }] })),
    );
    const texts = fc.string({ unit: CHARACTER, minLength: 1, maxLength: 40 });
    const known = probes.map((probe) =>
      probe.exchange === undefined
        ? fc.constant(probe)
        : texts.map((text): Probe => ({ ...probe, text: `${probe.text ?? ""} ${text}.` })),
    );
    const property = await runProperty<Respelled>(context, {
      label: "respelled",
      examples: probes.flatMap((probe) => spelledOut(probe)).slice(0, context.profile.maxKinds),
      arbitrary: fc.record({
        probe: fc.oneof(...known, ...generated),
        spelling: spellings(),
      }),
      runs: Math.min(context.runs, MOST_RANDOM),
      show: (value) => show(context, value),
      script: ({ probe, spelling }, scene) =>
        equivalence.judge(scene, probe, { what: wordsOf(spelling), send: sender(context, spelling) }, MEND),
    });
    return resultOf(property, {
      pass: "every spelling led to the same as the usual one",
      notes: [equivalence.note()],
    });
  },
};

const MEND =
  "Read the frame with a JSON parser and look its members up by name: order, white space and escapes carry no meaning (RFC 8259).";

/** Letters, what JSON escapes, and characters of all planes. */
const CHARACTER = fc.oneof(
  fc.constantFrom(..."abcXYZ019 /\\\"'<>&{}[]:,\t\n"),
  fc.integer({ min: 0xa1, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0x1_f300, max: 0x1_f6ff }).map((code) => String.fromCodePoint(code)),
);

/** The deterministic spellings that make a difference to the probe. */
function spelledOut(probe: Probe): Respelled[] {
  const payload = payloadOf(probe);
  if (payload === undefined) return [];
  const usual = JSON.stringify(payload);
  return SPELLINGS.flatMap(([, spelling]): Respelled[] => {
    const seeds = Array.from({ length: SEEDS }, (_, index) => spelling.seed + index);
    const different = seeds.filter((seed) => spell(payload, { ...spelling, seed }) !== usual);
    const turned = different.find(
      (seed) => firstName(JSON.parse(spell(payload, { ...spelling, seed }))) !== firstName(payload),
    );
    const seed = turned ?? different[0];
    return seed === undefined ? [] : [{ probe, spelling: { ...spelling, seed } }];
  });
}

function payloadOf({ commands, exchange, text = "" }: Probe): Json | undefined {
  const [step] = exchange?.steps.flatMap((one) => ("send" in one ? [one.send.payload] : [])) ?? [];
  return step === undefined ? commands[0]?.payload : fill(step, { text, uuid: "", int: 7 });
}

function firstName(value: unknown): string | undefined {
  return isObject(value) ? Object.keys(value)[0] : undefined;
}

function sender(context: CheckContext, spelling: Spelling): Parameters<Equivalence["compare"]>[2]["send"] {
  return (tester, commands) => {
    for (const command of commands) {
      const { name, payload } = command;
      tester.text(respell(context.endpoint, command, spelling), "command", { names: [name], payload });
    }
  };
}

/** The frame in another spelling; as it was where that would be too long. */
function respell(endpoint: Endpoint, { text }: ProbeCommand, spelling: Spelling): string {
  // The text is a frame of the contract, so it is JSON.
  const value = JSON.parse(text) as Json;
  const spelled = spell(value, spelling);
  // Before the JSON of a Socket.IO packet stands its type: white space between them is no JSON.
  const other = endpoint.protocol.transport === "socket.io" ? spelled.trim() : spelled;
  const { maxBytes } = endpoint.protocol;
  return maxBytes !== undefined && Buffer.byteLength(other) + 16 > maxBytes ? text : other;
}

function wordsOf(spelling: Spelling): string {
  const { keys, space, escapes } = spelling;
  const known = SPELLINGS.find(
    ([, one]) => one.keys === keys && one.space === space && one.escapes === escapes,
  );
  return known?.[0] ?? "spelled in another way";
}

function show(context: CheckContext, { probe, spelling }: Respelled): Json {
  const first = probe.commands[0];
  return {
    probe: probe.what,
    ...(probe.text === undefined ? {} : { text: probe.text }),
    ...(first === undefined ? {} : { frame: excerpt(spell(first.payload, spelling)) }),
    spelling: wordsOf(spelling),
    transport: context.endpoint.protocol.transport,
  };
}
