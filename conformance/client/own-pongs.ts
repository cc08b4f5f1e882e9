/** C-HB-02: each ping of a heartbeat that the server initiates has its own pong in time. */
import { jsonAt } from "../../src/arbitrary/speech/compose.js";
import type { Json, Pointer } from "../../src/contract/contract.js";
import { sameJson } from "../../src/contract/same-json.js";
import { type CaseOutcome, type Failure, resultOf, runProperty } from "../property.js";
import { answerBound } from "../time.js";
import type { ClientCase, ClientCheck, ClientContext, Peer, ReceivedCommand } from "./check.js";
import { meet, tooLate } from "./meeting.js";
import { endText, unaskedEvent } from "./witness.js";

/** When the kit pings. */
type Moment = "one after another" | "between events" | "at once";

/** So many pings make a case. */
const PINGS = 5;

/** A pong that is late by more than this is taken for none (milliseconds). */
const LATE_MS = 1000;

/** How often a script looks at what has come (milliseconds). */
const LOOK_MS = 5;

/** C-HB-02. */
export const ownPongs: ClientCheck = {
  id: "C-HB-02",
  smoke: true,
  safe: true,
  async run(context) {
    const moments: readonly Moment[] = [
      "one after another",
      ...(unaskedEvent(context.judge) === undefined ? [] : (["between events"] as const)),
      "at once",
    ];
    const property = await runProperty<Moment, ClientCase>(context, {
      label: "pings",
      examples: moments,
      waits: true,
      script: (moment, scene) => beat(context, scene, moment),
    });
    return resultOf(property, { pass: `each of ${PINGS} pings had its own pong, ${moments.join(", ")}` });
  },
};

async function beat(context: ClientContext, scene: ClientCase, moment: Moment): Promise<CaseOutcome> {
  const met = await meet(context, scene, { obliging: { heartbeat: false } });
  if ("missing" in met) return met.missing;
  const { peer } = met;
  const mouth = openMouth(context, scene, peer);
  let isSaid = true;
  for (let count = 1; count <= PINGS; count += 1) {
    isSaid &&= mouth.ping(count);
    if (!isSaid) return { verdict: "untestable", reason: "no payload of the server's ping can be made" };
    if (moment === "at once") continue;
    if (moment === "between events") chat(context, peer);
    const wrong = await mouth.wrong();
    if (wrong !== undefined) return wrong;
  }
  const wrong = await mouth.wrong();
  if (wrong !== undefined) return wrong;
  // A second pong to one ping would follow at once.
  await peer.ended(context.quietMs());
  return mouth.tooMany() ?? { verdict: "pass" };
}

/** Says an event, where one may be said now. */
function chat({ judge }: ClientContext, peer: Peer): void {
  const event = unaskedEvent(judge);
  if (event === undefined || peer.legality(event.name, event.payload) !== "legal") return;
  peer.event(event.name, event.payload);
}

/** How the kit pings in the declared mode, and what it makes of what comes back. */
interface Mouth {
  /** Sends the ping of this number; false where none can be made. */
  ping(number: number): boolean;
  /** Waits for the pongs that are owed; what is wrong with them, if anything is. */
  wrong(): Promise<CaseOutcome | undefined>;
  /** More pongs have come than pings were sent. */
  tooMany(): Failure | undefined;
}

function openMouth(context: ClientContext, scene: ClientCase, peer: Peer): Mouth {
  return context.endpoint.heartbeat?.mode === "application"
    ? byMessages(context, scene, peer)
    : byTransport(context, scene, peer);
}

/** Pings of the transport: of several that are on their way RFC 6455 wants the latest answered. */
function byTransport(context: ClientContext, scene: ClientCase, peer: Peer): Mouth {
  let latest: { readonly payload: Uint8Array; readonly atMs: number; readonly number: number } | undefined;
  return {
    ping(number) {
      latest = { payload: scene.random.bytes(8), atMs: scene.now(), number };
      peer.ping(latest.payload);
      return true;
    },
    async wrong() {
      if (latest === undefined) return undefined;
      const { atMs, number, payload } = latest;
      const ok = await peer.pong(payload, boundOf(context) + context.graceMs() + LATE_MS);
      return verdictOn(context, peer, number, ok ? scene.now() - atMs : undefined);
    },
    tooMany: () => undefined,
  };
}

/** A ping that is a message. */
interface Sent {
  readonly number: number;
  readonly atMs: number;
  readonly token: Json | undefined;
}

/** Pings that are messages: each has a pong, with its token where both have a place for one. */
function byMessages(context: ClientContext, scene: ClientCase, peer: Peer): Mouth {
  const { commands, events, heartbeat } = context.endpoint;
  const { ping = "", pong = "" } = heartbeat ?? {};
  const from = events.find(({ name }) => name === ping)?.correlation;
  const to = commands.find(({ name }) => name === pong)?.correlation;
  const ids = from === undefined || to === undefined ? undefined : { from, to };
  const since = peer.commands.length;
  const sent: Sent[] = [];

  const pongs = (): readonly ReceivedCommand[] =>
    peer.commands.slice(since).filter(({ names }) => names.includes(pong));
  const pongsTo = ({ number, token }: Sent): readonly ReceivedCommand[] =>
    ids === undefined || token === undefined
      ? pongs().slice(number - 1)
      : pongs().filter(({ payload }) => sameJson(jsonAt(payload, ids.to), token));

  return {
    ping(number) {
      const said = composed(peer, ping, ids?.from, tokensOf(scene, number));
      if (said === undefined || !peer.allows(ping, said.payload)) return false;
      sent.push({ number, atMs: scene.now(), token: said.token });
      peer.event(ping, said.payload);
      return true;
    },
    async wrong() {
      for (const one of sent) {
        const until = one.atMs + boundOf(context) + context.graceMs() + LATE_MS;
        while (pongsTo(one).length === 0 && peer.end === undefined && scene.now() < until) {
          await scene.wait(LOOK_MS);
        }
        const [first] = pongsTo(one);
        const wrong = verdictOn(
          context,
          peer,
          one.number,
          first === undefined ? undefined : first.atMs - one.atMs,
        );
        if (wrong !== undefined) return withLast(wrong, pongs());
      }
      return undefined;
    },
    tooMany() {
      const count = pongs().length;
      if (count <= sent.length) return undefined;
      return {
        verdict: "fail",
        reason: "more pongs came than pings were sent",
        expected: `one "${pong}" for each of ${sent.length} pings`,
        got: `${count} of them`,
        mend: "Answer a ping once: by one handler, whatever else hears the event.",
      };
    },
  };
}

/** Values that an id may be, whatever its schema. */
function tokensOf(scene: ClientCase, number: number): readonly Json[] {
  return [`wireproof-${number}-${scene.random.uint32()}`, scene.identity, 1000 + number];
}

/** A ping, with a token where it has a place for one. */
function composed(
  peer: Peer,
  ping: string,
  at: Pointer | undefined,
  tokens: readonly Json[],
): { readonly payload: Json; readonly token: Json | undefined } | undefined {
  for (const token of at === undefined ? [] : tokens) {
    const payload = peer.compose(ping, new Map([[at ?? "", token]]));
    if (payload !== undefined) return { payload, token };
  }
  const payload = peer.compose(ping);
  return payload === undefined ? undefined : { payload, token: undefined };
}

/** How long a pong may take (milliseconds): the declared time, but never less than a second. */
function boundOf({ endpoint, timeScale }: ClientContext): number {
  return answerBound(endpoint.heartbeat?.timeoutMs ?? endpoint.protocol.answerMs, timeScale);
}

function verdictOn(
  context: ClientContext,
  peer: Peer,
  number: number,
  tookMs: number | undefined,
): CaseOutcome | undefined {
  const boundMs = boundOf(context);
  const latest = boundMs + context.graceMs();
  if (tookMs !== undefined && tookMs <= latest) return undefined;
  const expected = `a pong of its own to each ping within ${Math.round(boundMs)} ms`;
  const mend = "Answer each ping of the server at once, with the token that it carries.";
  if (tookMs === undefined) {
    const got =
      peer.end === undefined ? `none to ping ${number}` : `${endText(peer)} before one to ping ${number}`;
    return { verdict: "fail", reason: `ping ${number} had no pong of its own`, expected, got, mend };
  }
  if (!context.canTime(boundMs)) return tooLate(context);
  const got = `the one to ping ${number} after ${Math.round(tookMs)} ms`;
  return {
    verdict: "fail",
    reason: `the pong to ping ${number} came too late`,
    expected,
    got,
    mend,
    late: true,
  };
}

/** Where no pong is the right one, what the last one was says why. */
function withLast(wrong: CaseOutcome, pongs: readonly ReceivedCommand[]): CaseOutcome {
  const last = pongs.at(-1);
  if (wrong.verdict !== "fail" || last === undefined) return wrong;
  return { ...wrong, got: `${wrong.got}; the last pong is ${last.text.slice(0, 200)}` };
}
