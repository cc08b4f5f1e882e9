import type { IncomingMessage, ServerResponse } from "node:http";
import type { Endpoint } from "./endpoint.js";
import { findEndpoint } from "./endpoints.js";
import { type Turned, urlOf } from "./gate.js";
import type { Playground } from "./playground.js";
import { readBody, send, sendJson } from "./rest.js";
import type { SocketIoServer } from "./socket-io.js";

export interface RoutesOptions {
  readonly endpoints: readonly Endpoint[];
  /** Looks at origin and token. */
  readonly gate: (endpoint: Endpoint, request: IncomingMessage, url: URL) => Turned | undefined;
  readonly socketIo: SocketIoServer | undefined;
  readonly playground: Playground | undefined;
  readonly statusPage: () => string;
}

/** Answers plain HTTP: the page, `/healthz`, Socket.IO's polling, REST beside the channels. */
export async function respond(
  options: RoutesOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { endpoints, gate, socketIo, playground } = options;
  const { method = "GET" } = request;
  const url = urlOf(request);
  if (url === undefined) return fail(response, 400, "The target is not a path.");
  if (url.pathname === "/healthz") return sendJson(response, { status: 200, body: { status: "ok" } });
  if (playground !== undefined && (await playground.respond(request, response, url))) return;
  if (url.pathname === "/" && (method === "GET" || method === "HEAD")) {
    return send(response, 200, "text/html; charset=utf-8", options.statusPage(), {
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    });
  }

  const found = findEndpoint(endpoints, url.pathname);
  const owner = found?.endpoint ?? endpoints[0];
  const turned = owner && gate(owner, request, url);
  // A preflight carries no credentials; Socket.IO answers it.
  if (turned !== undefined && method !== "OPTIONS") {
    return fail(response, turned.status, turned.text, { ...turned.headers });
  }
  if (found?.endpoint.protocol.transport === "socket.io" && socketIo !== undefined) {
    return socketIo.request(request, response);
  }
  if (found !== undefined) {
    return send(response, 426, "text/plain; charset=utf-8", "This is a WebSocket endpoint.", {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
    });
  }

  const read = await readBody(request);
  if (!read.ok) return fail(response, 413, "The body is too long.", { Connection: "close" });
  for (const endpoint of endpoints) {
    const answer = endpoint.rest({ method, path: url.pathname, body: read.body });
    if (answer !== undefined) return sendJson(response, answer);
  }
  fail(response, 404, "There is nothing here.");
}

/** Says in the envelope of the REST interface what went wrong. */
export function fail(
  response: ServerResponse,
  status: number,
  msg: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, { status, body: { code: status, msg, data: null } }, headers);
}
