/**
 * What stands between text messages on the wire and frames of the contract: nothing for a plain WebSocket, Engine.IO
 * and Socket.IO packets for `transport: socket.io`. A layer is pure: it reads and writes text, the Tester acts.
 */
import type { Endpoint } from "../src/contract/contract.js";
import { parsePacket, writeEvent } from "./socket-io/packet.js";

/** What one text message of the subject means. */
export type Reading =
  /** `answer`: the acknowledgement that the subject asks for. */
  | { readonly kind: "frame"; readonly text: string; readonly answer?: string }
  /** Bookkeeping of the transport; `answer` must be sent back, `ready` says that the session is open. */
  | { readonly kind: "transport"; readonly answer?: string; readonly ready?: true }
  | { readonly kind: "acknowledgement"; readonly id: number; readonly json: string }
  /** The transport's own way of ending the session. */
  | { readonly kind: "goodbye"; readonly reason: string }
  | { readonly kind: "fault"; readonly message: string };

/** One connection's layer. */
export interface Layer {
  /** True when the session is open as soon as the handshake is accepted. */
  readonly readyAtOpen: boolean;
  read(text: string): Reading;
  /** The text message that carries a frame of the contract; `ackId` asks for an acknowledgement. */
  write(frame: string, ackId?: number): string;
  /** What to send before the WebSocket is closed, if anything. */
  readonly goodbye?: string;
}

/** The layer of the endpoint's transport. */
export function layerOf(endpoint: Endpoint, answerHeartbeat: boolean): Layer {
  return endpoint.protocol.transport === "socket.io" ? socketIoLayer(answerHeartbeat) : plainLayer;
}

const plainLayer: Layer = {
  readyAtOpen: true,
  read: (text) => ({ kind: "frame", text }),
  write: (frame) => frame,
};

function socketIoLayer(answerHeartbeat: boolean): Layer {
  return {
    readyAtOpen: false,
    goodbye: "41",
    write: (frame, ackId) => writeEvent(frame, ackId),
    read(text) {
      const packet = parsePacket(text);
      switch (packet.kind) {
        case "open":
          return { kind: "transport", answer: "40" };
        case "connected":
          return { kind: "transport", ready: true };
        case "ping":
          return answerHeartbeat ? { kind: "transport", answer: `3${packet.data}` } : { kind: "transport" };
        case "pong":
        case "noop":
          return { kind: "transport" };
        case "event":
          if (packet.id === undefined) return { kind: "frame", text: packet.json };
          return { kind: "frame", text: packet.json, answer: `43${packet.id}[]` };
        case "ack":
          return { kind: "acknowledgement", id: packet.id, json: packet.json };
        case "disconnect":
          return { kind: "goodbye", reason: "Socket.IO packet 41 (disconnect)" };
        case "engine-close":
          return { kind: "goodbye", reason: "Engine.IO packet 1 (close)" };
        case "connect-error":
          return { kind: "goodbye", reason: `Socket.IO packet 44: ${packet.message}` };
        case "broken":
          return { kind: "fault", message: packet.message };
        // Only a client says so, and none is read here.
        case "upgrade":
        case "connect":
          return { kind: "fault", message: "expected a packet of a server" };
      }
    },
  };
}

/** The query that selects the websocket transport of Engine.IO 4. */
export const SOCKET_IO_QUERY: Readonly<Record<string, string>> = { EIO: "4", transport: "websocket" };
