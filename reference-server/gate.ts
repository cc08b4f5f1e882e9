import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Why a request does not get in. */
export interface Turned {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GateOptions {
  /** Needed as `Authorization: Bearer …` or `?token=…`; absent: none is. */
  readonly token: string | undefined;
  /** Browsers from elsewhere are turned away; absent: all may come. Clients that send no Origin are no browsers. */
  readonly origins: readonly string[] | undefined;
}

/** Looks at who asks: `undefined` lets the request in. The texts hold nothing of what was sent. */
export function checkGate(options: GateOptions, request: IncomingMessage, url: URL): Turned | undefined {
  const { origin } = request.headers;
  if (options.origins !== undefined && origin !== undefined && !options.origins.includes(origin)) {
    return { status: 403, text: "This origin is not on the server's list." };
  }
  if (options.token === undefined || holdsToken(options.token, request, url)) return undefined;
  return {
    status: 401,
    text: "A token is needed: send `Authorization: Bearer …` or the query parameter `token`.",
    headers: { "WWW-Authenticate": "Bearer" },
  };
}

function holdsToken(token: string, request: IncomingMessage, url: URL): boolean {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const given = bearer ?? url.searchParams.get("token");
  return given !== null && timingSafeEqual(digest(given), digest(token));
}

/** Digests have one length, which comparing in constant time asks for. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The URL of a request, or `undefined` when it has none that can be read. The host in it means nothing. */
export function urlOf(request: IncomingMessage): URL | undefined {
  const path = request.url ?? "/";
  const text = `http://localhost${path}`;
  // A target in absolute form, or `*`, names nothing here.
  return path.startsWith("/") && URL.canParse(text) ? new URL(text) : undefined;
}
