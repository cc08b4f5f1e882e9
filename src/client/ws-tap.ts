/** What `ws` shows and no browser does: RFC 6455 pings, how a handshake was refused, and for what a server is at fault. */

import { ClientError, type ClientErrorCode } from "./client-error.js";
import type { SocketLike } from "./options.js";
import type { Ping, TapListener } from "./tap.js";

/** The part of `ws` beyond the WebSocket of browsers. */
interface WsSocket extends SocketLike {
  ping(data: string): void;
  on(type: "ping" | "pong", listener: (data: unknown) => void): unknown;
  on(type: "error", listener: (error: { readonly code?: string; readonly message: string }) => void): unknown;
  on(type: "unexpected-response", listener: (request: unknown, response: HttpResponse) => void): unknown;
}

/** The answer of a server that refuses a handshake. */
interface HttpResponse {
  readonly statusCode: number;
  readonly headers: { readonly "retry-after"?: string };
}

/** What the errors of `ws` mean; any other that it names so means that a frame broke RFC 6455. */
const FAULTS: Readonly<Record<string, readonly [code: number, error: ClientErrorCode]>> = {
  WS_ERR_INVALID_UTF8: [1007, "not-text"],
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: [1009, "too-large"],
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: [1009, "too-large"],
};

/** Listens to a socket of `ws`, and leaves any other alone; gives what pings if that is the heartbeat. */
export function tapWs(
  socket: SocketLike,
  { ended, pinged, report }: TapListener,
  isPinging: boolean,
): Ping | undefined {
  if (!isWs(socket)) return undefined;
  let token = 0;
  let answer = (): void => {};
  socket.on("ping", pinged);
  socket.on("pong", (data) => {
    if (String(data) === `${token}`) answer();
  });
  socket.on("error", ({ code, message }) => {
    // The errors of a handshake have no such code: they are unclean ends like any other.
    if (!code?.startsWith("WS_ERR_")) return;
    const [close, error] = FAULTS[code] ?? [1002, "frame"];
    report(new ClientError(error, message));
    ended(close, message, false);
  });
  socket.on("unexpected-response", (_request, { headers, statusCode }) => {
    const after = headers["retry-after"] ?? "";
    const retryAfterMs = Number(after) * 1_000 || Date.parse(after) - Date.now() || 0;
    ended(1006, `HTTP ${statusCode}`, undefined, retryAfterMs);
  });
  if (!isPinging) return undefined;
  return (answered) => {
    answer = answered;
    socket.ping(`${++token}`);
  };
}

function isWs(socket: SocketLike): socket is WsSocket {
  return "on" in socket && "ping" in socket;
}
