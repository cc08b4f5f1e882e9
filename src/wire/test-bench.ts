/** What the tests of the connection work on: a small protocol, a socket in memory, a clock that is moved by hand. */

import { type Connection, type ConnectionEnd, type Member, openConnection } from "./connection.js";
import type { Decoded, ProtocolSide } from "./protocol.js";
import type { Acknowledge, Socket, SocketListener } from "./socket.js";
import { ManualClock } from "./test-clock.js";

export type Command = { do: string };
export type Event = { is: string; code?: string };

/** A protocol of its own: `go` → `went`…`done`; `ask` waits in a queue; `bye` closes. */
export function protocolOf(more: Partial<ProtocolSide<Command, Event>> = {}): ProtocolSide<Command, Event> {
  const nameOf = (value: Command | Event): string => ("do" in value ? value.do : value.is);
  return {
    name: "small",
    address: "/",
    transport: "websocket",
    frames: "text",
    subprotocols: [],
    commands: ["go", "ask", "bye", "ping"].map((name) => ({ name, wire: [name] })),
    events: ["went", "done", "no", "note"].map((name) => ({ name, wire: [name] })),
    discriminator: { send: ["/is"], receive: ["/do"] },
    unknown: { send: "ignore", receive: "error" },
    replies: {},
    correlation: {},
    answerMs: 5_000,
    reject: { message: "no", code: "/code", payload: [], state: ["illegal-state"], spontaneous: false },
    closeCodes: { "1000": { cause: ["done"], retry: false, by: "both" } },
    lifecycles: [
      {
        name: "trip",
        scope: "connection",
        initial: "home",
        queued: ["ask"],
        obligations: [],
        transitions: [
          { from: ["home"], on: ["go", "ask"], to: "away" },
          { from: ["away"], on: ["went"], to: "=" },
          { from: ["away"], on: ["done"], to: "home" },
          { from: ["*"], on: ["bye"], to: "$closed" },
        ],
      },
    ],
    decode(frame): Decoded<Command> {
      const text = typeof frame === "string" ? frame : "";
      const name = /^\{"do":"(\w+)"\}$/.exec(text)?.[1];
      if (name !== undefined && name !== "fly") return { ok: true, value: { do: name } };
      const code = name === "fly" ? "unknown-message" : "not-json";
      return {
        ok: false,
        error: { code, path: "", expected: "a command", received: text, hint: "Send one." },
      };
    },
    encode: (event) => JSON.stringify(event),
    encodeInto: () => 0,
    nameOf,
    ...more,
  };
}

/** A socket in memory, and what was done to it. */
export class MemorySocket implements Socket {
  readonly sent: string[] = [];
  readonly closes: (number | undefined)[] = [];
  queued = 0;
  listener: SocketListener | undefined;
  send(frame: string): void {
    this.sent.push(frame);
  }
  close(code?: number): void {
    this.closes.push(code);
  }
  buffered(): number {
    return this.queued;
  }
  listen(listener: SocketListener): void {
    this.listener = listener;
  }
  give(frame: string | Uint8Array, acknowledge?: Acknowledge): void {
    this.listener?.frame(frame, acknowledge);
  }
  codes(): unknown[] {
    return this.sent.map((frame) => JSON.parse(frame).code ?? JSON.parse(frame).is);
  }
}

export interface Bench {
  socket: MemorySocket;
  clock: ManualClock;
  connection: Connection<Event>;
  faults: unknown[];
  ends: ConnectionEnd[];
  taken: string[];
}

/** A connection on a socket in memory, and all that can be seen of it. */
export function bench(
  options: {
    protocol?: Partial<ProtocolSide<Command, Event>>;
    member?: Partial<Member<Command, Event>>;
    rate?: ProtocolSide<Command, Event>["rate"];
    waiting?: number;
    timeScale?: number;
  } = {},
): Bench {
  const socket = new MemorySocket();
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const ends: ConnectionEnd[] = [];
  const taken: string[] = [];
  const connection = openConnection<Command, Event>({
    id: "c1",
    protocol: protocolOf(options.protocol),
    socket,
    clock,
    timeScale: options.timeScale ?? 1,
    join: () => ({
      take(command) {
        taken.push(command.do);
        return undefined;
      },
      refuse: ({ code }) => ({ is: "no", code }),
      left() {},
      ...options.member,
    }),
    ...(options.rate === undefined ? {} : { rate: options.rate }),
    ...(options.waiting === undefined ? {} : { waiting: options.waiting }),
    onFault: (fault) => faults.push(fault),
    onEnd: (end) => ends.push(end),
  });
  return { socket, clock, connection, faults, ends, taken };
}
