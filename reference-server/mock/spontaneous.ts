/** What a mock says unasked: events that nothing else explains, and the heartbeat of a server that pings. */

import { jsonAt } from "../../src/arbitrary/speech/compose.js";
import { isNamed } from "../../src/arbitrary/speech/plan.js";
import type { Goal } from "../../src/arbitrary/speech/speech.js";
import type { Endpoint } from "../../src/contract/contract.js";
import type { Cancel, Clock } from "../../src/wire/clock.js";
import type { Envelope } from "./side.js";

/** Something that goes on by itself until it is stopped. */
export interface Habit {
  stop(): void;
}

export interface HabitOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly timeScale: number;
  readonly send: (goal: Goal) => boolean;
}

/** Between the first events, each once, and then between all that follow (ms, scaled). */
const FIRST_MS = 40;
const THEN_MS = 2_000;
/** For a ping whose document says no bound on its pong (ms, scaled). */
const TIMEOUT_MS = 20_000;

/** Events that the server sends of its own accord and that no lifecycle, reply, exchange or refusal explains. */
export function freeEvents(endpoint: Endpoint): string[] {
  const { heartbeat, protocol, exchanges, operations, lifecycles } = endpoint;
  const frames = endpoint.events.filter((message) => !message.binary && !message.acknowledgement);
  const taken = new Set<string | undefined>([
    ...operations.flatMap((row) => row.reply?.messages ?? []),
    ...(exchanges?.list ?? []).flatMap(({ expect, until }) => [
      ...expect.map((one) => one.message),
      until?.message,
    ]),
    heartbeat?.initiator === "server" ? heartbeat.ping : heartbeat?.pong,
    protocol.first?.message,
    protocol.reject?.message,
  ]);
  const sent = new Set(operations.filter((row) => row.action === "send").flatMap((row) => row.messages));
  return frames
    .map((message) => message.name)
    .filter((name) => sent.has(name) && !taken.has(name) && !lifecycles.some((row) => isNamed(row, name)));
}

/** Sends the free events in turn, for as long as the client takes them. */
export function speakUnasked(options: HabitOptions & { readonly isFree: () => boolean }): Habit {
  const { clock, timeScale, send } = options;
  const names = freeEvents(options.endpoint);
  let cancel: Cancel = () => {};
  let index = 0;
  const next = (): void => {
    const event = names[index % names.length];
    const first = index < names.length;
    index += 1;
    cancel = clock.after(Math.max(1, (first ? FIRST_MS : THEN_MS) * timeScale), next);
    if (event !== undefined && options.isFree()) send({ event, must: new Map(), may: new Map() });
  };
  if (names.length > 0) cancel = clock.after(Math.max(1, FIRST_MS * timeScale), next);
  return { stop: () => cancel() };
}

/** A heartbeat that the server starts. */
export interface Pulse extends Habit {
  /** A command has arrived. */
  heard(command: string | undefined): void;
  /** An event was sent: it may say the interval. */
  said(event: Envelope): void;
}

/** Pings at the document's interval and gives up a client that leaves a ping unanswered. */
export function keepPulse(options: HabitOptions & { readonly giveUp: () => void }): Pulse {
  const { clock, timeScale, send } = options;
  const { heartbeat } = options.endpoint;
  const ping = heartbeat?.ping;
  let cancelBeat: Cancel = () => {};
  let cancelWait: Cancel | undefined;
  const scaled = (ms: number): number => Math.max(1, ms * timeScale);

  function beat(ms: number): void {
    cancelBeat();
    cancelBeat = clock.after(scaled(ms), () => {
      beat(ms);
      if (ping === undefined || !send({ event: ping, must: new Map(), may: new Map() })) return;
      cancelWait ??= clock.after(scaled(heartbeat?.timeoutMs ?? TIMEOUT_MS), options.giveUp);
    });
  }

  function alive(): void {
    cancelWait?.();
    cancelWait = undefined;
  }

  if (heartbeat?.mode !== "application" || heartbeat.initiator !== "server" || ping === undefined) {
    return { heard() {}, said() {}, stop() {} };
  }
  if (typeof heartbeat.intervalMs === "number") beat(heartbeat.intervalMs);
  return {
    heard(command) {
      if (heartbeat.life === "any" || command === heartbeat.pong) alive();
    },
    said(event) {
      const { intervalMs } = heartbeat;
      if (typeof intervalMs !== "object" || event.name !== intervalMs.message) return;
      const ms = jsonAt(event.payload, intervalMs.field);
      if (typeof ms === "number" && ms > 0) beat(ms);
    },
    stop() {
      cancelBeat();
      alive();
    },
  };
}
