/** C-FR-06 and C-FR-07: the closing handshake that the server begins, and Close frames that may not be. */
import { closeBody } from "../frames/close.js";
import { isData } from "../frames/decode.js";
import { type FrameSpec, OPCODE } from "../frames/frame.js";
import type { CaseOutcome } from "../property.js";
import { illegalCloseCases, legalCloseCases } from "../server/frames/close-codes.js";
import { closeCases } from "../server/frames/closing.js";
import type { BrokenCase } from "../server/frames/failing.js";
import { padTo } from "../server/frames/lengths.js";
import { decideRow, type NamedCase, numbersOf } from "../server/frames/row.js";
import { asEvent, BY_HAND } from "./broken-frames.js";
import type { ClientCase, ClientCheck, ClientContext, Peer } from "./check.js";
import { failsConnection, type Wanted } from "./failing.js";
import { meet } from "./meeting.js";
import { eventNow, sendFrames } from "./sending.js";
import { endText } from "./witness.js";

/** A Close frame that must be answered, and what stands around it in the same write. */
interface ClosingCase extends NamedCase {
  readonly body: Uint8Array;
  /** An event before it, padded to so many bytes or as it is (0), where the document has one that comes unasked. */
  readonly command?: number;
  readonly before?: readonly FrameSpec[];
  readonly after?: readonly FrameSpec[];
  /** The code that was sent, where it is this code that the case is about. */
  readonly code?: number;
  readonly level?: "MUST" | "SHOULD";
}

const closingCases: readonly ClosingCase[] = [
  ...closeCases.map((one) => ({ ...one, name: asEvent(one.name) })),
  ...legalCloseCases.map((one) => ({ ...one, body: closeBody(one.code) })),
];

const MEND =
  "Answer a Close frame with a Close frame of the same code, send nothing more, and let the server end TCP (RFC 6455 sections 5.5.1 and 7.1.1).";

/** C-FR-06. */
export const closings: ClientCheck = {
  id: "C-FR-06",
  smoke: true,
  safe: true,
  autobahn: numbersOf(closingCases),
  async run(context) {
    const { maxBytes = Number.POSITIVE_INFINITY } = context.endpoint.protocol;
    const finished: string[] = [];
    return decideRow<ClosingCase, ClientCase>(context, {
      label: "close",
      cases: closingCases.filter(({ command = 0 }) => command <= maxBytes),
      most: context.mode === "attach" ? BY_HAND : context.profile.maxKinds,
      script: (one, scene) => closing(context, scene, one, finished),
      pass: (played) => `${played} Close frames were answered by one, and nothing followed`,
      notes: () =>
        finished.length === 0
          ? []
          : [
              "the client sent FIN before the server did, whose turn it is (RFC 6455 sections 5.5.1 and 7.1.1: it SHOULD wait, and MAY close)",
            ],
    });
  },
};

async function closing(
  context: ClientContext,
  scene: ClientCase,
  one: ClosingCase,
  finished: string[],
): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const frames = [
    ...eventBefore(context, peer, one.command),
    ...(one.before ?? []),
    { opcode: OPCODE.close, payload: one.body },
    ...(one.after ?? []),
  ];
  // The kit leaves TCP to itself: who ends it is the question.
  peer.oblige({ control: false });
  await sendFrames(peer, scene, frames, frames.length === 1 ? "frames" : "together");
  const end = await peer.ended(context.answerMs);
  const wrong = end === undefined || end.how !== "close";
  if (wrong) {
    return {
      verdict: one.level === "SHOULD" ? "warn" : "fail",
      reason: `${one.name}: it was not answered`,
      expected: `a Close frame within ${Math.round(context.answerMs)} ms`,
      got: end === undefined ? "nothing: the connection stays open" : endText(peer),
      mend: MEND,
    };
  }
  const isPlain = one.before === undefined && one.after === undefined;
  const early = await endsTcpFirst(context, scene, peer);
  // RFC 6455 §5.5.1: a client "SHOULD wait for the server to close the connection but MAY close the connection at any
  // time after sending and receiving a Close message". FIN, which loses nothing, is what that allows: a note. RST is a
  // warning.
  if (isPlain && early === "fin") finished.push(one.name);
  peer.finish();
  const data = dataAfterClose(peer);
  if (data !== undefined) {
    return { verdict: "fail", expected: "no data after the Close frame", got: data, mend: MEND };
  }
  // Codes that a client may answer with: the one that was sent, 1000, 1001, or none.
  const good = new Set([one.code ?? 1000, 1000, 1001]);
  if (isPlain && end.code !== undefined && !good.has(end.code)) {
    const quarrels = end.code === 1002 || end.code === 1007;
    return {
      verdict: quarrels && one.level !== "SHOULD" && one.code !== undefined ? "fail" : "warn",
      reason: `${one.name} was answered by another code`,
      expected: `a Close frame with ${[...good].join(" or ")}, or without a code`,
      got: endText(peer),
      mend: MEND,
    };
  }
  if (!isPlain || early !== "rst") return { verdict: "pass" };
  return {
    verdict: "warn",
    reason: `after ${one.name} and its answer the client reset TCP`,
    expected: "the server ends TCP (RFC 6455 section 7.1.1)",
    got: "the client reset the connection",
    mend: "Leave the end of TCP to the server once both Close frames have crossed, and end it yourself only after a while.",
  };
}

/** How the client ends TCP although the server, whose turn it is, does not; undefined where it waits. */
async function endsTcpFirst(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
): Promise<"fin" | "rst" | "local" | undefined> {
  const until = scene.now() + context.quietMs();
  while (peer.tcpEnd === undefined && scene.now() < until) await scene.wait(20);
  return peer.tcpEnd?.how;
}

/** A data frame behind the client's Close frame. */
function dataAfterClose({ frames }: Peer): string | undefined {
  const at = frames.findIndex(({ opcode }) => opcode === OPCODE.close);
  const data = at < 0 ? undefined : frames.slice(at + 1).find(isData);
  return data === undefined
    ? undefined
    : `a data frame of ${data.payload.length} bytes behind the Close frame`;
}

function eventBefore(context: ClientContext, peer: Peer, length: number | undefined): readonly FrameSpec[] {
  const text = length === undefined ? undefined : eventNow(context, peer);
  if (text === undefined) return [];
  peer.tell(text, "event");
  return [{ opcode: OPCODE.text, payload: padTo(new TextEncoder().encode(text), length ?? 0) }];
}

const WANTED: Wanted = {
  causes: ["frame", "not-utf8"],
  mend: "Fail the connection with 1002 at a Close frame of one byte or with a code that may not be sent, and with 1002 or 1007 at a reason that is not UTF-8 (RFC 6455 sections 5.5.1 and 7.4).",
};

/** A Close frame, then an event that nobody may hear any more. */
interface LateData extends NamedCase {
  readonly late: true;
}

const lateData: LateData = { name: "Close 1000, then an event in the same write", late: true };

/** C-FR-07. */
export const badCloses: ClientCheck = {
  id: "C-FR-07",
  smoke: true,
  autobahn: numbersOf(illegalCloseCases),
  run: (context) =>
    decideRow<BrokenCase | LateData, ClientCase>(context, {
      label: "bad close",
      cases: [...illegalCloseCases, lateData],
      most: context.mode === "attach" ? BY_HAND : context.profile.maxKinds,
      script: (one, scene) =>
        "late" in one ? afterClose(context, scene, one) : failsConnection(context, scene, one, WANTED),
      pass: (played) =>
        `${played} Close frames that may not be failed their connections, and data after one was ignored`,
      notes: () =>
        context.reports ? [] : ["no driver: whether data after a Close is delivered was not judged"],
    }),
};

async function afterClose(context: ClientContext, scene: ClientCase, one: LateData): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const text = eventNow(context, peer);
  // What the client was sent before may still be on its way to us.
  await scene.wait(context.reports ? context.quietMs() : 0);
  const known = client.told.length;
  peer.tell("", "anything");
  const event: FrameSpec = { opcode: OPCODE.text, payload: new TextEncoder().encode(text ?? "{}") };
  await sendFrames(peer, scene, [{ opcode: OPCODE.close, payload: closeBody(1000) }, event], "together");
  const end = await peer.ended(context.answerMs);
  if (end === undefined) {
    return {
      verdict: "fail",
      expected: `the connection ends within ${Math.round(context.answerMs)} ms of the Close frame`,
      got: "it stays open",
      mend: MEND,
    };
  }
  if (!context.reports || text === undefined) return { verdict: "pass" };
  const told = await client.next(({ kind }) => kind === "event", context.quietMs(), known);
  if (told === undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "an event behind the Close frame was delivered",
    expected: `${one.name}: it is not delivered`,
    got: "it was told as delivered",
    mend: "Read nothing more after a Close frame (RFC 6455 section 1.4).",
  };
}
