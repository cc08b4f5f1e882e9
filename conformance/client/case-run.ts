/** What the cases of clients need of the run that they are part of. */
import type { Endpoint } from "../../src/contract/contract.js";
import type { RunRecord, SubjectConfig } from "../check.js";
import type { Judge } from "../judge.js";
import type { Profile } from "../profile.js";
import type { Random } from "../random.js";
import type { Mask } from "../report/mask.js";
import type { ReplayRecord } from "../report/report.js";
import type { Lease, MutableRecord } from "../run.js";
import type { CaseSelector } from "../selection.js";
import type { Clock, LagWatch } from "../time.js";
import type { TimeLever } from "./check.js";
import type { Launcher } from "./launcher.js";

/** What one case needs: the run, as far as it reaches into a case. */
export interface CaseRun {
  readonly judge: Judge;
  readonly endpoint: Endpoint;
  readonly launcher: Launcher;
  readonly seed: number;
  readonly random: Random;
  /** What every declared duration is multiplied by where the kit waits and judges. */
  readonly timeScale: number;
  /** What the client is asked to multiply them by: the same, unless something else shortens its time. */
  readonly askedScale: number;
  /** What else shortens it. */
  readonly lever: TimeLever;
  /** The interval of a heartbeat that the kit says where an event says it (milliseconds, as it is); absent: as its payload has it. */
  readonly advertisedMs?: number;
  /** The longest wait for a first or a due connection attempt, launch included (milliseconds). */
  readonly launchMs: number;
  readonly clock: Clock;
  readonly lag: LagWatch;
  readonly signal: AbortSignal;
  /** A fresh lower-case UUID: what cases invent must be new on every run, also under one seed. */
  readonly newUuid: () => string;
  /** The name or address by which clients reach the kit, where that is not the loop-back. */
  readonly host?: string;
  /** The port that all cases use, one after another; absent: each has one of its own. */
  readonly port?: number;
  /** Path and query that the client is sent to, with these values of the address's parameters. */
  resource(parameters: Readonly<Record<string, string>>): string;
  readonly record: MutableRecord;
  /** The cases that run at this moment. */
  readonly live: Set<string>;
  readonly mask: Mask;
  /** Waits for a place to run a case in, and for an address that no other case uses. */
  lease(): Promise<Lease>;
  /** What the kit failed to give back: each is a harness fault. */
  leaked(what: string): void;
  /** The client took so long (milliseconds) to answer. */
  answered(ms: number): void;
  /** A client has sent a valid frame on a connection that was accepted: a handshake was completed. */
  connected(): void;
  /** A client has told of an event that it has delivered. */
  delivered(): void;
}

/** What a check's context needs beside that. */
export interface ContextRun extends CaseRun {
  readonly runs: number;
  /** T, scaled, never under 1 s (milliseconds). */
  readonly answerMs: number;
  readonly profile: Profile;
  readonly config: SubjectConfig;
  readonly selectsCase: CaseSelector;
  /** How long a negative is watched (milliseconds). */
  quietMs(): number;
  retried(why: string): void;
  /** Of these checks only one recorded case is played, by their ids. */
  readonly replay?: Readonly<Record<string, ReplayRecord>>;
  readonly record: MutableRecord & RunRecord;
}
