/** C-FR-03: text that is not UTF-8 fails the connection and is not delivered, however it is cut. */
import { OPCODE } from "../frames/frame.js";
import type { CaseOutcome } from "../property.js";
import type { BrokenCase } from "../server/frames/failing.js";
import { decideRow, type NamedCase, numbersOf } from "../server/frames/row.js";
import { cutAt, fragmentsOf } from "../server/frames/sending.js";
import { anyInvalid, invalidUtf8Cases } from "../server/frames/utf8.js";
import { BY_HAND } from "./broken-frames.js";
import type { ClientCase, ClientCheck, ClientContext, LaunchedClient } from "./check.js";
import { failsConnection, judgeEnd, type Wanted } from "./failing.js";
import { meet } from "./meeting.js";
import { bytesOf, eventNow } from "./sending.js";

type Shared = (typeof invalidUtf8Cases)[number];
type Late = Extract<Shared, { readonly parts: unknown }>;

/** An event that is all right but for octets in one of its strings: who replaces them delivers it. */
interface Spoiled extends NamedCase {
  readonly octets: Uint8Array;
  /** Cut between them. */
  readonly cut: boolean;
}

const spoiledCases: readonly Spoiled[] = (
  [
    ["an impossible octet", "ff", false],
    ["a surrogate", "eda080", false],
    ["an overlong character", "c0af", false],
    ["an unfinished sequence", "e282", false],
    ["a surrogate cut in two fragments", "eda080", true],
  ] as const
).map(([what, hex, cut]) => ({
  name: `an event with ${what} in a string`,
  octets: new Uint8Array(Buffer.from(hex, "hex")),
  cut,
}));

const WANTED: Wanted = {
  causes: ["not-utf8"],
  mend: "Decode text messages strictly (`fatal: true` of a TextDecoder) and fail the connection with 1007 when they are not UTF-8 (RFC 6455 section 8.1).",
};

/** Random cases: each is a client of its own. */
const RUNS = 6;

/** How long the kit waits between the parts of a late case (milliseconds). */
const BETWEEN_MS = 200;

/** C-FR-03. */
export const notUtf8: ClientCheck = {
  id: "C-FR-03",
  smoke: true,
  autobahn: numbersOf(invalidUtf8Cases),
  run: (context) =>
    decideRow<Shared | Spoiled, ClientCase>(context, {
      label: "not UTF-8",
      cases: [...spoiledCases, ...invalidUtf8Cases],
      most: context.mode === "attach" ? BY_HAND : context.profile.maxKinds,
      arbitrary: anyInvalid,
      runs: context.mode === "attach" ? 0 : Math.min(context.runs, RUNS),
      script: (one, scene) => {
        if ("octets" in one) return spoiled(context, scene, one);
        if ("parts" in one) return late(context, scene, one);
        return failsConnection(context, scene, one, WANTED);
      },
      pass: (played) => `each of ${played} texts that are not UTF-8 failed its connection`,
      notes: () => (context.reports ? [] : ["no driver: whether such a text is delivered was not judged"]),
    }),
};

async function spoiled(context: ClientContext, scene: ClientCase, one: Spoiled): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const text = eventNow(context, peer);
  const parts = text === undefined ? undefined : spoil(text, one);
  if (parts === undefined) {
    return { verdict: "inconclusive", reason: "no event with a string in it may be sent unasked" };
  }
  const frames: BrokenCase["frames"] = fragmentsOf(parts);
  const known = client.told.length;
  peer.tell("", "anything");
  for (const frame of frames) peer.frame(frame, one.name);
  return (
    (await judgeEnd(context, scene, peer, one.name, WANTED)) ?? delivered(context, client, known, one.name)
  );
}

/** The event with bad octets at the end of its last string, in one part or two. */
function spoil(text: string, { cut, octets }: Spoiled): readonly Uint8Array[] | undefined {
  const strings = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=\s*[,}\]])/g)];
  const last = strings.at(-1);
  if (last === undefined) return undefined;
  const at = last.index + last[0].length - 1;
  const before = Buffer.from(text.slice(0, at));
  const bytes = Buffer.concat([before, octets, Buffer.from(text.slice(at))]);
  return cut ? cutAt(bytes, [before.length + 1]) : [bytes];
}

/** Sends the parts with pauses; a client may fail the connection at the bad octet or at the end of the message. */
async function late(context: ClientContext, scene: ClientCase, one: Late): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { peer } = met;
  peer.tell("", "anything");
  for (const [index, bytes] of writesOf(one).entries()) {
    if (peer.end !== undefined || peer.tcpEnd !== undefined) break;
    peer.raw(bytes, `part ${index + 1} of 3`);
    if (index < 2) await peer.ended(BETWEEN_MS);
  }
  return (await judgeEnd(context, scene, peer, one.name, WANTED)) ?? { verdict: "pass" };
}

function writesOf({ by, parts }: Late): readonly Uint8Array[] {
  if (by === "fragments") return fragmentsOf(parts).map((frame) => bytesOf([frame]));
  const whole = bytesOf([{ opcode: OPCODE.text, payload: Buffer.concat(parts) }]);
  const head = whole.length - parts.reduce((sum, part) => sum + part.length, 0);
  return cutAt(whole, [head + parts[0].length, head + parts[0].length + parts[1].length]);
}

/** Whether a client that tells what it delivers has told of something since. */
async function delivered(
  context: ClientContext,
  client: LaunchedClient,
  known: number,
  what: string,
): Promise<CaseOutcome> {
  if (!context.reports) return { verdict: "pass" };
  // Replacement characters show what it made of the bad octets.
  const fits = (report: Parameters<Parameters<LaunchedClient["next"]>[0]>[0]): boolean =>
    report.kind === "event" && JSON.stringify(report.payload).includes("\ufffd");
  const told = await client.next(fits, context.quietMs(), known);
  if (told === undefined) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: `${what} was delivered`,
    expected: "it is not delivered",
    got: told.kind === "event" ? JSON.stringify(told.payload).slice(0, 200) : told.kind,
    mend: WANTED.mend,
  };
}
