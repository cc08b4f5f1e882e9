/**
 * A server between the kit and a correct server, which alters what passes: the means of most mutants.
 *
 * It works on the bytes: what a mutant does not ask for goes through as it came and when it came, backpressure
 * included, so that nothing but the one altered thing differs.
 */

import { connect, createServer, type Socket } from "node:net";
import { closePayload, OPCODE, type PassingFrame, readFrame, writeFrame } from "./proxy-wire.js";

/** What happens to one connection. A handler that is absent, or gives undefined, lets things through. */
export interface Alteration {
  /** The head of the request: the head that the server gets instead; null: it gets none, and the rest is swallowed. */
  readonly request?: (head: string, line: Line) => string | null;
  /** The head of the response, and of the request that it answers. */
  readonly response?: (head: string, request: string, line: Line) => string;
  /** Any wire frame, before the handlers below see it: the bytes that go on instead, and they see nothing. */
  readonly frame?: (frame: PassingFrame, line: Line) => readonly Uint8Array[] | undefined;
  /** What begins with a frame that is too long to hold: what is read instead; null: the rest is swallowed. */
  readonly tooLong?: (bytes: Buffer, line: Line) => Buffer | null;
  /** An unfragmented text message of the server: the texts that the client gets instead. */
  readonly event?: (text: string, line: Line) => readonly string[] | undefined;
  /** An unfragmented text message of the client: the texts that the server gets instead. */
  readonly command?: (text: string, line: Line) => readonly string[] | undefined;
  /** A control frame: the payload that goes on instead, or null for none. */
  readonly control?: (frame: PassingFrame, line: Line) => Uint8Array | null | undefined;
  /** The handshake was accepted, and nothing has passed since. */
  readonly opened?: (line: Line) => void;
  /** A request or a frame has begun and is not whole yet; called again whenever more of it comes. */
  readonly unfinished?: (line: Line) => void;
  /** The connection is over. */
  readonly closed?: () => void;
  /** How much later (milliseconds) the client gets what the server says. */
  readonly lateMs?: number;
}

/** The connection that an alteration sits in. */
export interface Line {
  /** Sends the client a text message that the server has not sent. */
  toClient(text: string): void;
  /** Sends the server a text message that the client has not sent. */
  toServer(text: string): void;
  /** Sends any bytes. */
  rawToClient(bytes: Uint8Array): void;
  rawToServer(bytes: Uint8Array): void;
  /** Sends the client a Close frame, empty without a code, and ends both sides. */
  close(code?: number, reason?: string): void;
  /** Ends both sides without a Close frame. */
  reset(): void;
  /** Ends TCP towards the client (FIN) without a Close frame, and drops the server. */
  end(): void;
  /** Bytes that the client has not taken yet. */
  waiting(): number;
  /** Stops reading what the server says, and goes on. */
  hold(): void;
  release(): void;
  /** Does something later, unless the connection is over by then. */
  later(ms: number, action: () => void): void;
}

/** What an alteration may know when its connection comes. */
export interface Connection {
  /** 0 for the first connection of this server. */
  readonly nth: number;
  /** The lines that are open, this one's own excepted. */
  readonly others: () => readonly Line[];
}

/** Makes the alteration of a connection. */
export type Alter = (connection: Connection) => Alteration;

/** A running proxy. */
export interface FrameProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a proxy before a server on this machine; `alter` is called for each connection. */
export async function startFrameProxy(upstreamPort: number, alter: Alter): Promise<FrameProxy> {
  const sockets = new Set<Socket>();
  const lines = new Set<Line>();
  let connections = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: "127.0.0.1", port: upstreamPort });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once("close", () => sockets.delete(socket));
      // The other side learns of it by the close that follows.
      socket.on("error", () => socket.destroy());
    }
    let own: Line | undefined;
    const alteration = alter({
      nth: connections++,
      others: () => [...lines].filter((line) => line !== own),
    });
    own = join(client, upstream, alteration, (line) => lines.delete(line));
    lines.add(own);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    port: address.port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What both directions of one connection know. */
interface Pair {
  readonly alteration: Alteration;
  readonly line: Line;
  /** Head of the request, once it is whole. */
  request: string | undefined;
}

function join(client: Socket, upstream: Socket, alteration: Alteration, over: (line: Line) => void): Line {
  const timers = new Set<NodeJS.Timeout>();
  const down = lateWriter(client, alteration.lateMs ?? 0, timers);
  const line: Line = {
    toClient: (text) => down(writeFrame({ opcode: OPCODE.text, payload: Buffer.from(text), masked: false })),
    toServer: (text) => {
      write(upstream, writeFrame({ opcode: OPCODE.text, payload: Buffer.from(text), masked: true }));
    },
    rawToClient: (bytes) => down(bytes),
    rawToServer: (bytes) => write(upstream, bytes),
    close(code, reason) {
      const payload = code === undefined ? Buffer.alloc(0) : closePayload(code, reason);
      client.end(writeFrame({ opcode: OPCODE.close, payload, masked: false }));
      upstream.destroy();
    },
    reset() {
      client.resetAndDestroy();
      upstream.destroy();
    },
    end() {
      client.end();
      upstream.destroy();
    },
    waiting: () => client.writableLength,
    hold: () => void upstream.pause(),
    release: () => void upstream.resume(),
    later(ms, action) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        action();
      }, ms);
      timers.add(timer);
    },
  };
  const pair: Pair = { alteration, line, request: undefined };
  const fromServer = createReader("server", pair, down);
  const fromClient = createReader("client", pair, (bytes) => write(upstream, bytes));
  upstream.on("data", (bytes) => {
    fromServer(bytes);
    if (!client.writableNeedDrain) return;
    upstream.pause();
    client.once("drain", () => upstream.resume());
  });
  client.on("data", (bytes) => {
    fromClient(bytes);
    if (!upstream.writableNeedDrain) return;
    client.pause();
    upstream.once("drain", () => client.resume());
  });
  client.on("end", () => upstream.end());
  upstream.on("end", () => {
    if (alteration.lateMs === undefined) client.end();
  });
  upstream.on("close", () => {
    if (alteration.lateMs === undefined) client.destroySoon();
    else line.later(alteration.lateMs, () => client.destroySoon());
  });
  client.on("close", () => {
    upstream.destroy();
    for (const timer of timers) clearTimeout(timer);
    over(line);
    alteration.closed?.();
  });
  return line;
}

function write(to: Socket, bytes: Uint8Array): void {
  if (to.writable && bytes.length > 0) to.write(bytes);
}

/** Writes to a socket, some time later where a mutant is slow; order is kept. */
function lateWriter(to: Socket, ms: number, timers: Set<NodeJS.Timeout>): (bytes: Uint8Array) => void {
  if (ms === 0) return (bytes) => write(to, bytes);
  return (bytes) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      write(to, bytes);
    }, ms);
    timers.add(timer);
  };
}

/** A request or a response without an end is no longer held than this (bytes): it passes unread. */
const HEAD_MOST = 4 * 1024 * 1024;

/** Reads one direction: first an HTTP head, then frames; gives to `to` what the alteration leaves of them. */
function createReader(
  from: PassingFrame["from"],
  pair: Pair,
  to: (bytes: Uint8Array) => void,
): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let state: "head" | "frames" | "passing" | "swallowing" = "head";
  const { alteration, line } = pair;
  /** Only what a handler wants to see is held until it is whole. */
  const holds =
    alteration.frame !== undefined ||
    alteration.control !== undefined ||
    alteration.tooLong !== undefined ||
    alteration.unfinished !== undefined ||
    (from === "server" ? alteration.event : alteration.command) !== undefined;

  function readHead(): boolean {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) {
      if (rest.length > HEAD_MOST) state = "passing";
      else if (from === "client") alteration.unfinished?.(line);
      return false;
    }
    const head = rest.subarray(0, end + 4).toString("latin1");
    rest = rest.subarray(end + 4);
    if (from === "client") {
      pair.request = head;
      const altered = alteration.request === undefined ? head : alteration.request(head, line);
      // Without an upgrade there is HTTP here, and none of ours.
      state = altered === null ? "swallowing" : /\nupgrade: *websocket/i.test(altered) ? "frames" : "passing";
      if (altered !== null) to(Buffer.from(altered, "latin1"));
      return true;
    }
    const upgraded = head.startsWith("HTTP/1.1 101");
    state = upgraded ? "frames" : "passing";
    to(Buffer.from(alteration.response?.(head, pair.request ?? "", line) ?? head, "latin1"));
    if (upgraded) alteration.opened?.(line);
    return true;
  }

  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    if (state === "head") readHead();
    while (state === "frames" && holds) {
      const frame = readFrame(from, rest);
      if (frame === undefined) {
        if (rest.length > 0 && from === "client") alteration.unfinished?.(line);
        return;
      }
      if (frame === "unread") {
        const instead = alteration.tooLong === undefined ? undefined : alteration.tooLong(rest, line);
        if (instead === undefined) state = "passing";
        else if (instead === null) state = "swallowing";
        else rest = instead;
      } else {
        rest = rest.subarray(frame.bytes.length);
        pass(frame, pair, to);
      }
    }
    if (state === "head") return;
    if (state !== "swallowing") to(rest);
    rest = Buffer.alloc(0);
  };
}

function pass(frame: PassingFrame, { alteration, line }: Pair, to: (bytes: Uint8Array) => void): void {
  const altered = alteration.frame?.(frame, line);
  if (altered !== undefined) {
    for (const bytes of altered) to(bytes);
    return;
  }
  const { from, opcode } = frame;
  const masked = from === "client";
  if (opcode >= OPCODE.close) {
    const payload = alteration.control?.(frame, line);
    if (payload === undefined) to(frame.bytes);
    else if (payload !== null) to(writeFrame({ opcode, payload, masked }));
    return;
  }
  const handler = from === "server" ? alteration.event : alteration.command;
  const whole = opcode === OPCODE.text && frame.fin && frame.rsv === 0;
  const texts = whole ? textsOf(() => handler?.(frame.payload.toString("utf8"), line)) : undefined;
  if (texts === undefined) {
    to(frame.bytes);
    return;
  }
  for (const text of texts) to(writeFrame({ opcode: OPCODE.text, payload: Buffer.from(text), masked }));
}

/** What a handler makes of a message. One that is nested too deep to be looked into passes as it came. */
function textsOf(handle: () => readonly string[] | undefined): readonly string[] | undefined {
  try {
    return handle();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
