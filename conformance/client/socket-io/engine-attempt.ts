/**
 * One attempt of a client of Socket.IO: the request that begins a session, by long polling or as a WebSocket, answered as
 * a script wants it. What follows under its session id belongs to the session.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { hex } from "../../bytes.js";
import type { TcpEnd } from "../../frames/socket.js";
import { HarnessFault } from "../../judge.js";
import { within } from "../../time.js";
import { createWaiting } from "../../waiting.js";
import type { AcceptedLine } from "../accepted-line.js";
import { type AttemptOptions, type OwnedAttempt, responseHead } from "../attempt.js";
import type { AcceptOptions, UpgradeRequest } from "../check.js";
import { type OwnedPeer, obligingOf, openPeer } from "../peer.js";
import { faultsOf } from "../request.js";
import type { EngineTimes } from "./engine-times.js";
import { type EngineSession, openSession, respond } from "./session.js";

/** The request that begins a session, and what answers it. */
export type Opening = { readonly request: IncomingMessage } & (
  | { readonly by: "polling"; readonly response: ServerResponse }
  | { readonly by: "websocket"; readonly line: AcceptedLine }
);

/** What the attempts of one case share. */
export interface EngineAttemptOptions extends AttemptOptions {
  readonly engine: EngineTimes;
  /** Under which id the session is found. */
  readonly register: (session: EngineSession) => void;
  readonly newSid: () => string;
}

/** An Attempt, with what only its Host tells it. */
export interface OwnedEngineAttempt extends OwnedAttempt {
  /** TCP of a request that is not answered yet has ended. */
  lineEnded(end: TcpEnd): void;
  read(bytes: Uint8Array, atMs: number): void;
}

/** How long a client may take to join the namespace once its session is open (milliseconds). */
const JOIN_MS = 5000;

/** How long the system may take to let a socket go (milliseconds). */
const GONE_MS = 2000;

/** Opens an attempt for a request that has come, on a connection that was accepted at `atMs`. */
export function openEngineAttempt(
  opening: Opening,
  id: number,
  atMs: number,
  options: EngineAttemptOptions,
): OwnedEngineAttempt {
  const { clock, engine, observer } = options;
  const waiting = createWaiting(options.signal, options.lost);
  const requested = readRequest(opening, clock(), options.authority);
  const request = Promise.resolve(requested);
  let answered = false;
  let tcpEnd: TcpEnd | undefined;
  let session: EngineSession | undefined;
  let peer: OwnedPeer | undefined;
  let carried: ReturnType<EngineSession["carry"]> | undefined;

  note("received", "handshake", `${requested.method} ${requested.target}`, headBytes(requested));
  observer.passively("C-HS-01");
  for (const fault of [...requested.faults, ...options.seen(requested)]) {
    observer.violation({ check: "C-HS-01", connection: id, atMs: requested.atMs, ...fault });
  }

  function note(
    direction: "sent" | "received" | "note",
    kind: "handshake" | "raw" | "tcp",
    text: string,
    bytes?: string,
  ): void {
    observer.entry({
      atMs: clock(),
      connection: id,
      direction,
      kind,
      text,
      ...(bytes === undefined ? {} : { bytes }),
    });
  }

  function answer(): void {
    if (answered) throw new HarnessFault(`Attempt ${id} was answered twice.`);
    answered = true;
  }

  function begin(own: EngineSession, accepting: AcceptOptions): void {
    const { intervalMs, timeoutMs } = accepting.engine ?? engine.told;
    const hello = {
      sid: own.sid,
      upgrades: opening.by === "polling" ? ["websocket"] : [],
      pingInterval: intervalMs,
      pingTimeout: timeoutMs,
      maxPayload: options.endpoint.protocol.maxBytes ?? 1_000_000,
    };
    const packet = `0${JSON.stringify(hello)}`;
    note("sent", "handshake", packet);
    if (opening.by === "polling") respond(opening.response, 200, packet);
    else {
      opening.line.write(responseHead(requested, {}, options.endpoint.protocol.subprotocols));
      carried = own.carry(opening.line, "the first");
      own.send(packet);
    }
  }

  /** Something that is no answer of Engine.IO. */
  function misanswer(accepting: AcceptOptions): void {
    const text = "an answer that opens no session";
    note("sent", "handshake", text);
    if (opening.by === "polling") respond(opening.response, 200, text);
    else opening.line.write(responseHead(requested, accepting, options.endpoint.protocol.subprotocols));
  }

  function socketOf() {
    return opening.request.socket;
  }

  const attempt: OwnedEngineAttempt = {
    id,
    atMs,
    secure: false,
    request,
    requested,
    get tcpEnd() {
      return tcpEnd;
    },
    earlyBytes: 0,
    async accept(accepting = {}) {
      answer();
      if (accepting.early !== undefined || accepting.cuts !== undefined) {
        throw new HarnessFault(
          "The answer to a request of Socket.IO is not cut, and nothing goes out with it.",
        );
      }
      if (tcpEnd !== undefined) return undefined;
      if (accepting.acceptKey !== undefined || accepting.omit !== undefined) {
        misanswer(accepting);
        return undefined;
      }
      let isJoined = false;
      const opened = openPeer(
        attempt,
        ({ answers, listener }) => {
          session = openSession({
            id,
            clock,
            maskKeys: options.maskKeys,
            answers,
            listener: {
              ...listener,
              changed() {
                listener.changed();
                waiting.changed();
              },
            },
            sid: options.newSid(),
            joined() {
              isJoined = true;
            },
          });
          return session;
        },
        obligingOf(accepting.obliging),
        options,
      );
      peer = opened;
      const own = session;
      if (own === undefined) return undefined;
      options.register(own);
      begin(own, accepting);
      await waiting.until(() => (isJoined ? true : undefined), JOIN_MS, own.isOver);
      if (!isJoined) return undefined;
      opened.begin(true);
      return opened;
    },
    async refuse(status, headers = [], body = "") {
      answer();
      note("sent", "handshake", `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`);
      if (opening.by === "polling") {
        for (const [name, value] of headers) opening.response.setHeader(name, value);
        respond(opening.response, status, body);
        return;
      }
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\nConnection: close\r\n`;
      opening.line.write(
        Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n${lines}\r\n${body}`),
      );
      opening.line.finish();
    },
    raw(bytes, label) {
      answered = true;
      note("sent", "raw", label);
      if (opening.by === "polling") socketOf().write(bytes);
      else opening.line.write(bytes);
    },
    reset() {
      answered = true;
      note("sent", "tcp", "RST");
      if (opening.by === "polling") socketOf().resetAndDestroy();
      else opening.line.reset();
    },
    finish() {
      answered = true;
      note("sent", "tcp", "FIN");
      if (opening.by === "polling") socketOf().end();
      else opening.line.finish();
    },
    ended: (timeoutMs) => waiting.until(() => tcpEnd, timeoutMs),
    lineEnded(end) {
      tcpEnd ??= end;
      carried?.lineEnded(end);
      waiting.changed();
      options.changed();
    },
    read: (bytes, at) => carried?.read(bytes, at),
    async dispose() {
      peer?.dispose();
      session?.dispose();
      if (opening.by === "polling") {
        socketOf().destroy();
        return true;
      }
      opening.line.reset();
      const gone = opening.line.closed.then(() => true);
      return (await within(gone, GONE_MS)) === true;
    },
  };
  return attempt;
}

/** The request as a check reads it. One that is to become a WebSocket keeps RFC 6455 §4.1, any keeps its Host. */
function readRequest({ by, request }: Opening, atMs: number, authority: string): UpgradeRequest {
  const headerLines = request.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 ? [{ name, value: all[index + 1] ?? "" }] : [],
  );
  const headers: Record<string, string> = Object.create(null);
  for (const { name, value } of headerLines) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const { httpVersion, method = "", url: target = "" } = request;
  const found = { method, target, httpVersion, headerLines, headers, atMs };
  const faults = faultsOf(found, authority);
  const isOfHttp = ({ got, expected }: (typeof faults)[number]): boolean =>
    /Host|GET|HTTP\/1|path/.test(`${expected} ${got}`);
  return { ...found, faults: by === "websocket" ? faults : faults.filter(isOfHttp) };
}

function headBytes({ headerLines, httpVersion, method, target }: UpgradeRequest): string {
  const lines = headerLines.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  return hex(Buffer.from(`${method} ${target} HTTP/${httpVersion}\r\n${lines}\r\n`, "latin1"));
}
