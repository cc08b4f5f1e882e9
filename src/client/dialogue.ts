/** What is said and heard on the connections of one client: frames and events, commands and replies. */

import type { Clock } from "../wire/clock.js";
import type { DecodeError, Protocol, ProtocolSide } from "../wire/protocol.js";
import { bareMessage } from "./bare-message.js";
import { ClientError } from "./client-error.js";
import { followLifecycles } from "./course.js";
import { answer, type Request, request } from "./requests.js";
import type { ClientStats } from "./status.js";

/** An event that came. */
export interface Heard<In> {
  readonly name: string;
  readonly event: In;
  readonly payload: unknown;
  /** False when no state in which the server may be explains it. */
  readonly isLegal: boolean;
}

export interface Dialogue<In, Out> {
  /** The rules of the contract. */
  readonly rules: Protocol;
  /** Reads a frame: gives the event, or the code to close the connection with, or nothing when it is of no use. */
  hear(frame: string | Uint8Array): Heard<In> | number | undefined;
  /** Ends the request that an event answers or refuses. */
  answer(heard: Heard<In>): void;
  /** Sends a command, if the contract and the state allow it, and gives its reply. */
  say(command: Out, text?: string, isRestored?: boolean): Promise<unknown>;
  /** Sends what has nothing but its name and an id, and calls `answered` at the reply `pong`. */
  beat(name: string, id: unknown, pong?: string, answered?: () => void): void;
  /** The connection is new: gives the commands that bring back what lived on the old one. */
  restart(): Out[];
  /** The connection is gone: whether anything was done is not known, so nothing is said again. */
  end(error: ClientError): void;
  figures(): Pick<ClientStats, "sent" | "received" | "decodeErrors" | "unknown" | "requests">;
}

/** Hands a frame to the socket; `acknowledged` only under Socket.IO. False when the socket is not open. */
export type Post = (frame: string | Uint8Array, acknowledged?: (answer: unknown) => void) => void;

const MAX_UNKNOWN = 100;
const UTF8 = /* @__PURE__ */ new TextEncoder();
const NOT_TEXT: DecodeError = {
  code: "not-text",
  path: "",
  expected: "text",
  received: "a binary frame",
  hint: "Send text, not binary.",
};

/** `unknown` gets what has a name that the contract does not have; it gives false when nobody listens. */
export function createDialogue<In, Out>(
  side: ProtocolSide<In, Out, unknown>,
  clock: Clock,
  timeScale: number,
  post: Post,
  report: (error: ClientError) => void,
  unknown: (error: DecodeError, frame: string | Uint8Array) => boolean,
): Dialogue<In, Out> {
  const rules = { ...side, correlation: own(side.correlation), replies: own(side.replies) };
  const { frames, transport } = side;
  const open = new Set<Request<In>>();
  const course = followLifecycles<Out>(side);
  const sent = { frames: 0, bytes: 0 };
  const received = { frames: 0, bytes: 0 };
  const names = new Map<string, number>();
  let decodeErrors = 0;

  // Under Socket.IO a value is the pair of the event's name and the payload.
  const payloadOf = (value: In | Out): unknown =>
    transport === "socket.io" ? (value as readonly unknown[])[1] : value;

  function write(
    name: string,
    command: Out,
    text: string,
    isRestored = false,
    settle?: (reply: In) => void,
  ): void {
    sent.frames++;
    sent.bytes += bytesOf(text);
    course.sent(name, payloadOf(command), command, isRestored);
    // What a server acknowledges with is the reply of the contract.
    post(frames === "binary" ? UTF8.encode(text) : text, settle as (answer: unknown) => void);
  }

  return {
    rules,

    hear(raw) {
      received.frames++;
      received.bytes += bytesOf(raw);
      const isBinary = typeof raw !== "string" && frames === "text";
      const decoded = isBinary ? { ok: false as const, error: NOT_TEXT } : side.decode(raw);
      if (decoded.ok) {
        const event = decoded.value;
        const { name = side.nameOf(event) } = decoded;
        const payload = payloadOf(event);
        return { name, event, payload, isLegal: course.received(name, payload) };
      }
      // It is never dropped in silence (PROTOCOL.md#decode-errors-4).
      const { code, hint, received: name } = decoded.error;
      const isUnknown = code === "unknown-message";
      if (!isUnknown) decodeErrors++;
      else if (names.size < MAX_UNKNOWN || names.has(name)) names.set(name, (names.get(name) ?? 0) + 1);
      if (!isUnknown || !unknown(decoded.error, raw)) {
        report(new ClientError(code, hint, { decodeError: decoded.error }));
      }
      return isBinary ? 1003 : code === "too-large" ? 1009 : undefined;
    },

    answer: ({ event, name, payload }) => answer(open, rules, name, payload, event),

    async say(command, text = side.encode(command), isRestored) {
      const name = side.nameOf(command);
      const payload = payloadOf(command);
      if (!course.allows(name, payload)) throw new ClientError("illegal-state", `${name} was not sent`);
      const reply = rules.replies[name];
      if (!reply) return write(name, command, text, isRestored);
      const asked = { name, payload, replies: reply.messages };
      const send = (settle: (reply: In) => void): void =>
        write(name, command, text, isRestored, reply.ack ? settle : undefined);
      return request(open, asked, send, clock, side.answerMs * timeScale);
    },

    beat(name, id, pong, answered) {
      try {
        // The codec decides whether it is one.
        const command = bareMessage(rules, name, id) as Out;
        const text = side.encode(command);
        if (pong !== undefined) {
          const beat: Request<In> = {
            name,
            payload: payloadOf(command),
            replies: [pong],
            settle() {
              open.delete(beat);
              answered?.();
            },
          };
          open.add(beat);
        }
        write(name, command, text);
      } catch (cause) {
        // The contract may want another kind of id, or none.
        if (id !== undefined) this.beat(name, undefined, pong, answered);
        else report(new ClientError("setup", `no heartbeat: ${name} needs more than a name`, { cause }));
      }
    },

    restart: course.restart,

    end(error) {
      for (const { fail } of open) fail?.(error);
      open.clear();
    },

    figures: () => ({
      sent: { ...sent },
      received: { ...received },
      decodeErrors,
      unknown: Object.fromEntries(names),
      requests: [...open].filter(({ fail }) => fail).length,
    }),
  };
}

/** Bytes of a frame. */
export function bytesOf(frame: string | Uint8Array): number {
  return typeof frame === "string" ? UTF8.encode(frame).length : frame.length;
}

/** The same by own names only: a message may be called `constructor`. */
function own<T>(table: { readonly [name: string]: T }): { readonly [name: string]: T } {
  return Object.assign(Object.create(null), table);
}
