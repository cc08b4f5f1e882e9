/** S-HS-05 and S-HS-09: the same upgrade in another spelling, and in pieces. */
import fc from "fast-check";
import type { Case, Check, CheckContext, CheckResult, Tester } from "../check.js";
import { encodeFrame } from "../frames/encode.js";
import { OPCODE } from "../frames/frame.js";
import { type HeaderLine, upgradeFaults } from "../frames/handshake.js";
import { frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { judgeEngineIo } from "./engine-io.js";
import { pongPatience } from "./frame-witness.js";
import { openOrEnd, ordinaryWitness, pongWitness, reactionOf } from "./handshake-script.js";

/** How the headers of an upgrade are written. */
interface Spelling {
  /** How names are written: as usual, in lower or upper case, or each letter in its own. */
  readonly names: "usual" | "lower" | "upper" | "mixed";
  readonly upgrade: string;
  readonly connection: string;
  /** Between the colon and the value. */
  readonly before: string;
  /** After the value. */
  readonly after: string;
  /** Sorts the headers: the n-th is written at the place of its number. */
  readonly order: readonly number[];
  /** Headers that mean nothing here. */
  readonly more: boolean;
}

const USUAL: Spelling = {
  names: "usual",
  upgrade: "websocket",
  connection: "Upgrade",
  before: " ",
  after: "",
  order: [],
  more: false,
};

const SPELLINGS: readonly Spelling[] = [
  { ...USUAL, names: "lower" },
  { ...USUAL, names: "upper" },
  { ...USUAL, upgrade: "WebSocket" },
  { ...USUAL, connection: "upgrade" },
  { ...USUAL, connection: "keep-alive, Upgrade" },
  { ...USUAL, connection: "Upgrade,keep-alive" },
  { ...USUAL, before: "" },
  { ...USUAL, before: " \t ", after: "  " },
  { ...USUAL, order: [8, 7, 6, 5, 4, 3, 2, 1, 0] },
  { ...USUAL, more: true },
];

const spellings: fc.Arbitrary<Spelling> = fc.record({
  names: fc.constantFrom("usual", "lower", "upper", "mixed"),
  upgrade: fc.constantFrom("websocket", "WebSocket", "WEBSOCKET", "wEbSoCkEt"),
  connection: fc.constantFrom(
    "Upgrade",
    "upgrade",
    "UPGRADE",
    "keep-alive, Upgrade",
    "keep-alive,upgrade",
    "Upgrade, keep-alive",
    "keep-alive, UpGrade, x-other",
  ),
  before: fc.constantFrom(" ", "", "  ", "\t", " \t "),
  // No tab: the parser of Node does not see a token that one follows, and whoever builds on it cannot mend that.
  after: fc.constantFrom("", " ", "  "),
  order: fc.array(fc.nat(9), { maxLength: 10 }),
  more: fc.boolean(),
});

const MORE: readonly HeaderLine[] = [
  ["Pragma", "no-cache"],
  ["Cache-Control", "no-cache"],
  ["Accept-Language", "en-US,en;q=0.9"],
];

/** The headers of an upgrade in this spelling. */
function spelled(spelling: Spelling): (ordinary: readonly HeaderLine[]) => readonly HeaderLine[] {
  return (ordinary) => {
    const lines = [...ordinary, ...(spelling.more ? MORE : [])].map(
      ([name, value], index): readonly [number, HeaderLine] => {
        const lower = name.toLowerCase();
        const text =
          lower === "upgrade" ? spelling.upgrade : lower === "connection" ? spelling.connection : value;
        return [
          spelling.order[index] ?? index,
          [nameIn(spelling.names, name), `${text}${spelling.after}`, `:${spelling.before}`],
        ];
      },
    );
    return lines.sort(([a], [b]) => a - b).map(([, line]) => line);
  };
}

function nameIn(form: Spelling["names"], name: string): string {
  switch (form) {
    case "usual":
      return name;
    case "lower":
      return name.toLowerCase();
    case "upper":
      return name.toUpperCase();
    case "mixed":
      return [...name]
        .map((one, index) => (index % 2 === 0 ? one.toLowerCase() : one.toUpperCase()))
        .join("");
  }
}

/** S-HS-05: any spelling and order of the headers is accepted like the plain request. */
const spellingCheck: Check = {
  id: "S-HS-05",
  safe: true,
  async run(context) {
    const property = await runProperty(context, {
      label: "spelling",
      examples: SPELLINGS,
      arbitrary: spellings,
      show: (spelling) => ({ ...spelling, order: [...spelling.order] }),
      script: (spelling, scene) => spellOnce(context, scene, spelling),
    });
    return resultOf(property, { pass: `${property.passed} spellings of the upgrade were accepted` });
  },
};

async function spellOnce(context: CheckContext, scene: Case, spelling: Spelling): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const tester = await scene.connect({ bare: true, request: { headers: spelled(spelling) } });
  const wrong = notAccepted(tester, "the upgrade as S-HS-01 has it, whatever the spelling of its headers");
  if (wrong !== undefined) {
    // The plain request must still be taken: else the server has gone, and the spelling is not the reason.
    return (await ordinaryWitness(context, scene)) ?? wrong;
  }
  return (await pongWitness(context, scene, tester)) ?? { verdict: "pass" };
}

function notAccepted(tester: Tester, wanted: string): CaseOutcome | undefined {
  const { handshake } = tester;
  const handshakeFaults = upgradeFaults(tester.handshakeFaults);
  if (handshake.kind === "accepted" && handshakeFaults.length === 0) return undefined;
  return {
    verdict: "fail",
    expected: `101: ${wanted}`,
    got:
      handshake.kind === "accepted" ? handshakeFaults.map(({ got }) => got).join("; ") : reactionOf(tester),
    mend: "Compare names and tokens of headers without regard to case, strip white space round values, read Connection as a list, and read the request until its empty line has come.",
  };
}

/** How a request is cut. */
interface Cutting {
  /** Offsets in the request; negative ones from its end. */
  readonly cuts: readonly number[];
  readonly pauseMs: number;
}

/** Longer requests are cut at every byte only up to here. */
const EVERY_BYTE = Array.from({ length: 600 }, (_, index) => index + 1);

const CUTTINGS: readonly Cutting[] = [
  { cuts: [1], pauseMs: 5 },
  { cuts: [3, 4, 5], pauseMs: 2 },
  { cuts: [-1], pauseMs: 5 },
  { cuts: [-2], pauseMs: 5 },
  { cuts: [-3, -1], pauseMs: 5 },
  { cuts: EVERY_BYTE, pauseMs: 0 },
];

const cuttings: fc.Arbitrary<Cutting> = fc.record({
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 }),
  pauseMs: fc.constantFrom(0, 2, 10),
});

/** How many last bytes of the request come together with the first frames. */
const HELD = [1, 4, 40, 1_000_000] as const;

/** What became of frames that came with the end of a request. */
interface EarlyFrames {
  read: number;
  /** What the first refusal was. */
  refused: string | undefined;
}

/** S-HS-09: a handshake cut anywhere works, and a first frame in the segment of its end is not lost. */
const piecesCheck: Check = {
  id: "S-HS-09",
  safe: true,
  async run(context) {
    const pieces = await judgePieces(context);
    if (pieces.verdict !== "pass") return pieces;
    const engine = await judgeEngineIo(context, "S-HS-09");
    if (engine === undefined) return pieces;
    const notes = [...(pieces.notes ?? []), ...(engine.notes ?? [])];
    const cases = pieces.cases + engine.cases;
    const reason = engine.verdict === "pass" ? `${pieces.reason}; ${engine.reason}` : engine.reason;
    return { ...engine, reason, cases, notes };
  },
};

async function judgePieces(context: CheckContext): Promise<CheckResult> {
  const early: EarlyFrames = { read: 0, refused: undefined };
  const cut = await runProperty(context, {
    label: "pieces",
    examples: CUTTINGS,
    arbitrary: cuttings,
    show: ({ cuts, pauseMs }) => ({ cuts: cuts.slice(0, 20), pauseMs }),
    script: (cutting, scene) => cutOnce(context, scene, cutting),
  });
  const words = () => ({
    pass: `${cut.passed} handshakes in pieces worked`,
    notes: earlyNotes(context, early),
  });
  // Sending anything before the response is the client's fault (RFC 6455 section 4.1): nothing for a safe profile.
  if (cut.failure !== undefined || cut.passed === 0 || context.profile.only === "safe") {
    return resultOf(cut, words());
  }
  const together = await runProperty(context, {
    label: "first frame with the request",
    examples: HELD,
    show: (held) => `the last ${held} bytes of the request, with frames behind them`,
    script: (held, scene) => frameWithRequest(context, scene, held, early),
  });
  return together.failure === undefined ? resultOf(cut, words()) : resultOf(together, words());
}

function earlyNotes(context: CheckContext, { read, refused }: EarlyFrames): string[] {
  const what = mayBeginWithCommand(context) ? "a ping and a command" : "a ping";
  return [
    ...(read > 0 ? [`${what} in the segment of the request's end: read`] : []),
    ...(refused === undefined
      ? []
      : [`${what} in the segment of the request's end: refused, as a server may (${refused})`]),
  ];
}

async function cutOnce(context: CheckContext, scene: Case, chunks: Cutting): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const tester = await scene.connect({ bare: true, chunks });
  const wrong = notAccepted(tester, "a request may come in any pieces");
  if (wrong !== undefined) return (await ordinaryWitness(context, scene)) ?? wrong;
  const missing = await pongWitness(context, scene, tester);
  if (missing === undefined) return { verdict: "pass" };
  return (
    (await ordinaryWitness(context, scene)) ?? {
      verdict: "fail",
      expected: "a connection whose request came in pieces works like any other: its ping is answered",
      got: `no pong (${openOrEnd(tester)})`,
      mend: "Read the request until its empty line has come, then hand the connection on.",
    }
  );
}

/** True where a command may be sent before anything was received. */
function mayBeginWithCommand({ witness, endpoint }: CheckContext): boolean {
  const { first, transport } = endpoint.protocol;
  const mustWait = transport === "socket.io" || (first !== undefined && first !== null);
  return !mustWait && witness?.owed === true && witness.hasCommand;
}

async function frameWithRequest(
  context: CheckContext,
  scene: Case,
  held: number,
  early: EarlyFrames,
): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const tester = await scene.connect({ bare: true, chunks: { cuts: [], pauseMs: 0, upTo: -held } });
  const payload = scene.random.bytes(11);
  const frames = (text?: Uint8Array): Uint8Array =>
    Buffer.concat([
      encodeFrame({ opcode: OPCODE.ping, payload }, () => scene.random.bytes(4)),
      ...(text === undefined
        ? []
        : [encodeFrame({ opcode: OPCODE.text, payload: text }, () => scene.random.bytes(4))]),
    ]);
  const { witness } = context;
  let answered = true;
  if (witness === undefined || !mayBeginWithCommand(context)) {
    tester.finishRequest(frames(), "the end of the request and a ping");
  } else {
    const given = await witness.give(tester, scene, {
      send: (name, value, index) => {
        if (index > 0) {
          tester.command(name, value);
          return;
        }
        const text = new TextEncoder().encode(frameText(context.endpoint, name, value));
        tester.tell("command", { names: [name], payload: value });
        tester.finishRequest(frames(text), `the end of the request, a ping and "${name}"`);
      },
    });
    answered = given.ok;
  }
  answered = (await tester.pong(payload, answered ? pongPatience(context) : 0)) && answered;
  const after = await ordinaryWitness(context, scene);
  if (after !== undefined) return after;
  if (answered) {
    early.read += 1;
    return { verdict: "pass" };
  }
  // A client must wait for the response (section 4.1): a server that does not go on with such a one keeps every rule.
  if (tester.handshake.kind !== "accepted" || tester.end !== undefined) {
    early.refused ??= tester.handshake.kind === "accepted" ? openOrEnd(tester) : reactionOf(tester);
    return { verdict: "pass" };
  }
  return {
    verdict: "warn",
    reason: "frames in the segment of the request's end were lost, and the connection went on",
    expected: "frames that come with the end of the request are the first of the connection, or end it",
    got: "101, an open connection, and no answer to them",
    mend: "Hand the bytes that follow the request's empty line to the frame reader.",
  };
}

/** All checks of this file. */
export const spelledHandshakes: readonly Check[] = [spellingCheck, piecesCheck];
