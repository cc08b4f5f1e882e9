/**
 * The page of `wireproof serve`, and its way to break connections on purpose: its own, and nobody else's.
 *
 * Each page that is loaded gets a random token. A handshake that carries it belongs to that page; so does a request to
 * break something. Scripts from elsewhere can read neither page nor token (the same origin, and only a host that is
 * an address or the server's own name: a foreign name that resolves to this machine is turned away).
 */

import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Clock } from "../src/wire/clock.js";
import type { Socket } from "../src/wire/socket.js";
import { type BreakableSocket, createBreakableSocket, type Fault } from "./breakable-socket.js";
import { readBody, send, sendJson } from "./rest.js";

/** A file of the page. */
export interface PlaygroundFile {
  readonly type: string;
  readonly text: string;
}

/** Where the page comes from: whoever starts the server knows it, the server does not. */
export interface PlaygroundFiles {
  /** The file at a path below `/playground/`; `index.html` is the page. `undefined`: there is none. */
  read(path: string): Promise<PlaygroundFile | undefined>;
}

/** One loaded page, as its handshakes see it. */
export interface Page {
  /** True while the page wants its handshakes to fail. */
  readonly away: boolean;
  /** Lets the page break this connection. */
  adopt(socket: Socket): Socket;
}

export interface Playground {
  /** Answers what is its own; false when it is somebody else's. */
  respond(request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean>;
  /** The page that a handshake belongs to. */
  pageOf(query: URLSearchParams): Page | undefined;
}

/** The query parameter that says which page a handshake belongs to. No endpoint ever sees it. */
export const PAGE_QUERY = "wireproof-page";
const PAGE_HEADER = "x-wireproof-page";
const FOLDER = "/playground/";
/** What the page's HTML holds where its token is to stand. */
const TOKEN_PLACE = "%TOKEN%";

/** Pages that are remembered; the one that was loaded first is forgotten for another. */
const MAX_PAGES = 64;
/** The slowest that a page may have its frames (ms). */
const MAX_SLOW_MS = 60_000;

interface KnownPage extends Page {
  away: boolean;
  readonly sockets: Set<BreakableSocket>;
}

/** Makes the playground of a server that listens on `host`. */
export function createPlayground(files: PlaygroundFiles, clock: Clock, host: string): Playground {
  const pages = new Map<string, KnownPage>();

  function open(): string {
    const token = randomBytes(18).toString("base64url");
    const sockets = new Set<BreakableSocket>();
    const [oldest] = pages.keys();
    if (pages.size >= MAX_PAGES && oldest !== undefined) pages.delete(oldest);
    pages.set(token, {
      away: false,
      sockets,
      adopt(socket) {
        const breakable = createBreakableSocket(socket, clock, () => sockets.delete(breakable));
        sockets.add(breakable);
        return breakable;
      },
    });
    return token;
  }

  /** Answers with a file. What the page may load and connect to is this server, and nothing else. */
  async function serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const file = await files.read(path);
    if (file === undefined) return fail(response, 404, "The page has no such file.");
    const isPage = path === "index.html";
    const text =
      isPage && request.method === "GET" ? file.text.replace(TOKEN_PLACE, () => open()) : file.text;
    const authority = request.headers.host ?? "";
    send(response, 200, file.type, text, {
      "Content-Security-Policy": [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        // Some browsers do not take `self` for ws:.
        `connect-src 'self' ws://${authority} wss://${authority}`,
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join("; "),
      "Cross-Origin-Resource-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
    });
  }

  /** Does to the connections of a page what it asks for. */
  async function breakThem(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.headers[PAGE_HEADER];
    const page = typeof token === "string" ? pages.get(token) : undefined;
    if (page === undefined)
      return fail(response, 403, "Only a page of this server may do that; load it again.");
    const read = await readBody(request);
    const body = read.ok ? read.body : undefined;
    if (isRecord(body) && typeof body["away"] === "boolean") {
      page.away = body["away"];
      return sendJson(response, { status: 200, body: { connections: page.sockets.size } });
    }
    const fault = faultOf(body);
    if (fault === undefined) return fail(response, 400, "There is no such fault.");
    const broken = [...page.sockets];
    try {
      for (const socket of broken) socket.break(fault);
    } catch (cause) {
      // Socket.IO carries no text that is not the JSON array of a packet.
      return fail(response, 400, cause instanceof Error ? cause.message : "The transport cannot do that.");
    }
    sendJson(response, { status: 200, body: { connections: broken.length } });
  }

  return {
    pageOf: (query) => pages.get(query.get(PAGE_QUERY) ?? ""),
    async respond(request, response, url) {
      const { method = "GET" } = request;
      const { pathname } = url;
      if (pathname !== "/" && !pathname.startsWith(FOLDER)) return false;
      if (!isOwnHost(request.headers.host ?? "", host)) return false;
      const reads = method === "GET" || method === "HEAD";
      if (pathname === `${FOLDER}break` && method === "POST") await breakThem(request, response);
      else if (reads)
        await serve(request, response, pathname === "/" ? "index.html" : pathname.slice(FOLDER.length));
      else return false;
      return true;
    },
  };
}

function fail(response: ServerResponse, status: number, error: string): void {
  sendJson(response, { status, body: { error } });
}

/** True for an address, `localhost` and the name that the server was told to listen on: no page of another site has them. */
function isOwnHost(authority: string, host: string): boolean {
  if (!URL.canParse(`http://${authority}/`)) return false;
  const { hostname, host: parsed } = new URL(`http://${authority}/`);
  if (parsed !== authority.toLowerCase().replace(/:80$/, "")) return false;
  const name = hostname.replace(/^\[|\]$/g, "");
  return isIP(name) !== 0 || name === "localhost" || name === host.toLowerCase();
}

function faultOf(body: unknown): Fault | undefined {
  if (!isRecord(body)) return undefined;
  const { fault, ms, frame, code } = body;
  switch (fault) {
    case "drop":
    case "silence":
    case "none":
      return { fault };
    case "slow":
      return typeof ms === "number" && ms >= 1 && ms <= MAX_SLOW_MS ? { fault, ms } : undefined;
    case "garbage":
      return typeof frame === "string" ? { fault, frame } : undefined;
    case "close":
      return isSendable(code) ? { fault, code } : undefined;
    default:
      return undefined;
  }
}

/** Codes that may stand in a Close frame (RFC 6455 §7.4). */
function isSendable(code: unknown): code is number {
  if (typeof code !== "number" || !Number.isInteger(code)) return false;
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
