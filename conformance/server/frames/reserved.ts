/** S-FR-03, S-FR-05, S-FR-06 and S-FR-07: single frames with something in their header that may not be there. */
import type { Check } from "../../check.js";
import { closeBody } from "../../frames/close.js";
import { type FrameSpec, OPCODE, opcodeName } from "../../frames/frame.js";
import { type BrokenCase, brokenRow } from "./failing.js";

const HELLO = new TextEncoder().encode("Hello, world!");
const PING: FrameSpec = { opcode: OPCODE.ping };

/** Unmasked frames of each kind. */
export const unmaskedCases: readonly BrokenCase[] = [
  ...[0, 13, 126, 65_536].map((length): BrokenCase => {
    const payload = new Uint8Array(length).fill(0x20);
    return {
      name: `an unmasked text frame of ${length} bytes`,
      frames: [{ opcode: OPCODE.text, payload, mask: false }],
    };
  }),
  { name: "an unmasked binary frame", frames: [{ opcode: OPCODE.binary, payload: HELLO, mask: false }] },
  { name: "an unmasked ping", frames: [{ opcode: OPCODE.ping, payload: HELLO, mask: false }] },
  { name: "an unmasked pong", frames: [{ opcode: OPCODE.pong, payload: HELLO, mask: false }] },
  { name: "an unmasked Close", frames: [{ opcode: OPCODE.close, payload: closeBody(1000), mask: false }] },
  {
    name: "an unmasked first fragment",
    frames: [
      { opcode: OPCODE.text, fin: false, payload: HELLO, mask: false },
      { opcode: OPCODE.continuation, payload: HELLO },
    ],
  },
  {
    name: "an unmasked second fragment",
    frames: [
      { opcode: OPCODE.text, fin: false, payload: HELLO },
      { opcode: OPCODE.continuation, payload: HELLO, mask: false },
    ],
  },
  {
    name: "an unmasked frame behind a command",
    afterCommand: "whole",
    chops: "together",
    frames: [{ opcode: OPCODE.text, payload: HELLO, mask: false }],
  },
];

const RSV_KINDS = ["text", "binary", "ping", "close", "pong"] as const;

/** Every combination of reserved bits on every kind of frame, and the suite's own ways of sending some. */
export const reservedBitCases: readonly BrokenCase[] = [
  {
    name: "a text frame with RSV 1, then a ping",
    autobahn: "3.1",
    frames: [{ opcode: OPCODE.text, rsv: 1, payload: HELLO }, PING],
  },
  ...(
    [
      ["3.2", 2, "together"],
      ["3.3", 3, "frames"],
      ["3.4", 4, "octets"],
    ] as const
  ).map(
    ([autobahn, rsv, chops]): BrokenCase => ({
      name: `a command, then a text frame with RSV ${rsv} and a ping, ${wayOf(chops)}`,
      autobahn,
      chops,
      afterCommand: "whole",
      frames: [{ opcode: OPCODE.text, rsv, payload: HELLO }, PING],
    }),
  ),
  {
    name: "a binary frame with RSV 5, then a ping",
    autobahn: "3.5",
    frames: [{ opcode: OPCODE.binary, rsv: 5, payload: HELLO }, PING],
  },
  { name: "a ping with RSV 6", autobahn: "3.6", frames: [{ opcode: OPCODE.ping, rsv: 6, payload: HELLO }] },
  {
    name: "a Close with RSV 7",
    autobahn: "3.7",
    frames: [{ opcode: OPCODE.close, rsv: 7, payload: closeBody(1000) }],
  },
  ...RSV_KINDS.flatMap((kind) =>
    [1, 2, 3, 4, 5, 6, 7]
      .filter((rsv) => !(kind === "ping" && rsv === 6) && !(kind === "close" && rsv === 7))
      .map(
        (rsv): BrokenCase => ({
          name: `a ${kind} frame with RSV ${rsv}`,
          frames: [{ opcode: OPCODE[kind], rsv, payload: kind === "close" ? closeBody(1000) : HELLO }],
        }),
      ),
  ),
  {
    name: "a continuation with RSV 4",
    frames: [
      { opcode: OPCODE.text, fin: false, payload: HELLO },
      { opcode: OPCODE.continuation, rsv: 4, payload: HELLO },
    ],
  },
];

const RESERVED = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as const;

/** The suite sends each reserved opcode in one of five ways. */
const OPCODE_CASES: readonly BrokenCase[] = RESERVED.map((opcode, index): BrokenCase => {
  const way = index % 5;
  const payload = way === 0 || way === 2 ? new Uint8Array(0) : HELLO;
  const autobahn = `4.${opcode < 8 ? 1 : 2}.${way + 1}`;
  const name = `${opcodeName(opcode)}${payload.length === 0 ? "" : " with a payload"}`;
  if (way < 2) return { name, autobahn, frames: [{ opcode, payload }] };
  const chops = way === 2 ? "together" : way === 3 ? "frames" : "octets";
  return {
    name: `a command, then ${name} and a ping, ${wayOf(chops)}`,
    autobahn,
    chops,
    afterCommand: "whole",
    frames: [{ opcode, payload }, PING],
  };
});

/** Every reserved opcode. */
export const reservedOpcodeCases: readonly BrokenCase[] = [
  ...OPCODE_CASES,
  ...RESERVED.filter((_, index) => index % 5 >= 2).map(
    (opcode): BrokenCase => ({ name: opcodeName(opcode), frames: [{ opcode, payload: HELLO }] }),
  ),
  ...RESERVED.map(
    (opcode): BrokenCase => ({
      name: `${opcodeName(opcode)} with FIN 0`,
      frames: [{ opcode, fin: false, payload: HELLO }],
    }),
  ),
  ...([3, 11] as const).map(
    (opcode): BrokenCase => ({
      name: `${opcodeName(opcode)} between fragments`,
      frames: [
        { opcode: OPCODE.text, fin: false, payload: HELLO },
        { opcode },
        { opcode: OPCODE.continuation },
      ],
    }),
  ),
];

/** Control frames that are fragmented or too long. */
export const controlCases: readonly BrokenCase[] = [
  ...(
    [
      ["ping", "5.1"],
      ["pong", "5.2"],
    ] as const
  ).map(
    ([kind, autobahn]): BrokenCase => ({
      name: `a ${kind} in two fragments`,
      autobahn,
      frames: [
        { opcode: OPCODE[kind], fin: false, payload: HELLO },
        { opcode: OPCODE.continuation, payload: HELLO },
      ],
    }),
  ),
  { name: "a Close with FIN 0", frames: [{ opcode: OPCODE.close, fin: false, payload: closeBody(1000) }] },
  { name: "an empty ping with FIN 0", frames: [{ opcode: OPCODE.ping, fin: false }] },
  {
    name: "a ping with FIN 0 between fragments",
    frames: [
      { opcode: OPCODE.text, fin: false, payload: HELLO },
      { opcode: OPCODE.ping, fin: false, payload: HELLO },
      { opcode: OPCODE.continuation, payload: HELLO },
    ],
  },
  {
    name: "a ping of 126 bytes",
    autobahn: "2.5",
    frames: [{ opcode: OPCODE.ping, payload: new Uint8Array(126).fill(0xfe) }],
  },
  { name: "a pong of 126 bytes", frames: [{ opcode: OPCODE.pong, payload: new Uint8Array(126).fill(0xfe) }] },
  {
    name: "a Close with a reason of 124 bytes",
    autobahn: "7.3.6",
    frames: [{ opcode: OPCODE.close, payload: closeBody(1000, "*".repeat(124)) }],
  },
  { name: "a ping of 65536 bytes", frames: [{ opcode: OPCODE.ping, payload: new Uint8Array(65_536) }] },
  {
    name: "a Close of 65536 bytes",
    frames: [{ opcode: OPCODE.close, payload: closeBody(1000, "*".repeat(65_534)) }],
  },
];

function wayOf(chops: "together" | "frames" | "octets"): string {
  return { together: "in one write", frames: "frame by frame", octets: "octet by octet" }[chops];
}

const FRAME = ["frame"] as const;

/** S-FR-03, S-FR-05, S-FR-06, S-FR-07. */
export const headerChecks: readonly Check[] = [
  brokenRow("S-FR-03", unmaskedCases, {
    causes: FRAME,
    mend: "Fail the connection with 1002 when a frame of a client has no mask (RFC 6455 section 5.1).",
  }),
  brokenRow("S-FR-05", reservedBitCases, {
    causes: FRAME,
    mend: "Fail the connection with 1002 when a reserved bit is set that no extension has given a meaning (RFC 6455 section 5.2).",
  }),
  brokenRow("S-FR-06", reservedOpcodeCases, {
    causes: FRAME,
    mend: "Fail the connection with 1002 at an opcode that RFC 6455 section 5.2 reserves.",
  }),
  brokenRow("S-FR-07", controlCases, {
    causes: FRAME,
    mend: "Fail the connection with 1002 at a control frame with FIN 0 or of more than 125 bytes (RFC 6455 section 5.5).",
  }),
];
