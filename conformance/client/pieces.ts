/** C-FR-04 and C-HS-05: however frames and TCP cut what the server sends, each event is delivered once and unharmed. */
import fc from "fast-check";
import type { Json } from "../../src/contract/contract.js";
import { sameJson } from "../../src/contract/same-json.js";
import { frameText } from "../judge.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { fragmentCases } from "../server/frames/fragments.js";
import { lengthCases, padTo } from "../server/frames/lengths.js";
import { decideRow, type NamedCase, numbersOf } from "../server/frames/row.js";
import { fragmentsOf } from "../server/frames/sending.js";
import { asEvent } from "./broken-frames.js";
import type { ClientCase, ClientCheck, ClientContext, ClientReport, Peer } from "./check.js";
import { gaveUpConnecting, meet, tooLate } from "./meeting.js";
import { sendFrames } from "./sending.js";
import { endText, pongWitness, unaskedEvent } from "./witness.js";

type Fragments = (typeof fragmentCases)[number];
/** An event in one frame, padded with white space. */
type Padded = NamedCase & { readonly length: number };

const cutCases: readonly (Fragments | Padded)[] = [
  ...fragmentCases,
  ...lengthCases.filter(({ length }) => length > 0),
].map((one) => ({ ...one, name: asEvent(one.name) }));

/** What a case comes to where no event could be cut. */
const NO_EVENT = { verdict: "untestable", reason: "no event may be sent unasked" } as const;

/** C-FR-04. */
const pieces: ClientCheck = {
  id: "C-FR-04",
  smoke: true,
  autobahn: numbersOf(cutCases),
  async run(context) {
    if (unaskedEvent(context.judge) === undefined) return { ...NO_EVENT, cases: 0 };
    const { maxBytes = Number.POSITIVE_INFINITY } = context.endpoint.protocol;
    return decideRow<Fragments | Padded, ClientCase>(context, {
      label: "pieces",
      cases: cutCases.filter(
        (one) =>
          (!("length" in one) || one.length <= maxBytes) && (one.autobahn !== "10.1.1" || maxBytes >= 65_536),
      ),
      most: context.profile.maxKinds,
      script: (one, scene) => deliver(context, scene, one),
      pass: (played) => `an event was delivered once and unharmed in each of ${played} forms`,
    });
  },
};

/** An event that may come now, with this text in one of its strings where that can be. */
function eventWith(
  { endpoint, judge }: ClientContext,
  peer: Peer,
  text: string | undefined,
): { readonly text: string; readonly payload: Json } | undefined {
  const event = unaskedEvent(judge);
  if (event === undefined) return undefined;
  const variants = text === undefined ? [] : withString(event.payload, text);
  for (const payload of [...variants, event.payload]) {
    const written = frameText(endpoint, event.name, payload, "event");
    const judged = judge.events.judge(written);
    if (!judged.ok || !judged.messages.includes(event.name)) continue;
    if (peer.legality(event.name, payload) === "legal") return { text: written, payload };
  }
  return undefined;
}

/** The value with one of its strings, each in turn, replaced. */
function withString(value: Json, text: string): Json[] {
  if (typeof value === "string") return [text];
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => withString(item, text).map((other) => value.with(at, other)));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    withString(item, text).map((other) => ({ ...value, [key]: other })),
  );
}

async function deliver(
  context: ClientContext,
  scene: ClientCase,
  one: Fragments | Padded,
): Promise<CaseOutcome> {
  const met = await meet(context, scene, { obliging: { commands: false } });
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const event = eventWith(context, peer, "text" in one ? one.text : undefined);
  if (event === undefined) return NO_EVENT;
  const fits = (report: ClientReport): boolean =>
    report.kind === "event" && sameJson(report.payload, event.payload);
  const from = client.told.length;
  let bytes: Uint8Array = new TextEncoder().encode(event.text);
  if ("length" in one) bytes = padTo(bytes, one.length);
  else if (one.frames !== undefined) {
    // An empty text is no event: the one behind it must come through.
    peer.tell("", "undecodable");
    await sendFrames(peer, scene, one.frames, one.chops);
  }
  peer.tell(event.text, "event");
  const cut = "cut" in one && one.cut !== undefined ? one.cut(bytes) : [bytes];
  await sendFrames(peer, scene, fragmentsOf(cut), "chops" in one ? one.chops : undefined);
  const told = await client.next(fits, context.answerMs, from);
  await pongWitness(context, scene, peer);
  const count = client.told.slice(from).filter(fits).length;
  if (told !== undefined && count === 1) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: told === undefined ? `${one.name}: it was not delivered` : `${one.name}: it was delivered twice`,
    expected: `${one.name} is delivered once: ${event.text.slice(0, 200)}`,
    got: told === undefined ? `nothing that equals it was told; ${endText(peer)}` : `${count} times`,
    mend: "Join the payloads of all fragments, empty ones too, and decode them as one text when the last has come (RFC 6455 section 5.4).",
  };
}

/** Cuts at these offsets of the response and the event behind it, each piece in a write of its own. */
type Cuts = readonly number[];

/** A response has some 130 bytes: every part of it is cut, its end and the frame behind it too. */
const CUTS: readonly Cuts[] = [
  [],
  [1],
  [33],
  [34],
  [70],
  [126],
  [127],
  [128],
  [129],
  [130],
  [131],
  [132],
  [140],
];

/** Between the pieces (milliseconds). */
const PAUSE_MS = 5;

const anyCuts: fc.Arbitrary<Cuts> = fc
  .uniqueArray(fc.integer({ min: 1, max: 180 }), { minLength: 1, maxLength: 6 })
  .map((cuts) => [...cuts].sort((a, b) => a - b));

/** C-HS-05. */
const cutResponse: ClientCheck = {
  id: "C-HS-05",
  smoke: true,
  async run(context) {
    const name = context.endpoint.protocol.first?.message ?? unaskedEvent(context.judge)?.name;
    if (name === undefined) return { ...NO_EVENT, cases: 0 };
    const property = await runProperty<Cuts, ClientCase>(context, {
      label: "response cut",
      examples: CUTS,
      arbitrary: anyCuts,
      script: (cuts, scene) => together(context, scene, name, cuts),
    });
    return resultOf(property, {
      pass: `"${name}" in the segment of the response was delivered, however both were cut`,
    });
  },
};

async function together(
  context: ClientContext,
  scene: ClientCase,
  name: string,
  at: Cuts,
): Promise<CaseOutcome> {
  const client = await scene.launch();
  const peer = await scene.connection({
    together: [name],
    cuts: { at, pauseMs: PAUSE_MS },
    obliging: { commands: false },
  });
  const told = await client.next(({ kind }) => kind === "event", context.answerMs, 0);
  if (told !== undefined) return { verdict: "pass" };
  const witness = await pongWitness(context, scene, peer);
  // The pieces were so late that the client had given the attempt up.
  if (gaveUpConnecting(context, peer)) return tooLate(context);
  return {
    verdict: "fail",
    reason:
      at.length === 0 ? "an event together with the response was lost" : "a response in pieces was not borne",
    expected: `"${name}", which came with the response cut at ${at.join(", ") || "no byte"}, is delivered`,
    got: witness.ok ? "nothing was told, though pings are answered" : endText(peer),
    mend: "Keep what comes behind the head of the response, and listen for messages before the connection opens.",
  };
}

/** Both checks. */
export const pieceChecks: readonly ClientCheck[] = [pieces, cutResponse];
