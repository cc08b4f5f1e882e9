/**
 * By what a client shows in which time it lives: the first things that its contract makes it do by itself after a wait.
 * One wait is enough where its scaled and its real bounds lie apart; under a jitter that reaches down to nothing it takes
 * as many as leave a client in real time no chance to look scaled.
 */
import { type DelayWindow, reconnectDelay } from "../../../src/contract/backoff.js";
import type { Endpoint } from "../../../src/contract/contract.js";

/** Waits that the contract makes a client keep, one after another, in its own milliseconds. */
export interface Sign {
  /** `drop`: its connection is reset, and it comes back; `ping`: it is connected, and its heartbeat begins. */
  readonly kind: "drop" | "ping";
  readonly waits: readonly DelayWindow[];
}

/** Between which times (milliseconds of the wall) a wait must end to count as scaled. */
export interface Bounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** What measured waits say. */
export type Reading = "scaled" | "early" | "late";

/** How many drops are asked of one client, and with which chance a client in real time may pass for a scaled one. */
const MOST_WAITS = 5;
const CHANCE = 0.01;

/** How much longer (milliseconds) a wait may be and count as scaled, where its real bound is far: a check says how exact it is. */
const SLACK_MS = 1000;

/** The longest wait for a client in real time (milliseconds). */
const LONGEST_MS = 60_000;

/** How much too early is still on time. */
const TOLERANCE = { share: 0.05, mostMs: 50 } as const;

/** The shortest wait that is worth measuring (milliseconds of the wall): shorter ones drown in the lateness of machines. */
const TIMEABLE_MS = 150;

/** The signs of a contract, the quicker first; none where it makes a client wait for nothing. */
export function signsOf({ heartbeat, reconnect }: Endpoint): readonly Sign[] {
  const delays =
    reconnect === undefined
      ? []
      : Array.from({ length: MOST_WAITS }, (_, attempt) => reconnectDelay(reconnect, attempt) ?? []).flat();
  const isPinger =
    (heartbeat?.mode === "application" || heartbeat?.mode === "frame") && heartbeat.initiator === "client";
  const interval = isPinger && typeof heartbeat.intervalMs === "number" ? heartbeat.intervalMs : 0;
  return [
    ...(delays.some(({ maxMs }) => maxMs > 0) ? [{ kind: "drop" as const, waits: delays }] : []),
    ...(interval > 0 ? [{ kind: "ping" as const, waits: [{ minMs: interval, maxMs: interval }] }] : []),
  ];
}

/** The scale at which the first waits can still be measured: `wanted`, or nearer to real time. */
export function measurableScale(signs: readonly Sign[], wanted: number): number {
  const shortest = Math.min(...signs.flatMap(({ waits }) => waits[0]?.maxMs ?? []));
  return Number.isFinite(shortest) ? Math.min(1, Math.max(wanted, TIMEABLE_MS / shortest)) : wanted;
}

/** The first sign that tells this scale from real time, with the bounds of as many waits as that takes. */
export function tellingSign(
  signs: readonly Sign[],
  scale: number,
): { readonly sign: Sign; readonly bounds: readonly Bounds[] } | undefined {
  for (const sign of signs) {
    const bounds: Bounds[] = [];
    let chance = 1;
    for (const wait of sign.waits) {
      const bound = boundsOf(wait, scale);
      bounds.push(bound);
      chance *= chanceOf(wait, bound);
      if (chance <= CHANCE) return { sign, bounds };
    }
  }
  return undefined;
}

/** What measured waits say; undefined is one that did not end in time, and it is the last. */
export function readingOf(bounds: readonly Bounds[], measured: readonly (number | undefined)[]): Reading {
  for (const [index, { leastMs, mostMs }] of bounds.entries()) {
    const ms = measured[index];
    if (ms === undefined || ms > mostMs) return "late";
    if (ms < leastMs) return "early";
  }
  return "scaled";
}

/** How long (milliseconds of the wall) each of these waits takes in real time at most. */
export function realLimits({ waits }: Sign, bounds: readonly Bounds[]): readonly number[] {
  return bounds.map(({ mostMs }, index) =>
    Math.max(mostMs, Math.min(LONGEST_MS, (waits[index]?.maxMs ?? 0) + SLACK_MS)),
  );
}

/** True when the first of the measured waits is what the contract declares, unscaled. */
export function fitsReal({ waits: [first] }: Sign, [measured]: readonly (number | undefined)[]): boolean {
  if (first === undefined || measured === undefined) return false;
  return measured >= earliest(first.minMs) && measured <= first.maxMs + SLACK_MS;
}

function boundsOf({ minMs, maxMs }: DelayWindow, scale: number): Bounds {
  const scaled = maxMs * scale;
  const real = earliest(minMs);
  // Halfway at most: what lies between the two times belongs to the nearer one.
  const apart = Math.min(SLACK_MS, (real - scaled) / 2);
  return { leastMs: earliest(minMs * scale), mostMs: scaled + Math.max(apart, TIMEABLE_MS / 2) };
}

/** The chance that a client in real time keeps a scaled bound: its delays are uniform in their window. */
function chanceOf({ minMs, maxMs }: DelayWindow, { mostMs }: Bounds): number {
  const real = earliest(minMs);
  if (mostMs < real) return 0;
  return maxMs > real ? Math.min(1, (mostMs - real) / (maxMs - real)) : 1;
}

function earliest(ms: number): number {
  return ms - Math.min(TOLERANCE.mostMs, ms * TOLERANCE.share);
}
