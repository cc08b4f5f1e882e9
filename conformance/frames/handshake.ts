/** The opening handshake (RFC 6455 §4): writes any request, reads any response, judges the one that accepts. */
import { createHash } from "node:crypto";
import { judgeExtensions } from "./extensions.js";

/** Largest response head that is read (bytes). */
export const MAX_HEAD = 64 * 1024;

/** A request to upgrade; names and order of the headers are written as given. */
export interface HandshakeRequest {
  /** Default GET. */
  readonly method?: string;
  /** Path and query. */
  readonly target: string;
  /** Default 1.1. */
  readonly httpVersion?: string;
  readonly headers: readonly HeaderLine[];
}

/** A header as it is written; the separator is `: ` unless one is given. */
export type HeaderLine = readonly [name: string, value: string, separator?: string];

/** What came back before the first frame. */
export interface HandshakeResponse {
  readonly atMs: number;
  readonly statusLine: string;
  readonly status: number;
  /** Names in lower case; a repeated header is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes a request head. */
export function writeRequest(request: HandshakeRequest): string {
  const lines = [`${request.method ?? "GET"} ${request.target} HTTP/${request.httpVersion ?? "1.1"}`];
  for (const [name, value, separator = ": "] of request.headers) lines.push(`${name}${separator}${value}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The headers of an ordinary upgrade, in the order in which browsers write them. */
export function upgradeHeaders(options: {
  readonly host: string;
  readonly key: string;
  readonly subprotocols?: readonly string[];
  readonly extra?: Readonly<Record<string, string>>;
}): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [
    ["Host", options.host],
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", options.key],
  ];
  if (options.subprotocols !== undefined && options.subprotocols.length > 0) {
    headers.push(["Sec-WebSocket-Protocol", options.subprotocols.join(", ")]);
  }
  for (const [name, value] of Object.entries(options.extra ?? {})) headers.push([name, value]);
  return headers;
}

/** The Sec-WebSocket-Accept that answers a key (§4.2.2). */
export function acceptFor(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Reads a response head from any chunks. */
export interface ResponseReader {
  /** Undefined until the head is complete; then the response and the bytes that follow it. */
  push(
    chunk: Uint8Array,
    atMs: number,
  ):
    | { readonly response: HandshakeResponse; readonly rest: Uint8Array }
    | { readonly broken: string }
    | undefined;
}

/** Opens a reader. */
export function createResponseReader(maxHead = MAX_HEAD): ResponseReader {
  let buffered = Buffer.alloc(0);
  let searched = 0;
  return {
    push(chunk, atMs) {
      buffered = Buffer.concat([buffered, chunk]);
      // Three bytes of the separator may have come before.
      const end = buffered.indexOf("\r\n\r\n", Math.max(0, searched - 3));
      searched = buffered.length;
      if (end < 0) {
        if (buffered.length > maxHead) return { broken: `a response head of more than ${maxHead} bytes` };
        // "HTTP/" is what any response starts with: garbage is known at once, without waiting for an end of head.
        const start = buffered.subarray(0, 5).toString("latin1");
        if (!"HTTP/".startsWith(start))
          return { broken: `no HTTP response: it starts with ${preview(buffered)}` };
        return undefined;
      }
      const response = parseHead(buffered.subarray(0, end).toString("latin1"), atMs);
      if (response === undefined) return { broken: `no HTTP response: it starts with ${preview(buffered)}` };
      return { response, rest: buffered.subarray(end + 4) };
    },
  };
}

function parseHead(head: string, atMs: number): HandshakeResponse | undefined {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const status = /^HTTP\/\d\.\d (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { atMs, statusLine, status: Number(status), headers };
}

/** What a subject did wrong in a response, as expected and got. */
export interface HandshakeFault {
  readonly clause: string;
  readonly expected: string;
  readonly got: string;
}

/** Those about the upgrade itself: what was agreed on beside it has rows of its own. */
export function upgradeFaults(faults: readonly HandshakeFault[]): readonly HandshakeFault[] {
  return faults.filter(({ clause }) => clause === UPGRADE_CLAUSE);
}

/** The clause of the response to a valid upgrade. */
const UPGRADE_CLAUSE = "RFC 6455 4.2.2";

/**
 * Everything that §4.2.2 asks of the response to a valid upgrade with this key, these subprotocols and this offer of
 * extensions.
 */
export function judgeResponse(
  response: HandshakeResponse,
  key: string,
  subprotocols: readonly string[],
  extensions?: string,
): HandshakeFault[] {
  const faults: HandshakeFault[] = [];
  const say = (clause: string, expected: string, got: string): void => {
    faults.push({ clause, expected, got });
  };
  if (response.status !== 101) {
    say(UPGRADE_CLAUSE, "status 101 Switching Protocols", response.statusLine);
    return faults;
  }
  const { upgrade, connection } = response.headers;
  if (upgrade?.toLowerCase() !== "websocket") {
    say(
      UPGRADE_CLAUSE,
      "Upgrade: websocket",
      upgrade === undefined ? "no Upgrade header" : `Upgrade: ${upgrade}`,
    );
  }
  const tokens = (connection ?? "").split(",").map((token) => token.trim().toLowerCase());
  if (!tokens.includes("upgrade")) {
    const got = connection === undefined ? "no Connection header" : `Connection: ${connection}`;
    say(UPGRADE_CLAUSE, "Connection: Upgrade", got);
  }
  const accept = response.headers["sec-websocket-accept"];
  if (accept !== acceptFor(key)) {
    const got = accept === undefined ? "no Sec-WebSocket-Accept header" : `Sec-WebSocket-Accept: ${accept}`;
    say(UPGRADE_CLAUSE, `Sec-WebSocket-Accept: ${acceptFor(key)} for the key ${key}`, got);
  }
  const protocol = response.headers["sec-websocket-protocol"];
  if (protocol !== undefined && !subprotocols.includes(protocol)) {
    const offered = subprotocols.length === 0 ? "none" : subprotocols.join(", ");
    say(UPGRADE_CLAUSE, `a subprotocol that was offered (${offered}), or none`, protocol);
  }
  return [...faults, ...judgeExtensions(response.headers["sec-websocket-extensions"], extensions)];
}

function preview(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, 40)).toString("latin1");
  return JSON.stringify(text);
}
