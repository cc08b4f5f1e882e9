/** C-FR-08: an end without Close is told as 1006; C-FR-09: a message over the limit is cut off. */
import { sameJson } from "../../src/contract/same-json.js";
import { type FrameSpec, OPCODE } from "../frames/frame.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { padTo } from "../server/frames/lengths.js";
import { cutAt, fragmentsOf } from "../server/frames/sending.js";
import type { ClientCase, ClientCheck, ClientContext, ClientReport } from "./check.js";
import { judgeEnd } from "./failing.js";
import { meet } from "./meeting.js";
import { bytesOf, eventNow, sendFrames, textFrame } from "./sending.js";
import { pongWitness, unaskedEvent } from "./witness.js";

/** How the server ends a connection without a Close frame. */
type End = "FIN" | "FIN in the middle of a frame" | "RST" | "RST in the middle of a frame";

const ENDS: readonly End[] = ["FIN", "FIN in the middle of a frame", "RST", "RST in the middle of a frame"];

/** What a client needs to read half a frame before the reset throws it away (milliseconds). */
const READ_MS = 50;

/** C-FR-08. */
const abnormalEnds: ClientCheck = {
  id: "C-FR-08",
  smoke: true,
  async run(context) {
    const property = await runProperty<End, ClientCase>(context, {
      label: "end without Close",
      examples: ENDS,
      script: (end, scene) => endWithout(context, scene, end),
    });
    return resultOf(property, { pass: "FIN and RST without a Close frame were told as 1006" });
  },
};

async function endWithout(context: ClientContext, scene: ClientCase, how: End): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const text = eventNow(context, peer) ?? "{}";
  await scene.wait(context.quietMs());
  const from = client.told.length;
  if (how.includes("middle")) {
    const bytes = bytesOf([textFrame(text)]);
    peer.raw(bytes.subarray(0, bytes.length - 1), "a text frame without its last byte");
    await scene.wait(READ_MS);
  }
  if (how.startsWith("FIN")) peer.finish();
  else peer.destroy();
  const isEnd = (report: ClientReport): boolean =>
    report.kind === "state" && report.state !== "connected" && report.state !== "connecting";
  const told = await client.next(isEnd, context.answerMs, from);
  const expected = `after ${how} the end is told with 1006, and no event`;
  const mend =
    "Give the code 1006 to the application where no Close frame came, and drop the message that is not whole.";
  if (told?.kind !== "state") {
    return { verdict: "fail", reason: "the end was not told", expected, got: "no change of state", mend };
  }
  const delivered = client.told.slice(from).find(({ kind }) => kind === "event");
  if (delivered !== undefined) {
    return {
      verdict: "fail",
      reason: "what was no whole message was delivered",
      expected,
      got: "an event",
      mend,
    };
  }
  if (told.code === undefined) {
    return { verdict: "untestable", reason: "the client tells no code with its state" };
  }
  if (told.code === 1006) return { verdict: "pass" };
  return { verdict: "fail", reason: `the end was told as ${told.code}`, expected, got: `${told.code}`, mend };
}

/** Longer messages are only announced (bytes). */
const LARGEST = 16 * 1024 * 1024;

type Size = "just the limit" | "one byte more" | "one byte more, in two fragments" | "announced: 2^62";

/** C-FR-09. */
const oversize: ClientCheck = {
  id: "C-FR-09",
  async run(context) {
    const { maxBytes = 0 } = context.endpoint.protocol;
    // What is cut off need not be an event: only what is to be delivered.
    const hasEvent = unaskedEvent(context.judge) !== undefined;
    const whole: readonly Size[] = [
      ...(hasEvent ? (["just the limit"] as const) : []),
      "one byte more",
      "one byte more, in two fragments",
    ];
    const isBorne = hasEvent && maxBytes <= LARGEST;
    const property = await runProperty<Size, ClientCase>(context, {
      label: "size",
      examples: [...(maxBytes <= LARGEST ? whole : []), "announced: 2^62"],
      // Of several clients in one process nobody could tell which one brought it down.
      concurrency: 1,
      script: (size, scene) => send(context, scene, size, maxBytes),
    });
    return resultOf(property, {
      pass: `messages over ${maxBytes} bytes were cut off${isBorne ? ", and one of just that length was not" : ""}`,
      notes: [
        ...(context.reports ? [] : ["no driver: whether they are delivered was not judged"]),
        ...(hasEvent ? [] : ["no event may be sent unasked: one of just that length was not tried"]),
      ],
    });
  },
};

async function send(
  context: ClientContext,
  scene: ClientCase,
  size: Size,
  maxBytes: number,
): Promise<CaseOutcome> {
  const met = await meet(context, scene, { obliging: { commands: false } });
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const isGood = size === "just the limit";
  const event = eventNow(context, peer);
  if (isGood && event === undefined) {
    return { verdict: "untestable", reason: "no event may be sent unasked" };
  }
  const text = event ?? "{}";
  const judged = context.judge.events.judge(text);
  const isIt = (report: ClientReport): boolean =>
    report.kind === "event" && judged.ok && sameJson(report.payload, judged.value);
  const from = client.told.length;
  const mend = `Give the reader of frames the limit of ${maxBytes} bytes a message (\`maxPayload\` of ws), so that it closes with 1009.`;
  peer.tell(isGood ? text : "", isGood ? "event" : "anything");
  await sendFrames(peer, scene, framesOf(size, new TextEncoder().encode(text), maxBytes), "together");
  if (isGood) {
    const told = context.reports ? await client.next(isIt, context.answerMs, from) : undefined;
    const alive = await pongWitness(context, scene, peer);
    if (alive.ok && (told !== undefined || !context.reports)) return { verdict: "pass" };
    return {
      verdict: "fail",
      reason: "a message of just the limit was not delivered",
      expected: `a message of ${maxBytes} bytes is delivered, and the connection stays open`,
      got: alive.ok ? "it was not told" : alive.got,
      mend,
    };
  }
  const wrong = await judgeEnd(context, scene, peer, `a message over the limit (${size})`, {
    causes: ["too-large"],
    mend,
  });
  const told = context.reports ? await client.next(isIt, context.quietMs(), from) : undefined;
  if (!context.reports) await scene.wait(context.quietMs());
  const { gone } = client;
  // A program that is done once its connection is over may end: but it ends well.
  if (gone !== undefined && client.process?.exit?.code !== 0) {
    return {
      verdict: "fail",
      reason: "the client died of a message over the limit",
      expected: `${size}: the connection is closed, and the client lives on`,
      got: `the client ${gone}`,
      mend,
    };
  }
  if (told === undefined) return wrong ?? { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "a message over the limit was delivered",
    expected: `a message of more than ${maxBytes} bytes is not delivered`,
    got: "it was told as delivered",
    mend,
  };
}

function framesOf(size: Size, text: Uint8Array, maxBytes: number): readonly FrameSpec[] {
  switch (size) {
    case "just the limit":
      return [{ opcode: OPCODE.text, payload: padTo(text, maxBytes) }];
    case "one byte more":
      return [{ opcode: OPCODE.text, payload: padTo(text, maxBytes + 1) }];
    case "one byte more, in two fragments":
      return fragmentsOf(cutAt(padTo(text, maxBytes + 1), [maxBytes]));
    case "announced: 2^62":
      // A client that counts what it reads is bounded as well: it is given more than it may keep.
      return [
        {
          opcode: OPCODE.text,
          payload: maxBytes <= LARGEST ? padTo(text, maxBytes + 1) : text,
          declaredLength: 1n << 62n,
        },
      ];
  }
}

/** Both checks. */
export const abnormalChecks: readonly ClientCheck[] = [abnormalEnds, oversize];
