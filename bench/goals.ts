/** What this package promises of its speed, as data; `npm run bench -- --gate` holds it to them. */

import { AJV, AJV_FAST, BARE, ownName } from "./peers/decoders.js";
import { AJV_STRINGIFY } from "./peers/encoders.js";

/** A goal of one contender in one section. */
export interface Goal {
  readonly path: string;
  readonly section: string;
  readonly of: string;
  /** What it is compared with, as a reader would say it. */
  readonly against: string;
  /** The contender that `of` is divided by; the first of the section where absent. */
  readonly by?: string;
  /** By the major version of Node. */
  readonly atMost: Readonly<Record<string, number>>;
}

const both = (limit: number): Goal["atMost"] => ({ 20: limit, 24: limit });
const fast = ownName("fast");
const auto = ownName("auto");
const HUB = "wireproof: hub, guard, validated, frames of a tick joined";

/** A goal may be missed by so much: that is what two shared cores do. */
export const NOISE = 1.15;

export const GOALS: readonly Goal[] = [
  { path: "decode, validated", section: "decode", of: fast, against: BARE, atMost: both(0.45) },
  { path: "decode, validated", section: "decode", of: fast, against: AJV, by: AJV, atMost: both(1 / 4) },
  {
    path: "decode, validated",
    section: "decode",
    of: fast,
    against: AJV_FAST,
    by: AJV_FAST,
    atMost: both(1 / 2.5),
  },
  { path: "decode and use", section: "use", of: fast, against: BARE, atMost: both(0.6) },
  { path: "decode, no template fits", section: "miss", of: fast, against: BARE, atMost: both(1.4) },
  {
    path: "the check alone",
    section: "miss",
    of: `JSON.parse + the check of ${fast} alone`,
    against: BARE,
    atMost: both(1.25),
  },
  {
    path: "encode to bytes, validated",
    section: "encode to bytes",
    of: auto,
    against: "JSON.stringify + write",
    atMost: { 20: 0.35, 24: 0.6 },
  },
  {
    path: "encode to bytes, validated",
    section: "encode to bytes",
    of: auto,
    against: AJV_STRINGIFY,
    by: `${AJV_STRINGIFY}, then write`,
    atMost: both(1 / 3),
  },
  {
    path: "encode to string, validated",
    section: "encode to string",
    of: auto,
    against: "JSON.stringify",
    atMost: { 20: 0.5, 24: 1 },
  },
  { path: "receive through ws, processor", section: "receive", of: fast, against: BARE, atMost: both(0.85) },
  ...([200, 1_000] as const).flatMap((connections) => [
    {
      path: `fan-out to ${connections}, 1 message a tick`,
      section: `fan-out ${connections} 1`,
      of: HUB,
      against: "ws.send(string) loop",
      atMost: both(0.8),
    },
    {
      path: `fan-out to ${connections}, 8 messages a tick`,
      section: `fan-out ${connections} 8`,
      of: HUB,
      against: "ws.send(string) loop",
      atMost: both(0.15),
    },
  ]),
];

/** Bytes of a bundle, compressed by gzip: what is aimed at, and what it may never be. */
export const SIZE_GOALS: readonly { name: string; goal: number; never: number }[] = [
  { name: "wireproof: codec (10 events, 5 commands)", goal: 2_000, never: 3_000 },
  {
    name: "wireproof: workflowClient + createClient (reconnect, heartbeat, lifecycle)",
    goal: 4_500,
    never: 6_000,
  },
];

/** Milliseconds of a whole process. */
export const CODEGEN_GOALS: readonly { name: string; atMost: number }[] = [
  { name: "wireproof generate, cold", atMost: 2_500 },
  { name: "wireproof generate, nothing changed", atMost: 400 },
];
