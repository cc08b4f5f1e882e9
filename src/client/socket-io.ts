/** `wireproof/client/socket-io`: the same client for an endpoint of Socket.IO, through `socket.io-client`. */

import { io, type Socket } from "socket.io-client";
import type { ClientSide, MessagesByName } from "../wire/protocol.js";
import type { Client, Send } from "./client.js";
import { createClient as createAnyClient } from "./create-client.js";
import type { ClientOptions, SocketConstructor, SocketLike } from "./options.js";

export type * from "./client.js";
export { ClientError } from "./client-error.js";

/**
 * Makes a client of the client's side of a generated protocol whose transport is Socket.IO. It does nothing until
 * `connect`. Heartbeat is Engine.IO's own; attempts are made by the policy of the contract, not by that of
 * `socket.io-client`. `socketOptions` are the options of its `io`: `auth`, `transports`, `extraHeaders` and others.
 */
export function createClient<In, Out, Names extends MessagesByName = MessagesByName<In, Out>>(
  side: ClientSide<In, Out, Names>,
  options: ClientOptions<Send<Out, Names>>,
): Client<In, Out, Names> {
  // A value is the pair of the event's name and the payload.
  const payloadOf = (value: unknown): unknown => (value as readonly unknown[])[1];
  return createAnyClient(
    side,
    { WebSocket: socketOf(side.address ?? "/"), ...options },
    undefined,
    payloadOf,
  );
}

const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

/** A Socket.IO connection as a socket: a frame is the JSON array of an EVENT packet, `["name", payload]`. */
function socketOf(address: string): SocketConstructor {
  return class SocketIoSocket implements SocketLike {
    binaryType = "arraybuffer";
    readyState: number = CONNECTING;
    readonly bufferedAmount = 0;
    onopen: SocketLike["onopen"] = null;
    onmessage: SocketLike["onmessage"] = null;
    onerror: SocketLike["onerror"] = null;
    onclose: SocketLike["onclose"] = null;
    readonly #socket: Socket;

    constructor(url: string, _protocols: string[], options?: object) {
      const { origin, pathname, searchParams } = new URL(url);
      const socket = io(origin.replace(/^ws/, "http"), {
        // A URL without a path means the one of the contract; a path is never a namespace here.
        path: pathname === "/" ? address : pathname,
        query: Object.fromEntries(searchParams),
        ...options,
        forceNew: true,
        reconnection: false,
      });
      this.#socket = socket;
      socket.on("connect", () => {
        this.readyState = OPEN;
        this.onopen?.({});
      });
      // A server that asks for an acknowledgement gets none: no contract can say what it would be.
      socket.onAny((...packet: unknown[]) =>
        this.onmessage?.({ data: frameOf(packet.filter((part) => typeof part !== "function")) }),
      );
      socket.on("connect_error", ({ message }) => {
        this.onerror?.({ message });
        this.#end(1006, message);
      });
      // There are no close codes: a server that says goodbye does so on purpose, all else is an accident.
      socket.on("disconnect", (reason) => this.#end(reason === "io server disconnect" ? 1000 : 1006, reason));
    }

    send(frame: string | Uint8Array, acknowledge?: (answer: unknown) => void): void {
      // The codec of a Socket.IO endpoint writes pairs.
      const [event, payload] = JSON.parse(String(frame)) as [string, unknown];
      if (acknowledge) this.#socket.emit(event, payload, acknowledge);
      else this.#socket.emit(event, payload);
    }

    close(): void {
      this.readyState = CLOSED;
      this.#socket.disconnect();
    }

    #end(code: number, reason: string): void {
      if (this.readyState === CLOSED) return;
      this.close();
      this.onclose?.({ code, reason });
    }
  };
}

/** The packet as text; bytes when something in it is binary, which no such endpoint speaks. */
function frameOf(packet: readonly unknown[]): string | ArrayBuffer {
  let isBinary = false;
  const text = JSON.stringify(packet, (_key, value: unknown) => {
    isBinary ||= value instanceof ArrayBuffer || ArrayBuffer.isView(value);
    return isBinary ? undefined : value;
  });
  return isBinary ? new ArrayBuffer(0) : text;
}
