import type { WebSocket } from "ws";
import type { Socket } from "../src/wire/socket.js";

/** A control frame carries 125 bytes, two of which are the code (RFC 6455 §5.5). */
const REASON_BYTES = 123;

/** Adapts a `ws` socket to the duct. What breaks RFC 6455 never gets here: `ws` closes it with 1002, 1007 or 1009. */
export function adaptWebSocket(socket: WebSocket): Socket {
  return {
    send(frame) {
      if (socket.readyState === socket.OPEN) socket.send(frame);
    },
    close(code, reason = "") {
      if (code === undefined) socket.terminate();
      else socket.close(code, cutReason(reason));
    },
    buffered: () => socket.bufferedAmount,
    listen(listener) {
      let broken: number | undefined;
      socket.on("message", (data, isBinary) => {
        // With the default binaryType every message is one Buffer.
        if (!Buffer.isBuffer(data)) return;
        listener.frame(isBinary ? data : data.toString("utf8"));
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
