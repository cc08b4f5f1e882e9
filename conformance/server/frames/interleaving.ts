/** S-FR-08: fragments that do not follow one another as RFC 6455 section 5.4 has it. */
import type { Check } from "../../check.js";
import { type FrameSpec, OPCODE } from "../../frames/frame.js";
import { type BrokenCase, brokenRow } from "./failing.js";
import type { Chops } from "./sending.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: string, fin = true): FrameSpec => ({
  opcode: OPCODE.text,
  fin,
  payload: bytes(payload),
});
const binary = (payload: string, fin = true): FrameSpec => ({ ...text(payload, fin), opcode: OPCODE.binary });
const more = (payload: string, fin = true): FrameSpec => ({
  ...text(payload, fin),
  opcode: OPCODE.continuation,
});

/** The suite sends these in three ways. */
const WAYS: readonly (readonly [Chops, string])[] = [
  ["together", "in one write"],
  ["frames", "frame by frame"],
  ["octets", "octet by octet"],
];

/** Continuations of nothing, and messages inside messages. */
export const interleavingCases: readonly BrokenCase[] = [
  ...WAYS.map(
    ([chops, way], index): BrokenCase => ({
      name: `a last continuation of nothing, then a text, ${way}`,
      autobahn: `5.${9 + index}`,
      chops,
      frames: [more("non-continuation payload"), text("Hello, world!")],
    }),
  ),
  ...WAYS.map(
    ([chops, way], index): BrokenCase => ({
      name: `a continuation of nothing, then a text, ${way}`,
      autobahn: `5.${12 + index}`,
      chops,
      frames: [more("non-continuation payload", false), text("Hello, world!")],
    }),
  ),
  {
    name: "a fragmented command, a continuation of nothing, then a text",
    autobahn: "5.15",
    afterCommand: "fragmented",
    frames: [more("fragment3", false), text("fragment4")],
  },
  {
    name: "twice a continuation of nothing and a text in two fragments",
    autobahn: "5.16",
    frames: twice([more("fragment1", false), text("fragment2", false), more("fragment3")]),
  },
  {
    name: "twice a last continuation of nothing and a text in two fragments",
    autobahn: "5.17",
    frames: twice([more("fragment1"), text("fragment2", false), more("fragment3")]),
  },
  {
    name: "a text in two fragments that both say text",
    autobahn: "5.18",
    frames: [text("fragment1", false), text("fragment2")],
  },
  { name: "an empty last continuation of nothing", frames: [more("")] },
  { name: "an empty continuation of nothing", frames: [more("", false)] },
  { name: "a continuation behind a whole command", afterCommand: "whole", frames: [more("x")] },
  { name: "a binary frame inside a text message", frames: [text("a", false), binary("b"), more("c")] },
  { name: "a text frame inside a binary message", frames: [binary("a", false), text("b"), more("c")] },
  { name: "a binary in two fragments that both say binary", frames: [binary("a", false), binary("b")] },
  { name: "a first fragment behind a first fragment", frames: [text("a", false), text("b", false)] },
  {
    name: "an empty text frame inside a message, together with it",
    chops: "together",
    frames: [text("a", false), text(""), more("b")],
  },
  {
    name: "a text frame inside a message, behind a ping",
    frames: [text("a", false), { opcode: OPCODE.ping }, text("b"), more("c")],
  },
];

function twice(frames: readonly FrameSpec[]): readonly FrameSpec[] {
  return [...frames, ...frames];
}

/** S-FR-08. */
export const interleaving: Check = brokenRow("S-FR-08", interleavingCases, {
  causes: ["frame"],
  mend: "Fail the connection with 1002 at a continuation with nothing to continue, and at a new data frame before the last fragment (RFC 6455 section 5.4).",
});
