/**
 * One session of a client of Socket.IO, as the server has it: packets over long polling, over a WebSocket, and over one
 * after the other, behind the interface that every connection of a Peer has. It answers what Engine.IO obliges a server
 * to answer, and draws no conclusion.
 *
 * Source: Engine.IO protocol 4 ("Upgrade", "Heartbeat"), Socket.IO protocol 5.
 */
import type { ServerResponse } from "node:http";
import type { CloseInfo, ReceivedPong } from "../../check.js";
import { encodeFrame } from "../../frames/encode.js";
import { OPCODE } from "../../frames/frame.js";
import { excerpt, HarnessFault } from "../../judge.js";
import { parsePacket, writeEvent } from "../../socket-io/packet.js";
import { SEPARATOR } from "../../socket-io/polling.js";
import type { AcceptedLine } from "../accepted-line.js";
import {
  type ConnectionOptions,
  openServerConnection,
  type PeerConnection,
  type ServerConnection,
} from "../connection.js";

/** How many pongs are remembered. */
const REMEMBERED = 1000;

/** Packets that may wait for a client that does not poll. */
const MAX_WAITING = 100_000;

/** What stands for the bytes that a transport of text cannot carry. */
const NO_BYTES = new Uint8Array(0);

/** What a session needs beside what every connection needs. */
export interface SessionOptions extends Omit<ConnectionOptions, "line"> {
  readonly sid: string;
  /** The client has joined the namespace: events may be said. */
  readonly joined: () => void;
}

/** A session. Whoever opens it ends it. */
export interface EngineSession extends PeerConnection {
  readonly sid: string;
  /** A GET that waits for packets. */
  poll(response: ServerResponse): void;
  /** A POST that brought packets. */
  post(packets: readonly string[], response: ServerResponse): void;
  /** A WebSocket that was accepted: the transport from the first, or one that is to take over. */
  carry(line: AcceptedLine, from: "the first" | "an upgrade"): ServerConnection;
  /** Says a packet. */
  send(packet: string): void;
  /** Ends all that is open of it. */
  dispose(): void;
}

/** A response with the headers that any page may read it by. */
export function respond(response: ServerResponse, status: number, body: string): void {
  if (response.writableEnded || response.destroyed) return;
  const { origin } = response.req.headers;
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=UTF-8",
    Connection: "close",
    ...(origin === undefined
      ? {}
      : { "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" }),
  });
  response.end(body);
}

/** Opens a session; its open packet is the Attempt's. */
export function openSession(options: SessionOptions): EngineSession {
  const { clock, id, listener, sid } = options;
  const pongs: ReceivedPong[] = [];
  /** What the pings said that have no pong yet, oldest first: a pong of Engine.IO says nothing itself. */
  const unanswered: Uint8Array[] = [];
  /** Packets that no transport has taken. */
  let waiting: string[] = [];
  let pending: ServerResponse | undefined;
  let socket: { readonly line: AcceptedLine; readonly connection: ServerConnection } | undefined;
  let probe: typeof socket;
  /** A probe was answered: polls are let go at once, so that the client can change over. */
  let isProbed = false;
  let end: CloseInfo | undefined;
  let isClosing = false;
  let left: "fin" | "rst" | undefined;
  /** What came while the kit does not read. */
  let held: (() => void)[] | undefined;

  const note: PeerConnection["note"] = (entry, atMs) => listener.entry({ atMs, connection: id, ...entry });

  function endWith(info: CloseInfo): void {
    if (end !== undefined) return;
    end = info;
    listener.ended(info);
    listener.changed();
  }

  function send(packet: string): void {
    if (left !== undefined || waiting.length >= MAX_WAITING) return;
    waiting.push(packet);
    flush();
  }

  /** Gives what waits to the transport that the client reads now. */
  function flush(): void {
    if (socket !== undefined) {
      for (const packet of waiting.splice(0)) write(socket.line, packet);
      return;
    }
    if (pending === undefined || (waiting.length === 0 && !isProbed)) return;
    const response = pending;
    pending = undefined;
    respond(response, 200, waiting.length === 0 ? "6" : waiting.splice(0).join(SEPARATOR));
  }

  function write(line: AcceptedLine, packet: string): void {
    const payload = new TextEncoder().encode(packet);
    line.write(encodeFrame({ opcode: OPCODE.text, payload, mask: false }, () => new Uint8Array(4)));
  }

  function receive(text: string, atMs: number): void {
    const packet = parsePacket(text, "client");
    switch (packet.kind) {
      case "event":
        listener.frame(packet.json, atMs, {}, packet.id);
        break;
      case "pong": {
        note({ direction: "received", kind: "pong", text }, atMs);
        pongs.push({ atMs, payload: unanswered.shift() ?? NO_BYTES });
        if (pongs.length > REMEMBERED) pongs.shift();
        listener.sound();
        break;
      }
      case "connect":
        note({ direction: "received", kind: "raw", text }, atMs);
        say(`40${JSON.stringify({ sid: `${sid}-0` })}`, "raw");
        listener.sound();
        options.joined();
        break;
      case "disconnect":
      case "engine-close":
        note({ direction: "received", kind: "close", text }, atMs);
        endWith({ by: isClosing ? "kit" : "subject", how: "close", atMs });
        break;
      case "ack":
      case "noop":
      case "upgrade":
        note({ direction: "received", kind: "raw", text }, atMs);
        break;
      default:
        unreadable(text, packet.kind === "broken" ? packet.message : "expected a packet of a client", atMs);
    }
    listener.changed();
  }

  function unreadable(text: string, expected: string, atMs: number): void {
    note({ direction: "received", kind: "raw", text: excerpt(text), fault: expected }, atMs);
    listener.violation({
      check: "C-CD-01",
      connection: id,
      atMs,
      clause: "PROTOCOL.md#socket-io",
      expected: `packets of Engine.IO 4 and Socket.IO 5: ${expected.replace(/^expected /, "")}`,
      got: excerpt(text),
      mend: "Leave the packets to a library of Socket.IO.",
    });
  }

  function say(packet: string, kind: "raw" | "ping" | "close"): void {
    note({ direction: "sent", kind, text: packet }, clock());
    send(packet);
  }

  /** TCP of the transport that carries the session is gone. */
  function lost(how: "fin" | "rst"): void {
    endWith({ by: left === undefined && !isClosing ? "subject" : "kit", how, atMs: clock() });
  }

  /** Reads a text of a WebSocket. */
  function onText(text: string, atMs: number, line: AcceptedLine): void {
    if (socket?.line === line) {
      receive(text, atMs);
      return;
    }
    note({ direction: "received", kind: "raw", text }, atMs);
    if (text === "2probe") {
      write(line, "3probe");
      isProbed = true;
      flush();
    } else if (text === "5" && probe?.line === line) {
      socket = probe;
      probe = undefined;
      isProbed = false;
      if (pending !== undefined) respond(pending, 200, "6");
      pending = undefined;
      flush();
    }
  }

  function act(action: () => void): void {
    if (held === undefined) action();
    else held.push(action);
  }

  function rejects(response: ServerResponse): boolean {
    if (left === "rst") response.req.socket.resetAndDestroy();
    else if (left === "fin") response.req.socket.end();
    else if (end !== undefined) respond(response, 400, '{"code":1,"message":"Session ID unknown"}');
    else return false;
    return true;
  }

  const session: EngineSession = {
    sid,
    pongs,
    get frames() {
      return socket?.connection.frames ?? [];
    },
    get end() {
      return end;
    },
    get tcpEnd() {
      return socket?.line.tcpEnd;
    },
    get unsentBytes() {
      return socket?.line.unsentBytes ?? 0;
    },
    isOver: () => end !== undefined || left !== undefined,
    isClosing: () => isClosing,
    note,
    send,
    sendText(text, names) {
      const named = names === undefined ? {} : { names };
      note({ direction: "sent", kind: "text", text, ...named }, clock());
      send(writeEvent(text));
    },
    sendFrame() {
      throw new HarnessFault("A session of Socket.IO has no frames of its own.");
    },
    sendRaw(bytes, label) {
      note({ direction: "sent", kind: "raw", text: label }, clock());
      if (socket !== undefined) socket.line.write(bytes);
      else pending?.req.socket.write(bytes);
    },
    takesText: () => !isClosing && end === undefined && left === undefined,
    whenText: (action) => action(),
    ping(payload) {
      unanswered.push(payload);
      say("2", "ping");
    },
    acknowledge(ackId, json) {
      note({ direction: "sent", kind: "raw", text: `43${ackId}${json}` }, clock());
      send(`43${ackId}${json}`);
    },
    close() {
      if (isClosing || end !== undefined) return;
      isClosing = true;
      // There are no codes: a server says goodbye to the namespace, and the client lets the transport go.
      say("41", "close");
    },
    leave(how) {
      if (left !== undefined) return;
      note({ direction: "sent", kind: "tcp", text: how === "rst" ? "RST" : "FIN" }, clock());
      left = how;
      waiting = [];
      for (const one of [socket, probe]) {
        if (how === "rst") one?.line.reset();
        else one?.line.finish();
      }
      if (how === "rst") pending?.req.socket.resetAndDestroy();
      else pending?.req.socket.end();
      pending = undefined;
      if (how === "rst" || socket === undefined) endWith({ by: "kit", how, atMs: clock() });
    },
    pause() {
      held ??= [];
      for (const one of [socket, probe]) one?.line.pause();
    },
    resume() {
      for (const one of [socket, probe]) one?.line.resume();
      const actions = held ?? [];
      held = undefined;
      for (const action of actions) action();
    },
    poll(response) {
      act(() => {
        if (rejects(response)) return;
        if (pending !== undefined || socket !== undefined) {
          respond(response, 400, '{"code":3,"message":"Bad request"}');
          return;
        }
        pending = response;
        let how: "fin" | "rst" = "fin";
        response.req.socket.once("error", () => {
          how = "rst";
        });
        response.once("close", () => {
          if (pending !== response) return;
          pending = undefined;
          lost(how);
        });
        flush();
      });
    },
    post(packets, response) {
      const atMs = clock();
      act(() => {
        if (rejects(response)) return;
        respond(response, 200, "ok");
        for (const packet of packets) receive(packet, atMs);
      });
    },
    carry(line, from) {
      const connection = openServerConnection({
        ...options,
        line,
        answers: options.answers,
        listener: {
          ...listener,
          // What a library does with its frames is no row's under Socket.IO.
          violation: () => undefined,
          frame(frame, atMs, wire) {
            if (typeof frame === "string") onText(frame, atMs, line);
            else listener.frame(frame, atMs, wire);
          },
          pinged: () => undefined,
          ended(info) {
            if (socket?.line !== line) return;
            endWith({ ...info, by: isClosing || left !== undefined ? "kit" : info.by });
          },
        },
      });
      const own = { line, connection };
      if (from === "the first") socket = own;
      else probe = own;
      if (held !== undefined) line.pause();
      return connection;
    },
    dispose() {
      left ??= "rst";
      for (const one of [socket, probe]) one?.line.reset();
      pending?.req.socket.destroy();
      held = undefined;
    },
  };
  return session;
}
