import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { SharedFrame, Socket, SocketListener } from "../src/wire/socket.js";
import type { JoinedWriter, Joiner } from "./joined-writes.js";

/** A control frame carries 125 bytes, two of which are the code (RFC 6455 §5.5). */
const REASON_BYTES = 123;

/** What is below a `ws` socket, where frames may be put on it directly (direct-writes.ts). */
export interface Below {
  /** The stream that the handshake came on. */
  readonly stream: Duplex;
  readonly joiner: Joiner;
}

const TEXT = { binary: false };

/**
 * Adapts a `ws` socket to the duct. What breaks RFC 6455 never gets here: `ws` closes it with 1002, 1007 or 1009.
 *
 * Shared frames of one tick are joined where nothing is queued and no extension is on, else `ws` sends each. Whatever
 * else is sent or read comes after what waits, so that the order is that of the calls.
 */
export function adaptWebSocket(socket: WebSocket, below?: Below): Socket {
  const isOpen = (): boolean => socket.readyState === socket.OPEN;
  const queued = (): number => socket.bufferedAmount;
  const send = (frame: SharedFrame): void => socket.send(frame.payload, TEXT);
  const behind = (): void => listening?.behind?.();
  let listening: SocketListener | undefined;
  // What an extension does to a message is the business of `ws`.
  const joined: JoinedWriter | undefined =
    below === undefined || socket.extensions !== ""
      ? undefined
      : below.joiner.writerFor({ stream: below.stream, isOpen, queued, send, behind });
  if (joined !== undefined && below !== undefined) {
    // `ws` answers a Close, and the end of the stream, as soon as it reads them: what was sent before goes before.
    below.stream.prependListener("data", joined.flush);
    below.stream.prependListener("end", joined.flush);
    socket.once("close", joined.drop);
  }
  return {
    send(frame) {
      joined?.flush();
      if (isOpen()) socket.send(frame);
    },
    sendShared:
      joined?.send ??
      ((frame) => {
        if (!isOpen()) return;
        send(frame);
        if (queued() > 0) behind();
      }),
    close(code, reason = "") {
      if (code === undefined) {
        joined?.drop();
        socket.terminate();
      } else {
        joined?.flush();
        socket.close(code, cutReason(reason));
      }
    },
    buffered: queued,
    listen(listener) {
      listening = listener;
      let broken: number | undefined;
      socket.on("message", (data, isBinary) => {
        // With the default binaryType every message is one Buffer.
        if (!Buffer.isBuffer(data)) return;
        listener.frame(isBinary ? data : data.toString("utf8"));
        // The answer to this message goes before that to a Close behind it in the same read.
        joined?.flush();
      });
      socket.on("ping", listener.beat);
      socket.on("pong", listener.beat);
      socket.on("error", (error: Error & { code?: string }) => {
        broken = CODES[error.code ?? ""] ?? broken;
      });
      socket.on("close", (code, reason) => listener.closed(broken ?? code, reason.toString("utf8")));
    },
  };
}

/** What `ws` sent when it found a fault: its close event tells only what it received. */
const CODES: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_EXPECTED_FIN: 1002,
  WS_ERR_EXPECTED_MASK: 1002,
  WS_ERR_INVALID_CLOSE_CODE: 1002,
  WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: 1002,
  WS_ERR_INVALID_OPCODE: 1002,
  WS_ERR_UNEXPECTED_MASK: 1002,
  WS_ERR_UNEXPECTED_RSV_1: 1002,
  WS_ERR_UNEXPECTED_RSV_2_3: 1002,
};

function cutReason(reason: string): string {
  let cut = reason;
  while (Buffer.byteLength(cut) > REASON_BYTES) cut = cut.slice(0, -1);
  return cut;
}
