/** The form of a requirement: one normative sentence, what it rests on, and what a document must declare for it. */
import type { LaunchMode } from "../client/check.js";

/** MUST fails a run, SHOULD warns, INFO only notes. */
export type Level = "MUST" | "SHOULD" | "INFO";

/** A datum of the document without which a requirement does not apply; {@link ../needs.ts} decides each. */
export type Need =
  | "commands"
  | "events"
  | "event-name"
  | "reply"
  | "correlation"
  | "lifecycle"
  | "first"
  | "reject"
  | "unknown"
  | "other-name"
  | "echo"
  | "heartbeat-by-client"
  | "heartbeat-by-server"
  | "patience"
  | "audience"
  | "invariants"
  | "query"
  | "text-only"
  | "max-bytes"
  | "rate"
  | "origins"
  | "security"
  | "resume"
  | "close-codes"
  | "bulk"
  | "command-name"
  | "other-event-name"
  | "opening"
  | "interval"
  | "silence-bound"
  | "told-interval"
  | "reconnect"
  | "max-attempts"
  | "reset-after"
  | "jitter"
  | "restore"
  | "plain-websocket";

/** Where a sentence comes from. */
export interface Clause {
  readonly text: string;
  readonly url: string;
}

/** One normative sentence. Its id is permanent and is never used for another one. */
export interface Requirement {
  readonly id: string;
  readonly role: "server" | "client";
  readonly level: Level;
  /** A few words, for a table. */
  readonly title: string;
  readonly sentence: string;
  readonly clause: Clause;
  /** All of them must be declared, else the requirement is not applicable. */
  readonly needs: readonly Need[];
  /** It is judged on the traffic of all other checks. */
  readonly passive?: true;
  /** Kept free for a rule that no document can declare yet. */
  readonly reserved?: true;
  /** Numbers of the Autobahn test suite's cases that it covers; `6.3.*` stands for a group. */
  readonly autobahn?: readonly string[];
  /**
   * How a row about clients is observed: on the wire alone; only where the client can be steered and reports what it
   * delivers; or a half of it each way. Every row about clients says it, none about servers does.
   */
  readonly observes?: "wire" | "report" | "both";
  /** What the platform of these launch modes hides from the kit, or forbids the client. */
  readonly hidden?: {
    readonly in: readonly LaunchMode[];
    readonly what: string;
    /** The rest of the row is judged all the same. */
    readonly part?: true;
  };
}

/** A section of RFC 6455. */
export function rfc6455(section: string): Clause {
  const [first = section] = section.split(/[,-]/);
  return {
    text: `RFC 6455 ${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc6455#section-${first.trim()}`,
  };
}

/** A section of PROTOCOL.md. */
export function protocol(anchor: string): Clause {
  return { text: `PROTOCOL.md#${anchor}`, url: `PROTOCOL.md#${anchor}` };
}

/** A clause that stands elsewhere. */
export function elsewhere(text: string, url: string): Clause {
  return { text, url };
}
