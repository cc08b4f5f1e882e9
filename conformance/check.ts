/**
 * The narrow waist of the kit: what a check is given, what it gives back, and how the kit's own side of a connection
 * looks to it. Checks are data plus one function; only what they return is a verdict, anything thrown is the
 * harness's fault (exit 2).
 */
import type { Contract, Endpoint, Json } from "../src/contract/contract.js";
import type { LifecycleMonitor } from "../src/contract/lifecycle.js";
import type { OracleResult } from "../src/contract/validate.js";
import type { FrameSpec, WireFrame } from "./frames/frame.js";
import type { HandshakeFault, HandshakeRequest } from "./frames/handshake.js";
import type { HandshakeOutcome, RequestChunks, TcpEnd } from "./frames/socket.js";
import type { Judge } from "./judge.js";
import type { Profile } from "./profile.js";
import type { Random } from "./random.js";
import type { ReplayRecord } from "./report/report.js";
import type { TimeBounds } from "./time.js";
import type { TranscriptEntry } from "./transcript.js";
import type { Witness } from "./witness.js";

/** Only `pass` is green; only `fail` makes a run fail. */
export type Verdict = "pass" | "fail" | "warn" | "untestable" | "inconclusive" | "not-applicable";

/** What one check found, with its evidence. */
export interface CheckResult {
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly reason: string;
  readonly expected?: string;
  readonly got?: string;
  /** What the author of the subject can do about it. */
  readonly mend?: string;
  /** How many cases (connection scripts) decided it. */
  readonly cases: number;
  readonly counterexample?: Json;
  readonly replay?: ReplayRecord;
  readonly flaky?: boolean;
  /** Of so many runs of one case so many failed. */
  readonly flakiness?: { readonly failures: number; readonly runs: number };
  /** The launch mode of this run does not let the row be observed: it is left out of the coverage. */
  readonly unobserved?: true;
  /** The machine was too slow to tell: the runner tries once more when nothing else runs. */
  readonly tooLate?: true;
  /** Numbers of the Autobahn cases that were really run. */
  readonly autobahn?: readonly string[];
  /** The transcript of the (shrunk) failing case. */
  readonly transcript?: readonly TranscriptEntry[];
  /** Facts worth knowing that are no verdict (INFO rows, quiet time used, autobahn cases). */
  readonly notes?: readonly string[];
}

/** How the connection ended: who, and with what. */
export interface CloseInfo {
  readonly by: "subject" | "kit";
  /** `close`: a Close frame; `fin`: TCP end without one; `rst`: reset; `refused`: the handshake was refused. */
  readonly how: "close" | "fin" | "rst" | "refused";
  /** Code of the Close frame; absent for an empty one. */
  readonly code?: number;
  readonly reason?: string;
  /** Status of the refused handshake. */
  readonly status?: number;
  /** The kit's own silence explains the end: the declared patience had run out. */
  readonly explained?: true;
  /** Milliseconds on the case's clock. */
  readonly atMs: number;
}

/** One message of the subject, judged. */
export interface ReceivedMessage {
  readonly atMs: number;
  readonly connection: number;
  readonly text: string;
  readonly result: OracleResult;
  /** Names of the messages that the frame may be; empty when it is none. */
  readonly names: readonly string[];
  /** What the schema applies to: the frame's value, or under Socket.IO the event's argument. */
  readonly payload: unknown;
}

/** A Socket.IO acknowledgement of the subject. */
export interface Acknowledgement {
  readonly atMs: number;
  /** Its first argument; undefined when it has none. */
  readonly payload: unknown;
}

/** An RFC 6455 pong of the subject. */
export interface ReceivedPong {
  readonly atMs: number;
  readonly payload: Uint8Array;
}

/** What a frame of ours is, for the Monitor. */
export type SentKind =
  | "command"
  | "undecodable"
  | "unknown-name"
  | "unparseable"
  /** Refusal, silence, effect and close are all right: from now on no lifecycle of the connection is judged. */
  | "anything"
  | "none";

/** The kit's own side of one connection. Everything sent and received is in the transcript and seen by the Monitor. */
export interface Tester {
  readonly id: number;
  readonly monitor: LifecycleMonitor;
  /** Every message so far, oldest first. */
  readonly messages: readonly ReceivedMessage[];
  /** Set once the connection is over. */
  readonly end: CloseInfo | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query of its request. */
  readonly target: string;
  /** What became of the opening handshake; a connection that is not `bare` always has `accepted`. */
  readonly handshake: HandshakeOutcome;
  /** What is wrong with the response that accepted (RFC 6455 §4.2.2); empty when all is well. */
  readonly handshakeFaults: readonly HandshakeFault[];
  /** How TCP ended, once it has: `end` says what ended the session, this says who let the line go. */
  readonly tcpEnd: TcpEnd | undefined;
  /** Wire frames received, oldest first: the last 1000. */
  readonly frames: readonly WireFrame[];
  /** Pongs received, oldest first: the last 1000. */
  readonly pongs: readonly ReceivedPong[];
  /** Sends a command by name; the payload is judged first, and an invalid one is a harness fault. */
  command(name: string, payload: Json): void;
  /** Sends any text as one text frame (Socket.IO: the JSON array of an EVENT packet), telling the Monitor what it is. */
  text(
    text: string,
    kind: SentKind,
    what?: { readonly names: readonly string[]; readonly payload: unknown },
  ): void;
  /** Socket.IO: sends a command that asks for its acknowledgement, and waits for it. */
  ack(name: string, payload: Json, timeoutMs: number): Promise<Acknowledgement | undefined>;
  /**
   * Compresses a message, where permessage-deflate was agreed on: for frames of one's own, the first with RSV1. Commands
   * and texts are compressed then anyway. What it is given counts as sent: the next message builds upon it.
   */
  readonly deflate: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** Sends raw bytes on the TCP connection: frames of any shape. The Monitor hears nothing of them. */
  raw(bytes: Uint8Array, label: string): void;
  /** Sends one wire frame, legal or not. The Monitor hears nothing of it. */
  frame(spec: FrameSpec, label?: string): void;
  /** Tells the Monitor of a command that was sent as raw bytes or frames. */
  tell(kind: SentKind, what?: { readonly names: readonly string[]; readonly payload: unknown }): void;
  ping(payload: Uint8Array): void;
  /** Waits for the pong with this payload. */
  pong(payload: Uint8Array, timeoutMs: number): Promise<boolean>;
  close(code?: number, reason?: string): void;
  /** Resets the connection. */
  destroy(): void;
  /** Sends what `chunks.upTo` has held back of the request, and these bytes in the same write. */
  finishRequest(more: Uint8Array, label: string): void;
  /** Stops reading: the subject's sends back up in TCP. What it sends meanwhile is stamped when it is read. */
  pause(): void;
  /** Reads on. */
  resume(): void;
  /** Sends FIN: nothing can be sent afterwards, everything can be read. */
  finish(): void;
  /** Bytes read so far, the response head among them. */
  readonly bytesReceived: number;
  /**
   * The first message from index `from` on (default: those not yet awaited) that fits, or undefined when time runs out
   * or the connection ends. This and the other waits reject with RunAborted when the run is over: never mistake that for
   * silence.
   */
  next(
    fits: (message: ReceivedMessage) => boolean,
    timeoutMs: number,
    from?: number,
  ): Promise<ReceivedMessage | undefined>;
  /** Waits until the connection is over, at most so long. */
  ended(timeoutMs: number): Promise<CloseInfo | undefined>;
  /** Lets time pass while reading. */
  wait(ms: number): Promise<void>;
  /** Milliseconds on the case's clock. */
  now(): number;
}

/** What a check is given. */
export interface CheckContext extends TimeBounds {
  readonly contract: Contract;
  readonly endpoint: Endpoint;
  readonly seed: number;
  /** How many random cases a property runs. */
  readonly runs: number;
  readonly timeScale: number;
  /** T: patience for an answer, scaled, never under 1 s. */
  readonly answerMs: number;
  /** How long a negative is watched: max(300, 5 × slowest answer so far), at most 2000 ms. */
  quietMs(): number;
  /** A declared duration, scaled. */
  scaled(ms: number): number;
  /** A fresh case: own clock, own transcript, own identity; its testers are closed when `script` is over. */
  inCase<T>(label: string, script: (scene: Case) => Promise<T>): Promise<T>;
  /** Aborted when the run's time is over or the subject died. */
  readonly signal: AbortSignal;
  /** Randomness of this check alone, from the seed and its id. */
  readonly random: Random;
  /** The evidence that a correct server can always give here, if the document offers any. */
  readonly witness: Witness | undefined;
  /** What all cases of the run have seen so far. */
  readonly record: RunRecord;
  readonly judge: Judge;
  readonly profile: Profile;
  /** What the user says about the subject beside the document: credentials, known-good payloads. */
  readonly config: SubjectConfig;
  /** The subject's process, where the kit started it. */
  readonly process: SubjectProcess | undefined;
  /**
   * True when the user's selection takes in the case with this Autobahn number, or (undefined) one without a number;
   * always where this check was not selected by such numbers alone.
   */
  selectsCase(autobahn: string | undefined): boolean;
  /** The one case that is to be played again; absent: all. */
  readonly replay?: ReplayRecord | undefined;
  /** Tells that something was tried again and came out otherwise, and why: the report counts it. */
  retried?(why: string): void;
}

/** Who connects: what the handshake carries, and what is sent first. */
export interface Credentials {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Texts sent as frames as soon as the connection is open, before anything else. */
  readonly first?: readonly string[];
}

/** A user of the subject, with what is his alone. */
export interface Identity extends Credentials {
  readonly name: string;
  /** Values of fields (JSON pointer to values) that name his own resources. */
  readonly owns?: Readonly<Record<string, readonly Json[]>>;
}

/** What the user says about the subject beside the document. */
export interface SubjectConfig {
  /** The first is who connects by default. */
  readonly identities: readonly Identity[];
  /** Credentials that must be rejected, by what is wrong with them (`expired`, `malformed`). */
  readonly rejected: Readonly<Record<string, Credentials>>;
  /** Known-good payloads, by message: used before examples. */
  readonly payloads: Readonly<Record<string, readonly Json[]>>;
  /** Values of `domain` fields, by JSON pointer. */
  readonly domain: Readonly<Record<string, readonly Json[]>>;
}

/** The subject's process, where the kit started it. */
export interface SubjectProcess {
  readonly pid: number;
  /** Set once it is gone. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  /** The last lines of its standard error, at most 50. */
  stderr(): readonly string[];
  /** Sends SIGTERM to its group and waits for its end, at most so long (milliseconds); true when it is gone. */
  terminate(waitMs: number): Promise<boolean>;
  /** Starts it anew after an end, and waits until it listens. */
  restart(): Promise<void>;
}

/** What all cases of a run have seen: the ground on which passive checks decide. */
export interface RunRecord {
  /** How often what is judged on every connection had something to judge, by check. */
  readonly judgements: ReadonlyMap<string, number>;
  /** What was noticed there that is no verdict, by check. */
  readonly notices: ReadonlyMap<string, readonly string[]>;
  readonly cases: number;
  readonly connections: number;
  /** Messages of the subject that were judged, and those of them that were valid. */
  readonly messages: number;
  readonly validMessages: number;
  /** Names of the messages that the valid ones were, or may have been. */
  readonly messageNames: ReadonlySet<string>;
  readonly violations: readonly RecordedViolation[];
  /** What of the lifecycles the cases that are over have certainly been through. */
  readonly coverage: Coverage;
}

/** By lifecycle: states that were reached, positions of transitions that were taken (one with `may`: sent). */
export interface Coverage {
  readonly states: ReadonlyMap<string, ReadonlySet<string>>;
  readonly transitions: ReadonlyMap<string, ReadonlySet<number>>;
}

/** A violation with the case in which it was seen. */
export interface RecordedViolation extends CaseViolation {
  /** Id of the check whose case it was. */
  readonly during: string;
  /** Label of the case. */
  readonly label: string;
  readonly transcript: readonly TranscriptEntry[];
}

/** What of a case is seen from outside its script, whoever is judged. */
export interface Scene {
  readonly label: string;
  readonly transcript: readonly TranscriptEntry[];
  /** Why no fault that it shows is evidence: the kit's own silence, or the lateness of this machine, explains it as well. */
  readonly excuse: string | undefined;
  /** The Monitors' and passive oracles' violations so far. */
  readonly violations: readonly CaseViolation[];
  /** Milliseconds on the case's clock. */
  now(): number;
}

/** One connection script. */
export interface Case extends Scene {
  /** Opens a connection (101 and, where declared, the first event are awaited unless `bare`). */
  connect(options?: ConnectOptions): Promise<Tester>;
  /** Values that this case invented ($uuid, keys), so that cases do not meet. */
  readonly identity: string;
  /** Randomness of this case, from the seed and its label. */
  readonly random: Random;
  /** Values of the address's parameters, which no other case uses now. */
  readonly parameters: Readonly<Record<string, string>>;
  /**
   * From now on the case does what only its own check is about, though each command may be legal by itself: what the
   * lifecycles find after it is charged to this check.
   */
  fault(): void;
}

export interface ConnectOptions {
  readonly bare?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** Default true: the pings of the subject (of its heartbeat, and of RFC 6455) are answered. */
  readonly answerHeartbeat?: boolean;
  /** Default true: the kit gives a sign of life by itself before the declared patience runs out. False where silence is measured. */
  readonly beats?: boolean;
  /** Bytes sent together with the upgrade request. */
  readonly early?: Uint8Array;
  /** Changes the upgrade request. */
  readonly request?: {
    readonly method?: string;
    readonly httpVersion?: string;
    /** Path and query. */
    readonly target?: string;
    /** Gets the headers of an ordinary upgrade, in order, and gives those to send. */
    readonly headers?: (ordinary: HandshakeRequest["headers"]) => HandshakeRequest["headers"];
  };
  /**
   * Cuts the bytes of the request (and of `early`) at these offsets, with a pause between the chunks. With `upTo` only
   * so many bytes are sent: the Tester is given without waiting for a response, and `finishRequest` sends the others.
   * No lifecycle is judged before something of the contract is sent or received.
   */
  readonly chunks?: RequestChunks;
  /** How long the handshake may take (milliseconds); default 5000. */
  readonly handshakeMs?: number;
  /** Under Socket.IO: the session begins by long polling, and stays there or is upgraded to a WebSocket. */
  readonly transport?: "polling" | "upgrade";
  /** The Origin header. */
  readonly origin?: string;
  /** The Sec-WebSocket-Extensions header. */
  readonly extensions?: string;
  /** Who connects: `none`, or credentials; default the first identity. */
  readonly credentials?: "none" | Credentials;
}

/** Something a passive oracle saw: it is charged to the check that owns the rule. */
export interface CaseViolation {
  /** Id of the check that owns the rule. */
  readonly check: string;
  readonly connection: number;
  readonly atMs: number;
  readonly clause: string;
  readonly expected: string;
  readonly got: string;
  readonly mend?: string;
  /** It rests on a bound of time that ran out. */
  readonly late?: true;
  /** The document itself calls the rule a SHOULD: worth a warning. */
  readonly should?: true;
}

/** A check: the property that decides one requirement, in the context that the role of its subject gives. */
export interface CheckOf<C> {
  readonly id: string;
  /** Numbers of the Autobahn test suite's cases that it can play. */
  readonly autobahn?: readonly string[];
  /** It opens no connection: it judges what the others have seen, and runs last. */
  readonly passive?: true;
  /** It is cheap and central: part of the profile `smoke`. False: a passive one that a quick run gives too little to judge. */
  readonly smoke?: boolean;
  /** It sends nothing that contract or RFC forbids, floods nothing and exceeds no rate: part of the profile `safe`. */
  readonly safe?: true;
  /** It loads the subject, or measures small times: it runs when no other check does. */
  readonly alone?: true;
  /** It hears what others do to the same subject: it runs when no other check does, though it loads nothing. */
  readonly listens?: true;
  /** The shortest time in which it can decide (milliseconds, scaled); absent: it waits for nothing but answers. */
  shortestMs?(context: C): number;
  run(context: C): Promise<CheckResult>;
}

/** A check of servers. */
export type Check = CheckOf<CheckContext>;
