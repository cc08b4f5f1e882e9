/** What watches the lifecycles of one connection: what it is told, and what it answers. */

/** A frame of ours, as far as lifecycles care. */
export type SentFrame =
  /** A valid command; several names where the document cannot tell them apart. */
  | { readonly kind: "command"; readonly names: readonly string[]; readonly payload: unknown }
  /** Decodes to no command: owed one refusal with a payload code. */
  | { readonly kind: "undecodable" }
  /** Names a command that there is not: `unknown.receive` decides. */
  | { readonly kind: "unknown-name" }
  /** Binary, over-long, not UTF-8, or refused by the transport's parser: a refusal or a close. */
  | { readonly kind: "unparseable" };

/** A valid event; several names where the document cannot tell them apart. Others are not for lifecycles. */
export interface ReceivedFrame {
  readonly names: readonly string[];
  readonly payload: unknown;
}

/** Which rule was broken. */
export type LifecycleClause = "event" | "refusal" | "answer" | "obligation" | "undecodable" | "close";

/** Traffic that no configuration explains. */
export interface LifecycleViolation {
  /** Name of the lifecycle; absent where the rule concerns the whole connection. */
  readonly lifecycle?: string;
  /** JSON text of the instance's key. */
  readonly key?: string;
  readonly atMs: number;
  readonly clause: LifecycleClause;
  /** One sentence: what happened, in which state. */
  readonly message: string;
  readonly expected: string;
  readonly got: string;
  /** States of the last set of configurations that was not empty. */
  readonly states: readonly string[];
  /** Events that would have been legal. */
  readonly legal: readonly string[];
}

/** What is known of one instance. */
export interface InstanceView {
  readonly lifecycle: string;
  readonly key?: string;
  /** States that it may be in. */
  readonly states: readonly string[];
  readonly configurations: readonly {
    readonly state: string;
    readonly remembered: Readonly<Record<string, unknown>>;
    readonly pending: readonly string[];
  }[];
  /** False after a violation or too many configurations: nothing is known any more. */
  readonly judged: boolean;
}

/** Legal in every configuration, in none, or in some of them (or by `may`). */
export type Legality = "legal" | "illegal" | "undecided";

/** A transition, by its position in its lifecycle. */
export interface TakenBy {
  readonly lifecycle: string;
  readonly transition: number;
}

/** Watches one connection. All times are milliseconds on one monotonic clock and never go back. */
export interface LifecycleMonitor {
  sent(frame: SentFrame, atMs: number): void;
  received(frame: ReceivedFrame, atMs: number): void;
  /** Lets clocks run out. */
  advance(nowMs: number): void;
  /** The connection is over. `explained`: heartbeat patience, a limit or a shutdown is the reason. */
  closed(
    info: { readonly by: "server" | "client"; readonly code?: number; readonly explained?: boolean },
    atMs: number,
  ): void;
  /** Another connection of the case uses the same address, or the same key: `$other` may be taken from now on. */
  otherActed(lifecycle?: string, key?: unknown, atMs?: number): void;
  readonly violations: readonly LifecycleViolation[];
  configurations(): readonly InstanceView[];
  /** Whether the server could take a command now. */
  legalNow(command: { readonly name: string; readonly payload: unknown }): Legality;
  /** The transitions that would certainly take a command now. */
  taking(command: { readonly name: string; readonly payload: unknown }): readonly TakenBy[];
  /** More than 256 configurations: the verdict is inconclusive. */
  readonly overflow: boolean;
  /** By lifecycle: states that were certainly reached, positions of transitions that were certainly taken. */
  readonly visited: {
    readonly states: ReadonlyMap<string, ReadonlySet<string>>;
    readonly transitions: ReadonlyMap<string, ReadonlySet<number>>;
  };
  /** True while no frame of ours is unanswered in any configuration and no refusal is owed. */
  readonly settled: boolean;
  /** True while the server owes something that a clock runs for: an answer, an event, a refusal, the close. */
  readonly owes: boolean;
}

export interface LifecycleOptions {
  /** Multiplies every declared duration. */
  readonly timeScale: number;
  /** The kit did not invent the identity: `$other` may be taken at any time. */
  readonly otherAlways?: boolean;
  /** No bound on an answer falls below this, whatever the scale; 1000 unless given. */
  readonly minimumMs?: number;
  /** Added to every bound: the tolerance of the measurement; 0 unless given. */
  readonly graceMs?: number;
  /** When the connection was opened; 0 unless given. */
  readonly openedAtMs?: number;
}
