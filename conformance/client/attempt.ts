/**
 * One TCP connection that a client has opened to the kit: its upgrade request is read and judged (C-HS-01), and answered
 * as a script wants it: rightly, wrongly, by another status, by any bytes, by RST, by FIN, or not at all.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { hex, sentBytes } from "../bytes.js";
import { acceptFor } from "../frames/handshake.js";
import { HarnessFault } from "../judge.js";
import { within } from "../time.js";
import type { TranscriptEntry } from "../transcript.js";
import { createWaiting } from "../waiting.js";
import { holdLine, type LineCertificate } from "./accepted-line.js";
import type { AcceptOptions, Attempt, UpgradeRequest } from "./check.js";
import { openServerConnection, type ServerConnection } from "./connection.js";
import { type OwnedPeer, obligingOf, openPeer, type PeerOptions } from "./peer.js";
import { createRequestReader } from "./request.js";

/** Bytes of a client that nobody has accepted yet: beyond them the kit stops reading. */
const MAX_EARLY = 1024 * 1024;

/** How long the system may take to let a socket go (milliseconds). */
const GONE_MS = 2000;

/** An Attempt with the handles that only its Host uses. */
export interface OwnedAttempt extends Attempt {
  /** Ends it, and says whether the system has let its socket go. */
  dispose(): Promise<boolean>;
}

/** What the Attempts of one case share. */
export interface AttemptOptions extends PeerOptions {
  /** Host and port that the client was sent to, as its Host header must have them. */
  readonly authority: string;
  readonly certificate: LineCertificate | undefined;
  /** Sees each request; gives what is wrong with it beside what it says itself. */
  readonly seen: (request: UpgradeRequest) => readonly UpgradeRequest["faults"][number][];
  /** Something happened that somebody may wait for. */
  readonly changed: () => void;
}

/** How long a client that has connected is given for its request (milliseconds). */
const REQUEST_MS = 5000;

/** Takes over a socket that was just accepted. */
export function openAttempt(tcp: Socket, id: number, options: AttemptOptions): OwnedAttempt {
  const { clock, observer } = options;
  const atMs = clock();
  const waiting = createWaiting(options.signal, options.lost);
  const reader = createRequestReader(options.authority);
  let requested: UpgradeRequest | undefined;
  let isBroken = false;
  /** Somebody has decided what to answer, and something has been sent. */
  let answered = false;
  let responded = false;
  let peer: OwnedPeer | undefined;
  let connection: ServerConnection | undefined;
  /** What came behind the request before anything accepted it. */
  let early: { readonly bytes: Uint8Array; readonly atMs: number }[] = [];
  let earlyBytes = 0;
  let settle: (request: UpgradeRequest | undefined) => void = () => undefined;
  const request = new Promise<UpgradeRequest | undefined>((resolve) => {
    // Whoever connects and says nothing is not waited for without end.
    const patience = setTimeout(() => settle(undefined), REQUEST_MS);
    settle = (found) => {
      clearTimeout(patience);
      resolve(found);
    };
  });

  const note = (entry: Omit<TranscriptEntry, "connection" | "atMs">, at = clock()): void =>
    observer.entry({ atMs: at, connection: id, ...entry });
  const changed = (): void => {
    waiting.changed();
    options.changed();
  };

  note({ direction: "note", kind: "tcp", text: "the client connects" }, atMs);
  const line = holdLine(tcp, {
    clock,
    certificate: options.certificate,
    listener: {
      data(bytes, at) {
        try {
          onData(bytes, at);
        } catch (error) {
          observer.failed(error);
        }
      },
      ended(end) {
        const text = { fin: "FIN", rst: "RST", local: "ended by the kit" }[end.how];
        note({ direction: end.how === "local" ? "note" : "received", kind: "tcp", text }, end.atMs);
        settle(requested);
        if (peer !== undefined) connection?.lineEnded(end);
        // Nobody will answer a client that is gone.
        if (peer === undefined && end.how === "fin") line.finish();
        changed();
      },
      noted: (text) => note({ direction: "note", kind: "tcp", text }),
    },
  });

  function onData(bytes: Uint8Array, at: number): void {
    if (peer !== undefined) {
      connection?.read(bytes, at);
      return;
    }
    if (requested !== undefined || isBroken) {
      keep(bytes, at);
      return;
    }
    const read = reader.push(bytes, at);
    if (read === undefined) return;
    if ("broken" in read) {
      isBroken = true;
      note({ direction: "received", kind: "raw", text: read.broken, bytes: hex(bytes) }, at);
      // A client of TLS on a port without it has another fault than its request, and a check that is about it.
      if (line.secure !== true) {
        charge({ clause: "RFC 6455 4.1", expected: "an HTTP request", got: read.broken }, at);
      }
      settle(undefined);
      changed();
      return;
    }
    onRequest(read.request, at);
    if (read.rest.length > 0) keep(read.rest, at);
    settle(read.request);
    changed();
  }

  function onRequest(found: UpgradeRequest, at: number): void {
    requested = found;
    const head = [
      `${found.method} ${found.target} HTTP/${found.httpVersion}`,
      ...found.headerLines.map(({ name, value }) => `${name}: ${value}`),
    ].join("\r\n");
    note(
      {
        direction: "received",
        kind: "handshake",
        text: `${found.method} ${found.target}`,
        bytes: hex(Buffer.from(`${head}\r\n\r\n`, "latin1")),
      },
      at,
    );
    observer.passively("C-HS-01");
    for (const fault of [...found.faults, ...options.seen(found)]) charge(fault, at);
  }

  function charge(fault: UpgradeRequest["faults"][number], at: number): void {
    observer.violation({
      check: "C-HS-01",
      connection: id,
      atMs: at,
      ...fault,
      mend: "Let a WebSocket library write the opening handshake; RFC 6455 section 4.1 says what must stand in it.",
    });
  }

  /** No client may send anything before it has its answer. */
  function keep(bytes: Uint8Array, at: number): void {
    if (earlyBytes === 0 && !responded) {
      const got = `${bytes.length} bytes behind the request`;
      charge({ clause: "RFC 6455 4.1", expected: "nothing before the response has come", got }, at);
    }
    earlyBytes += bytes.length;
    note(
      {
        direction: "received",
        kind: "raw",
        text: `${bytes.length} bytes behind the request`,
        bytes: hex(bytes),
      },
      at,
    );
    if (earlyBytes <= MAX_EARLY) early.push({ bytes, atMs: at });
    else line.pause();
    changed();
  }

  function answer(): void {
    if (answered) throw new HarnessFault(`Connection ${id} was answered twice.`);
    answered = true;
  }

  function send(kind: "handshake" | "raw", text: string, bytes: Uint8Array): void {
    responded = true;
    note({ direction: "sent", kind, text, ...sentBytes(bytes) });
    line.write(bytes);
  }

  const attempt: OwnedAttempt = {
    id,
    atMs,
    request,
    get secure() {
      return line.secure;
    },
    get requested() {
      return requested;
    },
    get tcpEnd() {
      return line.tcpEnd;
    },
    get earlyBytes() {
      return earlyBytes;
    },
    async accept(accepting = {}) {
      answer();
      const asked = await request;
      if (asked === undefined || line.tcpEnd !== undefined) return undefined;
      const head = responseHead(asked, accepting, options.endpoint.protocol.subprotocols);
      const opened = openPeer(
        attempt,
        (hooks) => {
          connection = openServerConnection({ id, line, clock, maskKeys: options.maskKeys, ...hooks });
          return connection;
        },
        obligingOf(accepting.obliging),
        options,
      );
      const gathered = line.gather();
      send("handshake", "HTTP/1.1 101 Switching Protocols", head);
      for (const name of accepting.together ?? []) sayTogether(opened, name);
      if (accepting.early !== undefined) opened.raw(accepting.early, "bytes together with the response");
      gathered.release(accepting.cuts?.at ?? [], accepting.cuts?.pauseMs ?? 0);
      const firstIsOut =
        accepting.together?.includes(options.endpoint.protocol.first?.message ?? "") === true;
      opened.begin(!firstIsOut);
      peer = opened;
      for (const { bytes, atMs: at } of early) connection?.read(bytes, at);
      early = [];
      return opened;
    },
    async refuse(status, headers = [], body = "") {
      answer();
      await request;
      const payload = Buffer.from(body);
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`,
        "Connection: close",
        `Content-Length: ${payload.length}`,
        ...headers.map(([name, value]) => `${name}: ${value}`),
      ];
      const [statusLine = ""] = head;
      send(
        "handshake",
        statusLine,
        Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), payload]),
      );
      line.finish();
    },
    raw(bytes, label) {
      answered = true;
      send("raw", label, bytes);
    },
    reset() {
      answered = true;
      note({ direction: "sent", kind: "tcp", text: "RST" });
      line.reset();
    },
    finish() {
      answered = true;
      note({ direction: "sent", kind: "tcp", text: "FIN" });
      line.finish();
    },
    ended: (timeoutMs) => waiting.until(() => line.tcpEnd, timeoutMs),
    async dispose() {
      settle(requested);
      peer?.dispose();
      line.reset();
      return (
        (await within(
          line.closed.then(() => true),
          GONE_MS,
        )) === true
      );
    },
  };
  return attempt;
}

/** An event in the write of the response: legal, and made by the kit. */
function sayTogether(peer: OwnedPeer, name: string): void {
  const payload = peer.compose(name);
  if (payload === undefined) {
    throw new HarnessFault(`No payload of "${name}" can be made. Give the document an example.`);
  }
  peer.event(name, payload);
}

/** The head of a response that accepts, right but for what the options bend. */
export function responseHead(
  request: UpgradeRequest,
  options: AcceptOptions,
  subprotocols: readonly string[],
): Uint8Array {
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const chosen = offered.find((name) => subprotocols.includes(name));
  const lines: (readonly [string, string])[] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", options.acceptKey ?? acceptFor(request.headers["sec-websocket-key"] ?? "")],
    ...(chosen === undefined ? [] : [["Sec-WebSocket-Protocol", chosen] as const]),
  ];
  const omitted = new Set(options.omit?.map((name) => name.toLowerCase()));
  const given = new Set((options.headers ?? []).map(([name]) => name.toLowerCase()));
  const kept = lines.filter(([name]) => !omitted.has(name.toLowerCase()) && !given.has(name.toLowerCase()));
  const text = [...kept, ...(options.headers ?? [])].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${text}\r\n`, "latin1");
}
