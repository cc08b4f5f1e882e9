/**
 * One session of Socket.IO that begins by long polling, and stays there or is upgraded to a WebSocket, behind the
 * interface of every other connection of the kit: whatever a check does it can do over each transport.
 *
 * Source: Engine.IO protocol 4, "Handshake", "Upgrade" and "HTTP long-polling".
 */
import type { CloseInfo } from "../check.js";
import { openConnection } from "../connection.js";
import type { HandshakeOutcome } from "../frames/socket.js";
import { excerpt, HarnessFault } from "../judge.js";
import type { Layer } from "../layer.js";
import type { Connection, ConnectionOptions } from "../line.js";
import { delay, within } from "../time.js";
import type { TranscriptEntry } from "../transcript.js";
import { parsePacket } from "./packet.js";
import { createPolling, type PollingResponse, packetsOf } from "./polling.js";

/** How the session goes on after its handshake. */
export type PollingTransport = "polling" | "upgrade";

/** A poll lasts until the next beat of the subject; nobody beats less often than this (milliseconds). */
const LONGEST_POLL_MS = 120_000;

/** How long a teardown waits for the last POST and for the system to let the lines go (milliseconds). */
const GOODBYE_MS = 2000;

/** Opens a session by long polling. Never rejects: a refused one has an `end`. */
export function openPollingConnection(options: ConnectionOptions, transport: PollingTransport): Connection {
  const { clock, id, layer, listener, signal } = options;
  const polling = createPolling({
    target: options.target,
    headers: options.request.headers
      .filter(([name]) => !/^(?:Connection|Upgrade|Sec-WebSocket-)/i.test(name))
      .map(([name, value]) => [name, value] as const),
    clock,
    timeoutMs: LONGEST_POLL_MS,
  });
  let handshake: HandshakeOutcome = { kind: "timeout", message: "not yet answered", atMs: clock() };
  let end: CloseInfo | undefined;
  let socket: Connection | undefined;
  let path = "";
  let ready = false;
  let closing = false;
  let outgoing: string[] = [];
  let posting: Promise<void> | undefined;
  let bytesReceived = 0;

  const note = (entry: Omit<TranscriptEntry, "connection" | "atMs">, atMs: number): void =>
    listener.entry({ atMs, connection: id, ...entry });

  function endWith(info: CloseInfo): void {
    if (end !== undefined) return;
    end = info;
    listener.ended(info);
    listener.changed();
  }

  function refuse(atMs: number, what: PollingResponse | string): void {
    if (typeof what === "string") {
      handshake = { kind: "unreachable", message: what, code: "EPOLL", atMs };
      note({ direction: "note", kind: "handshake", text: what }, atMs);
      endWith({ by: "subject", how: "refused", atMs });
      return;
    }
    handshake = { kind: "refused", response: what };
    endWith({ by: "subject", how: "refused", atMs, status: what.status });
  }

  /** The subject answered a poll or a post of the session with something else than what the protocol has. */
  function broken(what: PollingResponse | string): void {
    if (end !== undefined || closing) return;
    const text = typeof what === "string" ? what : `${what.statusLine} ${excerpt(what.body)}`;
    note({ direction: "received", kind: "tcp", text }, clock());
    endWith({ by: "subject", how: "fin", reason: text, atMs: clock() });
  }

  /** One packet of the subject. */
  function take(packet: string, atMs: number): void {
    const reading = layer.read(packet);
    if (reading.kind === "frame") {
      listener.frame(reading.text, atMs, {});
      if (reading.answer !== undefined) write(reading.answer);
      return;
    }
    const fault = reading.kind === "fault" ? { fault: reading.message } : {};
    note({ direction: "received", kind: "text", text: packet, ...fault }, atMs);
    if (reading.kind === "transport") {
      if (reading.answer !== undefined) write(reading.answer);
      if (reading.ready === true) ready = true;
    } else if (reading.kind === "acknowledgement") {
      listener.acknowledgement(reading.id, reading.json, atMs);
    } else if (reading.kind === "goodbye") {
      endWith({ by: closing ? "kit" : "subject", how: "close", reason: reading.reason, atMs });
    } else {
      const clause = "Socket.IO protocol 5";
      const got = excerpt(packet);
      listener.violation({ check: "S-CD-02", connection: id, atMs, clause, expected: reading.message, got });
    }
    listener.changed();
  }

  /** Reads one body; false when the session is over. */
  async function poll(): Promise<boolean> {
    const response = await polling.get(path);
    if (typeof response === "string" || response.status !== 200) {
      broken(response);
      return false;
    }
    bytesReceived += Buffer.byteLength(response.body);
    for (const packet of packetsOf(response.body)) take(packet, response.atMs);
    return end === undefined;
  }

  /** Packets wait while a POST is on its way: Engine.IO takes one at a time. */
  function write(packet: string): void {
    if (end !== undefined) return;
    note({ direction: "sent", kind: "text", text: packet }, clock());
    outgoing.push(packet);
    posting ??= flush();
  }

  async function flush(): Promise<void> {
    while (outgoing.length > 0 && end === undefined) {
      const batch = outgoing;
      outgoing = [];
      const response = await polling.post(path, batch);
      if (typeof response === "string" || response.status !== 200) broken(response);
    }
    posting = undefined;
  }

  async function open(): Promise<void> {
    note({ direction: "sent", kind: "handshake", text: `GET ${options.request.target}` }, clock());
    const response =
      (await within(polling.get(options.request.target), options.handshakeMs, signal)) ??
      `no response to the handshake within ${options.handshakeMs} ms`;
    if (typeof response === "string") return refuse(clock(), response);
    note({ direction: "received", kind: "handshake", text: response.statusLine }, response.atMs);
    const [first = "", ...others] = packetsOf(response.body);
    const packet = parsePacket(first);
    if (response.status !== 200 || packet.kind !== "open") return refuse(response.atMs, response);
    handshake = { kind: "accepted", response };
    path = withQuery(options.request.target, { sid: packet.handshake.sid });
    for (const one of [first, ...others]) take(one, response.atMs);
    const deadline = clock() + options.handshakeMs;
    while (!ready && clock() < deadline && (await poll()));
    if (!ready || end !== undefined) return;
    if (transport === "polling") void keepPolling();
    else await upgrade();
  }

  async function keepPolling(): Promise<void> {
    while (!closing && !signal.aborted && (await poll()));
  }

  /** Probes a WebSocket of the same session; the poll that is waiting comes back empty before it takes over. */
  async function upgrade(): Promise<void> {
    const last = poll();
    const probe: Layer = {
      ...layer,
      readyAtOpen: false,
      read: (text) => (text === "3probe" ? { kind: "transport", ready: true } : layer.read(text)),
    };
    socket = openConnection({
      ...options,
      layer: probe,
      request: {
        ...options.request,
        target: withQuery(path, { transport: "websocket" }),
      },
      opening: "2probe",
      listener: { ...listener, ended: endWith },
    });
    await socket.opened;
    if (socket.isOver()) return;
    await within(Promise.race([last, delay(options.handshakeMs, signal)]), options.handshakeMs, signal);
    socket.sendText("5");
  }

  const noFrames = (what: string): never => {
    throw new HarnessFault(`${what} needs a WebSocket; this session is polled.`);
  };

  const opened = open();
  return {
    opened,
    requested: opened,
    finishRequest: () => noFrames("The rest of a request"),
    note,
    get bytesReceived() {
      return bytesReceived + (socket?.bytesReceived ?? 0);
    },
    get handshake() {
      return handshake;
    },
    get handshakeFaults() {
      return socket?.handshakeFaults ?? [];
    },
    get end() {
      return end;
    },
    get tcpEnd() {
      return socket?.tcpEnd;
    },
    get frames() {
      return socket?.frames ?? [];
    },
    get pongs() {
      return socket?.pongs ?? [];
    },
    isOver: () => end !== undefined || socket?.isOver() === true,
    send(text, ackId) {
      if (socket === undefined) write(layer.write(text, ackId));
      else socket.send(text, ackId);
    },
    sendText(text) {
      if (socket === undefined) write(text);
      else socket.sendText(text);
    },
    sendFrame: (spec, label) => (socket ?? noFrames("A frame")).sendFrame(spec, label),
    sendRaw: (bytes, label) => (socket ?? noFrames("Raw bytes")).sendRaw(bytes, label),
    close(code, reason) {
      if (closing || end !== undefined) return;
      if (socket !== undefined) {
        socket.close(code, reason);
        return;
      }
      if (ready && layer.goodbye !== undefined) write(layer.goodbye);
      write("1");
      closing = true;
    },
    pause: () => (socket ?? noFrames("Reading no more")).pause(),
    resume: () => (socket ?? noFrames("Reading on")).resume(),
    finish: () => (socket ?? noFrames("FIN")).finish(),
    reset() {
      endWith({ by: "kit", how: "rst", atMs: clock() });
      socket?.reset();
      void polling.end();
    },
    async dispose() {
      await within(opened, GOODBYE_MS);
      this.close(1000);
      await within(posting ?? Promise.resolve(), GOODBYE_MS);
      closing = true;
      endWith({ by: "kit", how: "close", atMs: clock() });
      const gone = [polling.end().then(() => true), socket?.dispose() ?? Promise.resolve(true)];
      const all = await within(Promise.all(gone), GOODBYE_MS);
      return all !== undefined && !all.includes(false);
    },
  };
}

/** Path and query with these values set. */
function withQuery(target: string, values: Readonly<Record<string, string>>): string {
  const [path = "", search = ""] = target.split("?");
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(values)) query.set(name, value);
  return `${path}?${query}`;
}
