/** S-HS-05 and S-HS-09: the same upgrade in another spelling, and in pieces. */
import fc from "fast-check";
import type { Case, Check, CheckContext, ConnectOptions, Tester } from "../check.js";
import { encodeFrame } from "../frames/encode.js";
import { OPCODE } from "../frames/frame.js";
import type { HeaderLine } from "../frames/handshake.js";
import { frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
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
  const { handshake, handshakeFaults } = tester;
  if (handshake.kind === "accepted" && handshakeFaults.length === 0) return undefined;
  return {
    verdict: "fail",
    expected: `101: ${wanted}`,
    got:
      handshake.kind === "accepted" ? handshakeFaults.map(({ got }) => got).join("; ") : reactionOf(tester),
    mend: "Compare names and tokens of headers without regard to case, strip white space round values, read Connection as a list, and read the request until its empty line has come.",
  };
}

/** How a handshake is cut. */
interface Cutting {
  /** Offsets in the request and what follows it; negative ones from the end. */
  readonly cuts: readonly number[];
  readonly pauseMs: number;
  /** So many last bytes of the request are sent together with the first frame. */
  readonly held: number;
}

/** Longer requests are cut at every byte only up to here. */
const EVERY_BYTE = Array.from({ length: 600 }, (_, index) => index + 1);

const CUTTINGS: readonly Cutting[] = [
  { cuts: [], pauseMs: 0, held: 1 },
  { cuts: [], pauseMs: 0, held: 1_000_000 },
  { cuts: [1], pauseMs: 5, held: 4 },
  { cuts: [3], pauseMs: 5, held: 3 },
  { cuts: [-1], pauseMs: 5, held: 2 },
  { cuts: EVERY_BYTE, pauseMs: 0, held: 1 },
];

const cuttings: fc.Arbitrary<Cutting> = fc.record({
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
  pauseMs: fc.constantFrom(0, 2, 10),
  held: fc.integer({ min: 1, max: 60 }),
});

/** S-HS-09: a handshake cut anywhere works, and a first frame in the segment of its end is not lost. */
const piecesCheck: Check = {
  id: "S-HS-09",
  safe: true,
  async run(context) {
    const property = await runProperty(context, {
      label: "pieces",
      examples: CUTTINGS,
      arbitrary: cuttings,
      show: ({ cuts, pauseMs, held }) => ({ cuts: cuts.slice(0, 20), pauseMs, held }),
      script: (cutting, scene) => cutOnce(context, scene, cutting),
    });
    const kind = mayBeginWithCommand(context) ? "a ping and a command" : "a ping";
    return resultOf(property, {
      pass: `${property.passed} handshakes in pieces worked, with ${kind} in the segment of their end`,
    });
  },
};

/** True where a command may be sent before anything was received. */
function mayBeginWithCommand({ witness, endpoint }: CheckContext): boolean {
  const { first, transport } = endpoint.protocol;
  const mustWait = transport === "socket.io" || (first !== undefined && first !== null);
  return !mustWait && witness?.owed === true && witness.hasCommand;
}

async function cutOnce(
  context: CheckContext,
  scene: Case,
  { cuts, pauseMs, held }: Cutting,
): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const options: ConnectOptions = { bare: true, chunks: { cuts, pauseMs, upTo: -held } };
  const tester = await scene.connect(options);
  const ping = { opcode: OPCODE.ping, payload: scene.random.bytes(11) };
  const bytes = encodeFrame(ping, () => scene.random.bytes(4));
  const { witness } = context;
  const patience = pongPatience(context);
  if (witness === undefined || !mayBeginWithCommand(context)) {
    tester.finishRequest(bytes, "the end of the request and a ping");
    if (await tester.pong(ping.payload, patience)) return { verdict: "pass" };
    return lost(context, scene, tester, "the ping that came with the end of the request was not answered");
  }
  const given = await witness.give(tester, scene, {
    send: (name, payload, index) => {
      if (index > 0) {
        tester.command(name, payload);
        return;
      }
      const text = new TextEncoder().encode(frameText(context.endpoint, name, payload));
      const command = encodeFrame({ opcode: OPCODE.text, payload: text }, () => scene.random.bytes(4));
      tester.tell("command", { names: [name], payload });
      tester.finishRequest(Buffer.concat([bytes, command]), `the end of the request, a ping and "${name}"`);
    },
  });
  if (!(await tester.pong(ping.payload, given.ok ? patience : 0))) {
    return lost(context, scene, tester, "the ping that came with the end of the request was not answered");
  }
  if (given.ok) return { verdict: "pass" };
  const plain = await scene.connect();
  if (!(await witness.give(plain, scene)).ok) {
    return {
      verdict: "untestable",
      reason: `no witness: ${witness.what} was not given on an ordinary connection`,
    };
  }
  return lost(
    context,
    scene,
    tester,
    `the command that came with the end of the request had no effect: ${given.got}`,
  );
}

async function lost(context: CheckContext, scene: Case, tester: Tester, got: string): Promise<CaseOutcome> {
  const wrong = notAccepted(tester, "a request may come in any pieces");
  const after = await ordinaryWitness(context, scene);
  if (after !== undefined) return after;
  if (wrong !== undefined) return wrong;
  return {
    verdict: "fail",
    expected:
      "frames in the segment of the end of the request are read as the first frames of the connection",
    got: `${got} (${openOrEnd(tester)})`,
    mend: "Hand the bytes that follow the request's empty line to the frame reader: they are the beginning of the WebSocket.",
  };
}

/** All checks of this file. */
export const spelledHandshakes: readonly Check[] = [spellingCheck, piecesCheck];
