/**
 * The narrow waist of the kit where it plays the server: what a check of clients is given, how a case starts the client
 * and answers its connections. Like the waist for servers, checks are data plus one function; only what they return is a
 * verdict.
 */
import type { Json, Pointer } from "../../src/contract/contract.js";
import type { Legality } from "../../src/contract/lifecycle.js";
import type { CaseViolation, CheckContext, CheckOf, CloseInfo } from "../check.js";
import type { FrameSpec, WireFrame } from "../frames/frame.js";
import type { TcpEnd } from "../frames/socket.js";
import type { Judgement } from "../judge.js";
import type { Random } from "../random.js";
import type { TranscriptEntry } from "../transcript.js";

/** How the client under test is launched. */
export type LaunchMode = "attach" | "spawn" | "driver" | "adapter" | "browser";

/** By which means a client's time is shortened, in order of preference. */
export type TimeLever = "protocol" | "option" | "faketime" | "clock" | "real";

/** The five words for what a client is, the same everywhere (PROTOCOL.md#client-states). */
export type ClientState = "disconnected" | "connecting" | "connected" | "reconnecting" | "failed";

/** What a client that can be steered tells of itself, in the order in which it was told. */
export type ClientReport =
  | {
      readonly kind: "state";
      readonly atMs: number;
      readonly state: ClientState;
      readonly attempt?: number;
      /** Code of the close that led here; 1006 when no Close frame came. */
      readonly code?: number;
      readonly reason?: string;
    }
  /** An event that the client delivered to its application as valid. */
  | { readonly kind: "event"; readonly atMs: number; readonly name?: string; readonly payload: Json }
  /** What became of the command that the kit asked it to send: `of` is the number that `send` returned. */
  | {
      readonly kind: "reply";
      readonly atMs: number;
      readonly of: number;
      readonly ok: boolean;
      readonly payload?: Json;
      readonly code?: string;
      readonly message?: string;
    }
  /** A fault that the client surfaced: a frame that did not decode, an event illegal in its state. */
  | { readonly kind: "error"; readonly atMs: number; readonly code: string; readonly message?: string }
  | { readonly kind: "unsupported"; readonly atMs: number; readonly of: number };

/** One launched client. It ends with the case that launched it. */
export interface LaunchedClient {
  /** True when it tells what it delivers; false in `attach` and `spawn`. */
  readonly reports: boolean;
  /** What it has told so far, oldest first; empty where it cannot. */
  readonly told: readonly ClientReport[];
  /** Asks it to send a command; the number names the reply. Only where `reports`. */
  send(name: string, payload: Json): number;
  /** Asks it to close its connection on purpose. Only where `reports`. */
  close(): void;
  /** The first report from index `from` on (default 0) that fits, or undefined when time runs out or the client is gone. */
  next(
    fits: (report: ClientReport) => boolean,
    timeoutMs: number,
    from?: number,
  ): Promise<ClientReport | undefined>;
  /** How it ended without being asked to (`exited with 1`, `the page crashed`); undefined while it lives, and when its case ended it. */
  readonly gone: string | undefined;
  /** The process, where the client has one of its own. */
  readonly process:
    | {
        readonly exit: { readonly code: number | null; readonly signal: string | null } | undefined;
        /** Sends SIGTERM and waits for its end, at most so long (milliseconds); true when it is gone. */
        terminate(waitMs: number): Promise<boolean>;
        /** The last lines that it wrote. */
        output(): readonly string[];
      }
    | undefined;
}

/** What a client asked for, read without mercy. */
export interface UpgradeRequest {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  /** As they came, in order. */
  readonly headerLines: readonly { readonly name: string; readonly value: string }[];
  /** By lower-case name; values of one name joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** What RFC 6455 §4.1 does not allow in it; empty when all is well. */
  readonly faults: readonly { readonly clause: string; readonly expected: string; readonly got: string }[];
  readonly atMs: number;
}

/** How an upgrade is accepted; all that is absent is done right. */
export interface AcceptOptions {
  /** In the place of the right `Sec-WebSocket-Accept`. */
  readonly acceptKey?: string;
  /** Header names (lower case) that are left out. */
  readonly omit?: readonly string[];
  readonly headers?: readonly (readonly [string, string])[];
  /**
   * Events, by name, that go out in the same write as the response head, the declared first one among them only if it is
   * named: legal ones, one after another, with payloads that the kit makes.
   */
  readonly together?: readonly string[];
  /** Bytes that follow the response head, and those events, in the same write. The judge hears nothing of them. */
  readonly early?: Uint8Array;
  /** Offsets at which that write is cut, and the pause between the pieces (milliseconds). */
  readonly cuts?: { readonly at: readonly number[]; readonly pauseMs: number };
  /** Engine.IO: what the open packet says of the heartbeat (milliseconds of the client); default: what the run wants it to say. */
  readonly engine?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Default true: the server side keeps the contract by itself (see {@link Peer}). False: it only does what the script says. */
  readonly obliging?: boolean | Partial<Obliging>;
}

/** What a {@link Peer} does by itself. */
export interface Obliging {
  /** Sends the declared first event, once, at open. */
  readonly first: boolean;
  /** Answers the client's application pings, or sends those of a server that initiates the heartbeat. */
  readonly heartbeat: boolean;
  /** Answers RFC 6455 pings, and a Close by a Close. */
  readonly control: boolean;
  /** Answers commands: replies of operations with their correlation, the events that a lifecycle owes, refusals of what is illegal. */
  readonly commands: boolean;
}

/** What a text of ours is, for the judge of the client's commands. */
export type SentText =
  /** A valid event, legal in its state: a harness fault if it is not. */
  | "event"
  /** A valid event that the client must take for illegal in every state that it can be in. */
  | "illegal"
  /** Nothing that decodes to an event, or an event that the document does not know: the client stays where it is. */
  | "undecodable"
  /** Whatever the client makes of it is right: from now on no lifecycle of the connection is judged. */
  | "anything"
  /** The judge hears nothing of it. */
  | "none";

/** One TCP connection that the client opened to the case's port. */
export interface Attempt {
  /** 0 is the first. */
  readonly id: number;
  /** It began with a TLS handshake; undefined until the first byte has come. */
  readonly secure: boolean | undefined;
  /** When TCP was accepted (milliseconds on the case's clock). */
  readonly atMs: number;
  /** The request, once its head is complete; undefined when the client gave up, is silent for 5 s, or what came is no HTTP. */
  readonly request: Promise<UpgradeRequest | undefined>;
  /** Set once the head is complete. */
  readonly requested: UpgradeRequest | undefined;
  /** Completes the handshake (rightly or not) and gives the connection. */
  accept(options?: AcceptOptions): Promise<Peer | undefined>;
  /** Answers with another status, and closes. */
  refuse(status: number, headers?: readonly (readonly [string, string])[], body?: string): Promise<void>;
  /** Writes any bytes in the place of a response. */
  raw(bytes: Uint8Array, label: string): void;
  /** Resets the connection (RST). */
  reset(): void;
  /** Ends it (FIN). */
  finish(): void;
  readonly tcpEnd: TcpEnd | undefined;
  /** Waits until TCP is over, at most so long (milliseconds). */
  ended(timeoutMs: number): Promise<TcpEnd | undefined>;
  /** Bytes that came after the request before anything accepted it. */
  readonly earlyBytes: number;
}

/** A command of the client, judged. */
export interface ReceivedCommand {
  readonly atMs: number;
  readonly connection: number;
  readonly text: string;
  readonly judgement: Judgement;
  readonly names: readonly string[];
  readonly payload: unknown;
  /** Socket.IO: the client asks for an acknowledgement, by this number. */
  readonly ackId?: number;
}

/** The kit's side of one open connection: a server that obliges, unless it is told to misbehave. */
export interface Peer {
  readonly id: number;
  readonly attempt: Attempt;
  /** Every message of the client so far, oldest first. */
  readonly commands: readonly ReceivedCommand[];
  /** Wire frames received, oldest first: the last 1000. */
  readonly frames: readonly WireFrame[];
  /** Pings of the client's heartbeat (application or RFC 6455) by time of arrival. */
  readonly beats: readonly { readonly atMs: number; readonly payload: unknown }[];
  readonly end: CloseInfo | undefined;
  readonly tcpEnd: TcpEnd | undefined;
  /** Bytes sent that the system has not taken yet: the client does not read. */
  readonly unsentBytes: number;
  /** Changes what it does by itself. */
  oblige(change: Partial<Obliging>): void;
  /** Sends an event by name; the payload is judged first, and one that is invalid or illegal now is a harness fault. */
  event(name: string, payload: Json): void;
  /**
   * A payload with which the event is valid, and legal as far as values decide that: examples of the document first, the
   * invariants kept, `values` in their places. Undefined where none can be made.
   */
  compose(name: string, values?: ReadonlyMap<Pointer, Json>): Json | undefined;
  /** Whether the client must take an event for legal now, or for illegal; `undecided` while messages may cross. */
  legality(name: string, payload: Json): Legality;
  /** Whether {@link event} takes it: it is legal where the kit itself stands, which the client cannot exclude. */
  allows(name: string, payload: Json): boolean;
  /** In which state of a lifecycle the kit itself stands; `key` where the lifecycle has one for each value. */
  state(lifecycle: string, key?: Json): string | undefined;
  /** Refuses a command as the document has it; a harness fault where it has no refusal with that code. */
  refuse(command: ReceivedCommand, code: string, text?: string): void;
  /** Socket.IO: acknowledges a command that asks for it with any payload; nothing happens where it does not ask. */
  acknowledge(command: ReceivedCommand, payload: Json): void;
  /** Sends any text as one text frame, telling the judge what it is. */
  text(text: string, kind: SentText): void;
  /** Tells the judge of an event that is sent as raw bytes or frames. */
  tell(text: string, kind: SentText): void;
  raw(bytes: Uint8Array, label: string): void;
  frame(spec: FrameSpec, label?: string): void;
  ping(payload: Uint8Array): void;
  /** Waits for the pong with this payload. */
  pong(payload: Uint8Array, timeoutMs: number): Promise<boolean>;
  close(code?: number, reason?: string): void;
  destroy(): void;
  finish(): void;
  pause(): void;
  resume(): void;
  /** The first command from index `from` on (default: those not yet awaited) that fits. */
  next(
    fits: (command: ReceivedCommand) => boolean,
    timeoutMs: number,
    from?: number,
  ): Promise<ReceivedCommand | undefined>;
  /** Waits until the session is over: Close, FIN or RST, whichever is seen first. */
  ended(timeoutMs: number): Promise<CloseInfo | undefined>;
}

/** One script: a port of its own, the client launched towards it, its own clock, transcript and identity. */
export interface ClientCase {
  readonly label: string;
  readonly identity: string;
  readonly random: Random;
  /** Where the client is to connect: the case's port with the declared path and query. */
  readonly url: string;
  readonly transcript: readonly TranscriptEntry[];
  readonly violations: readonly CaseViolation[];
  readonly excuse: string | undefined;
  /** Every connection so far, in the order of their accept. */
  readonly attempts: readonly Attempt[];
  /** Launches the client; in `attach` and `browser` it waits for one. More than once: more clients at this port. */
  launch(options?: { readonly origin?: string; readonly url?: string }): Promise<LaunchedClient>;
  /** The next connection that no `attempt` call has given yet, or undefined when none comes in time (milliseconds). */
  attempt(timeoutMs: number): Promise<Attempt | undefined>;
  /** The next attempt, accepted; throws {@link ../interruption.ts SubjectGone} when none comes in the declared time. */
  connection(options?: AcceptOptions): Promise<Peer>;
  /** Writes a line into the transcript: what is waited for, or what nothing came of. */
  note(text: string): void;
  /** Opens a second port, on another host name: where a redirect may lead. It ends with the case. */
  elsewhere(): Promise<Elsewhere>;
  wait(ms: number): Promise<void>;
  now(): number;
}

/** A port beside the one that the client is sent to. */
export interface Elsewhere {
  readonly url: string;
  /** Every connection to it so far; none is answered unless the check does. */
  readonly attempts: readonly Attempt[];
}

/** What is wrong with the certificate of a case that speaks TLS. */
export type BadCertificate = "self-signed" | "expired" | "wrong-host";

/** How a case differs from an ordinary one. */
export interface ClientCaseOptions {
  /** The port speaks TLS with this certificate, or one that nothing is wrong with, and the URL is wss: or https:. */
  readonly tls?: BadCertificate | "right";
}

/** What a check of clients is given: as one of servers, but for the cases. */
export interface ClientContext extends Omit<CheckContext, "inCase" | "witness" | "process"> {
  inCase<T>(
    label: string,
    script: (scene: ClientCase) => Promise<T>,
    options?: ClientCaseOptions,
  ): Promise<T>;
  readonly mode: LaunchMode;
  /** The client tells what it delivers: rows that need it can be decided. */
  readonly reports: boolean;
  /** It tells the reply that came to a command, and not only that the command was sent. */
  readonly replies: boolean;
  readonly lever: TimeLever;
  /**
   * The interval of the client's heartbeat in this run (milliseconds of the wall): the declared one, scaled, or the one
   * that the kit tells it. Undefined where it depends on the payload of an event.
   */
  readonly heartbeatMs: number | undefined;
  /** The longest wait for a first or a due connection attempt, launch included (milliseconds). */
  readonly launchMs: number;
}

/** A check of clients. How its row is observed, and what a platform hides of it, is said by its requirement. */
export type ClientCheck = CheckOf<ClientContext>;
