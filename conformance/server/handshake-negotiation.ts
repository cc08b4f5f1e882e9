/** S-HS-06 and S-HS-07: what server and client agree on, and messages compressed as they agreed. */
import type { Json } from "../../src/contract/contract.js";
import type { Case, Check, CheckContext, Tester } from "../check.js";
import { fillingOf, runExchange } from "../exchange.js";
import { DEFLATE } from "../frames/extensions.js";
import { OPCODE } from "../frames/frame.js";
import { SubjectGone } from "../interruption.js";
import { frameText } from "../judge.js";
import { layerOf } from "../layer.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { ordinaryWitness, pongWitness, reactionOf } from "./handshake-script.js";

/** A subprotocol that no server speaks. */
const UNKNOWN_PROTOCOL = "x-wireproof-unknown.v0";

interface SubprotocolOffer {
  readonly name: string;
  readonly offer: readonly string[];
  /** The document requires one of its own, and none is among these. */
  readonly mustRefuse: boolean;
  /** One of the document's own is among these: the handshake must be accepted. */
  readonly mustAccept: boolean;
}

function subprotocolOffers({ endpoint }: CheckContext): readonly SubprotocolOffer[] {
  const { subprotocols, subprotocolRequired } = endpoint.protocol;
  const known = (name: string, offer: readonly string[]): SubprotocolOffer => ({
    name,
    offer,
    mustRefuse: false,
    mustAccept: true,
  });
  const foreign = (name: string, offer: readonly string[]): SubprotocolOffer => ({
    name,
    offer,
    mustRefuse: subprotocolRequired,
    mustAccept: false,
  });
  return [
    foreign("none", []),
    foreign("only an unknown one", [UNKNOWN_PROTOCOL]),
    ...subprotocols.map((one) => known(`"${one}"`, [one])),
    ...subprotocols.map((one) => known(`an unknown one and "${one}"`, [UNKNOWN_PROTOCOL, one])),
  ];
}

/** S-HS-06: the server selects a subprotocol that was offered, or none. */
const subprotocolCheck: Check = {
  id: "S-HS-06",
  safe: true,
  async run(context) {
    const offers = subprotocolOffers(context);
    const selected = new Set<string>();
    const property = await runProperty(context, {
      label: "subprotocol",
      examples: offers,
      show: ({ name, offer }) => ({ offered: name, header: offer.join(", ") }),
      script: (one, scene) => offerSubprotocols(context, scene, one, selected),
    });
    const { subprotocolRequired } = context.endpoint.protocol;
    return resultOf(property, {
      pass: `${offers.length} offers: ${selected.size === 0 ? "none was selected" : `selected ${[...selected].join(", ")}`}${subprotocolRequired ? "; refused without the one that is required" : ""}`,
    });
  },
};

async function offerSubprotocols(
  context: CheckContext,
  scene: Case,
  one: SubprotocolOffer,
  selected: Set<string>,
): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const tester = await scene.connect({ bare: true, subprotocols: one.offer });
  const { handshake } = tester;
  if (handshake.kind === "unreachable") throw new SubjectGone(handshake.message);
  const fault = subprotocolFault(one, tester);
  if (fault !== undefined) return fault;
  const chosen = tester.headers["sec-websocket-protocol"];
  if (handshake.kind === "accepted" && chosen !== undefined) selected.add(`"${chosen}"`);
  tester.close(1000);
  return (await ordinaryWitness(context, scene)) ?? { verdict: "pass" };
}

function subprotocolFault(one: SubprotocolOffer, tester: Tester): CaseOutcome | undefined {
  const { handshake } = tester;
  const offered = `offered: ${one.name}`;
  if (handshake.kind !== "accepted") {
    if (!one.mustAccept) return undefined;
    return {
      verdict: "fail",
      expected: `101 (${offered})`,
      got: reactionOf(tester),
      mend: "Accept the subprotocol that the document declares, also beside others: select it in Sec-WebSocket-Protocol.",
    };
  }
  const chosen = tester.headers["sec-websocket-protocol"];
  if (chosen !== undefined && !one.offer.includes(chosen)) {
    return {
      verdict: "fail",
      expected: `one subprotocol of those that were offered, or no Sec-WebSocket-Protocol (${offered})`,
      got: `Sec-WebSocket-Protocol: ${chosen}`,
      mend: "Select from what the client offers; where it offers nothing you speak, leave the header out (RFC 6455 section 4.2.2).",
    };
  }
  if (one.mustRefuse) {
    return {
      verdict: "fail",
      expected: `no 101, for the document requires a subprotocol (${offered})`,
      got: reactionOf(tester),
      mend: "Refuse a handshake that does not offer the subprotocol that the document requires.",
    };
  }
  return undefined;
}

interface ExtensionOffer {
  readonly name: string;
  readonly header: string | undefined;
  /** RFC 7692 §7.1: a server must decline such an offer; that it takes it is a warning. */
  readonly unacceptable?: true;
}

const offer = (header: string): ExtensionOffer => ({ name: header, header });
const broken = (header: string): ExtensionOffer => ({ name: header, header, unacceptable: true });

const OFFERS: readonly ExtensionOffer[] = [
  { name: "none", header: undefined },
  offer("x-wireproof-unknown"),
  offer("x-wireproof-unknown; a=1, x-wireproof-other"),
  offer(DEFLATE),
  offer(`${DEFLATE}; client_max_window_bits`),
  offer(`${DEFLATE}; client_max_window_bits=10; server_max_window_bits=10`),
  offer(`${DEFLATE}; server_no_context_takeover; client_no_context_takeover`),
  offer(`x-wireproof-unknown, ${DEFLATE}; server_max_window_bits=9, ${DEFLATE}`),
];

const BROKEN_OFFERS: readonly ExtensionOffer[] = [
  broken(`${DEFLATE}; x_wireproof_unknown=1`),
  broken(`${DEFLATE}; server_max_window_bits=16`),
  broken(`${DEFLATE}; server_no_context_takeover=1`),
];

/** What came of the offers of compression. */
interface Compression {
  readonly taken: Set<string>;
  messages: number;
  compressedMessages: number;
}

/** S-HS-07: only offered extensions are answered; where compression is taken, compressed messages work both ways. */
const extensionCheck: Check = {
  id: "S-HS-07",
  safe: true,
  async run(context) {
    const seen: Compression = { taken: new Set(), messages: 0, compressedMessages: 0 };
    const property = await runProperty(context, {
      label: "extensions",
      examples: OFFERS,
      show: ({ name }) => name,
      script: (one, scene) => offerExtensions(context, scene, one, seen),
    });
    const words = () => ({
      pass: `${OFFERS.length} offers: ${wordsOf(seen)}`,
      notes: notesOf(context, seen),
    });
    // Offers that RFC 7692 forbids are nothing for a safe profile.
    const asked = seen.taken.size > 0 && context.profile.only !== "safe";
    if (property.failure !== undefined || property.passed === 0 || !asked) {
      return resultOf(property, words());
    }
    const declined = await runProperty(context, {
      label: "broken offer",
      examples: BROKEN_OFFERS,
      show: ({ name }) => name,
      script: (one, scene) => offerExtensions(context, scene, one, seen),
    });
    return resultOf(declined.failure === undefined ? property : declined, words());
  },
};

function wordsOf({ taken, messages, compressedMessages }: Compression): string {
  if (taken.size === 0) return "no extension was taken";
  return `${DEFLATE} was taken in ${taken.size} of them; ${messages} messages of the server were read, ${compressedMessages} of them compressed`;
}

function notesOf({ witness }: CheckContext, { taken }: Compression): string[] {
  if (taken.size === 0 || witness?.hasCommand === true) return [];
  return ["no command has an answer here: no compressed message was sent"];
}

async function offerExtensions(
  context: CheckContext,
  scene: Case,
  one: ExtensionOffer,
  seen: Compression,
): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const { header } = one;
  const options = header === undefined ? {} : { extensions: header };
  const tester = await scene.connect({ bare: true, ...options });
  const { handshake, handshakeFaults } = tester;
  if (handshake.kind === "unreachable") throw new SubjectGone(handshake.message);
  if (handshake.kind !== "accepted") {
    // A server may refuse an offer that it cannot make sense of; of others it must take or leave each.
    if (one.unacceptable === true) return (await ordinaryWitness(context, scene)) ?? { verdict: "pass" };
    return {
      verdict: "fail",
      expected: `101, with or without extensions, to an offer of ${one.name}`,
      got: reactionOf(tester),
      mend: "Ignore extensions that you do not know, and offers that you do not want: answer without them.",
    };
  }
  const answer = tester.headers["sec-websocket-extensions"];
  const fault = handshakeFaults.find(({ clause }) => clause !== "RFC 6455 4.2.2");
  if (fault !== undefined) {
    return {
      verdict: one.unacceptable === true ? "warn" : "fail",
      reason: `the answer to an offer of ${one.name} is not what was offered`,
      expected: `${fault.expected} (${fault.clause})`,
      got: fault.got,
      mend: "Answer only extensions that the client offered, with parameters that its offer allows.",
    };
  }
  if (one.unacceptable === true && answer !== undefined && answer !== "") {
    return {
      verdict: "warn",
      reason: "an offer of compression that must be declined was taken",
      expected: `no ${DEFLATE} in answer to ${one.name} (RFC 7692 section 7.1)`,
      got: `Sec-WebSocket-Extensions: ${answer}`,
      mend: "Decline an offer with a parameter that is unknown or has a value that it must not have.",
    };
  }
  if (tester.deflate === undefined) {
    return (await pongWitness(context, scene, tester)) ?? { verdict: "pass" };
  }
  seen.taken.add(one.name);
  tester.close(1000);
  return await speakCompressed(context, scene, one, seen);
}

/** How often the witness is given on one connection: what is compressed second leans on the first. */
const TURNS = 3;

/** A compressed connection of its own: the witness three times, the last in fragments; then a long text comes back. */
async function speakCompressed(
  context: CheckContext,
  scene: Case,
  one: ExtensionOffer,
  seen: Compression,
): Promise<CaseOutcome> {
  const { witness } = context;
  const tester = await scene.connect({ extensions: one.header ?? DEFLATE });
  const alive = await pongWitness(context, scene, tester);
  if (alive !== undefined) return alive;
  if (witness?.owed === true && witness.hasCommand) {
    for (let turn = 1; turn <= TURNS; turn += 1) {
      const fragmented = turn === TURNS;
      const given = await witness.give(tester, scene, {
        send: (name, payload) =>
          fragmented ? sendInFragments(context, tester, name, payload) : tester.command(name, payload),
      });
      const fault = inflationFault(scene, tester);
      if (fault !== undefined) return fault;
      if (given.ok) continue;
      const plain = await witness.give(await scene.connect(), scene);
      if (!plain.ok) {
        return {
          verdict: "untestable",
          reason: `no witness: ${witness.what} was not given without compression`,
        };
      }
      return {
        verdict: "fail",
        reason: `a compressed message had not its effect (message ${turn}${fragmented ? ", in fragments" : ""})`,
        expected: `${given.expected}, as without compression (agreed: ${tester.headers["sec-websocket-extensions"]})`,
        got: given.got,
        mend: "Inflate messages whose first frame has RSV1 set, keeping the window between messages unless it was agreed otherwise (RFC 7692 section 7.2.2).",
      };
    }
    await echoLongText(context, scene, tester);
  }
  const last = await pongWitness(context, scene, tester);
  const fault = inflationFault(scene, tester);
  if (fault !== undefined) return fault;
  seen.messages += tester.messages.length;
  seen.compressedMessages += compressedOf(scene, tester);
  return last ?? { verdict: "pass" };
}

/** A long text of few words, so that a server compresses what it answers; whether it comes back is for another row. */
async function echoLongText(context: CheckContext, scene: Case, tester: Tester): Promise<void> {
  const echo = context.endpoint.exchanges?.list.find(({ tags }) => tags.includes("echo"));
  if (echo === undefined) return;
  await runExchange(tester, echo, {
    judge: context.judge,
    filling: { ...fillingOf(scene), text: "compress me, please. ".repeat(100) },
    answerMs: context.answerMs,
  });
}

function inflationFault(scene: Case, tester: Tester): CaseOutcome | undefined {
  // Other violations of the case say what followed from it.
  const violation = scene.violations.find(
    ({ clause, connection }) => clause.startsWith("RFC 7692") && connection === tester.id,
  );
  if (violation === undefined) return undefined;
  return {
    verdict: "fail",
    reason: "a compressed message of the server cannot be read",
    expected: `messages compressed as agreed: ${tester.headers["sec-websocket-extensions"]} (${violation.clause})`,
    got: violation.got,
    mend: "Compress with the window that was agreed on, forget it after each message only where that was agreed, and drop the last four bytes (RFC 7692 section 7.2.1).",
  };
}

function compressedOf(scene: Case, tester: Tester): number {
  return scene.transcript.filter(
    ({ connection, direction, frames }) =>
      connection === tester.id && direction === "received" && ((frames?.[0]?.rsv ?? 0) & 4) !== 0,
  ).length;
}

/** A command compressed and cut in three: only the first frame carries RSV1. */
function sendInFragments(context: CheckContext, tester: Tester, name: string, payload: Json): void {
  const { deflate } = tester;
  if (deflate === undefined) {
    tester.command(name, payload);
    return;
  }
  const text = layerOf(context.endpoint, true).write(frameText(context.endpoint, name, payload));
  const bytes = deflate(new TextEncoder().encode(text));
  const third = Math.ceil(bytes.length / 3);
  tester.tell("command", { names: [name], payload });
  tester.frame(
    { opcode: OPCODE.text, rsv: 4, fin: false, payload: bytes.subarray(0, third) },
    `"${name}", part 1`,
  );
  tester.frame(
    { opcode: OPCODE.continuation, fin: false, payload: bytes.subarray(third, 2 * third) },
    "part 2",
  );
  tester.frame({ opcode: OPCODE.continuation, payload: bytes.subarray(2 * third) }, "part 3");
}

/** All checks of this file. */
export const negotiationChecks: readonly Check[] = [subprotocolCheck, extensionCheck];
