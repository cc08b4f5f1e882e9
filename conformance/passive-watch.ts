/**
 * What is judged on every connection of every check beside lifecycles and frames: that a reply belongs to a request of
 * this connection (S-RR-04), and that errors reveal nothing (S-SE-04).
 */

import { payloadOf } from "../src/contract/payload.js";
import { valueAt } from "../src/contract/pointer.js";
import { canonicalJson } from "../src/contract/same-json.js";
import type { CaseViolation, SentKind } from "./check.js";
import { disclosureIn, tokensIn } from "./disclosure.js";
import { excerpt, type Judge } from "./judge.js";

/** What a watch found in one thing of the subject. */
export interface Findings {
  readonly violations: readonly Omit<CaseViolation, "connection" | "atMs">[];
  /** Checks that had something to judge. */
  readonly judged: readonly string[];
  /** Facts that are no verdict, each with the check to whose result it belongs. */
  readonly notices: readonly { readonly check: string; readonly text: string }[];
}

/** Watches one connection. */
export interface PassiveWatch {
  /** The kit sent this text, or told the Monitor of a command that it sends as raw bytes. */
  sent(kind: SentKind, frame: { readonly text: string } | { readonly payload: unknown }): void;
  /** The kit sent bytes of which nobody can say what the subject takes them for. */
  sentBytes(): void;
  received(event: {
    readonly names: readonly string[];
    readonly payload: unknown;
    readonly text: string;
  }): Findings;
  /** A close reason, or the status line and head of a refused handshake. */
  said(what: string, text: string): Findings;
}

const NOTHING: Findings = { violations: [], judged: [], notices: [] };

/** Opens the watch of one connection. */
export function openPassiveWatch(judge: Judge): PassiveWatch {
  const { endpoint } = judge;
  const replies = replyPointers(judge);
  const pointers = [
    ...new Set(
      endpoint.commands.flatMap(({ correlation }) => (correlation === undefined ? [] : [correlation])),
    ),
  ];
  const asked = new Set<string>();
  let sentText = "";
  let blind = false;

  function remember(payload: unknown): void {
    for (const pointer of pointers) {
      const value = valueAt(payload, pointer);
      if (value !== undefined) asked.add(canonicalJson(value));
    }
  }

  function disclosures(what: string, text: string): Findings {
    const found = disclosureIn(text, sentText);
    const tokens = tokensIn(text).filter((token) => !sentText.includes(token));
    return {
      judged: ["S-SE-04"],
      violations:
        found === undefined
          ? []
          : [
              {
                check: "S-SE-04",
                clause: "PROTOCOL.md#refusal-7",
                expected: `${what} without a stack trace and without the path of a file`,
                got: `${found.what}: ${found.excerpt}`,
                mend: "Write the details into the server's own log, and tell the client a code and a sentence.",
              },
            ],
      notices: tokens.map((token) => ({
        check: "S-SE-04",
        text: `${what} holds what looks like a secret: ${token.slice(0, 6)}… (${token.length} characters)`,
      })),
    };
  }

  return {
    sent(kind, frame) {
      if (kind === "anything") blind = true;
      if ("payload" in frame) {
        remember(frame.payload);
        return;
      }
      sentText = (sentText + frame.text).slice(-MOST_SENT);
      try {
        const value: unknown = JSON.parse(frame.text);
        remember(payloadOf(endpoint, value));
      } catch {
        // What does not parse asks for nothing.
      }
    },
    sentBytes() {
      blind = true;
    },
    received({ names, payload, text }) {
      const found: Findings = isError(judge, names) ? disclosures(`the event "${names[0]}"`, text) : NOTHING;
      // What may be another message as well may carry the id of something else.
      const [pointer, ...others] = names.map((name) => replies.get(name));
      const isReply = pointer !== undefined && others.every((one) => one === pointer);
      const value = isReply ? valueAt(payload, pointer) : undefined;
      if (value === undefined || blind) return found;
      if (asked.has(canonicalJson(value))) return { ...found, judged: [...found.judged, "S-RR-04"] };
      return {
        ...found,
        judged: [...found.judged, "S-RR-04"],
        violations: [
          ...found.violations,
          {
            check: "S-RR-04",
            clause: "PROTOCOL.md#replies-2",
            expected: "a reply carries a correlation id that was sent on its own connection",
            got: `${canonicalJson(value)} at ${pointer}, which this connection never sent: ${excerpt(text)}`,
            mend: "Keep what is asked with the connection that asked, and copy the correlation id from the request.",
          },
        ],
      };
    },
    said: disclosures,
  };
}

/** Of what was sent only so much is kept (characters): what the subject repeats of it is not its own. */
const MOST_SENT = 200_000;

/** The correlation pointers, by name, of events that answer requests, go to nobody else and never come unasked. */
export function replyPointers({ endpoint }: Pick<Judge, "endpoint">): ReadonlyMap<string, string> {
  const shared = new Set(
    endpoint.protocol.audience.flatMap(({ messages, to }) => (to === "connection" ? [] : messages)),
  );
  const pointers = new Map<string, string>();
  for (const { action, reply } of endpoint.operations) {
    if (action !== "receive" || reply === undefined || reply.ack) continue;
    for (const name of reply.messages) {
      const pointer = endpoint.events.find((event) => event.name === name)?.correlation;
      if (pointer !== undefined && !shared.has(name)) pointers.set(name, pointer);
    }
  }
  // An event that is also sent unasked may carry the id of something else.
  for (const { action, messages } of endpoint.operations) {
    if (action === "send") for (const name of messages) pointers.delete(name);
  }
  return pointers;
}

function isError({ endpoint }: Judge, names: readonly string[]): boolean {
  const { reject } = endpoint.protocol;
  return reject !== undefined && names.includes(reject.message);
}
