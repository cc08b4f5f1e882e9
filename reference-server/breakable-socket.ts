import type { Cancel, Clock } from "../src/wire/clock.js";
import type { Socket, SocketListener } from "../src/wire/socket.js";

/** What is done to a connection on purpose, so that a person sees how the client takes it. */
export type Fault =
  /** The socket is destroyed, without a Close. */
  | { readonly fault: "drop" }
  /** Nothing passes any more, either way; the socket stays open. */
  | { readonly fault: "silence" }
  /** Each frame to the client waits for so long, one after another. */
  | { readonly fault: "slow"; readonly ms: number }
  /** The client is sent this text as a frame, whatever the contract says of it. */
  | { readonly fault: "garbage"; readonly frame: string }
  /** The closing handshake is started with this code. */
  | { readonly fault: "close"; readonly code: number }
  /** What silence and slowness did is over; what was swallowed stays lost. */
  | { readonly fault: "none" };

/** A socket that can be broken. */
export interface BreakableSocket extends Socket {
  break(fault: Fault): void;
}

/** Puts faults between a connection and its socket; without one everything passes as it is. */
export function createBreakableSocket(socket: Socket, clock: Clock, onClosed: () => void): BreakableSocket {
  const waiting: string[] = [];
  let waitingBytes = 0;
  let silent = false;
  let slowMs = 0;
  let cancel: Cancel = () => {};

  function pass(): void {
    const frame = waiting.shift();
    if (frame === undefined) return;
    waitingBytes -= Buffer.byteLength(frame);
    if (!silent) socket.send(frame);
  }

  function passInTime(): void {
    cancel = clock.after(slowMs, () => {
      pass();
      if (waiting.length > 0) passInTime();
    });
  }

  function passAll(): void {
    cancel();
    while (waiting.length > 0) pass();
  }

  return {
    send(frame) {
      if (silent) return;
      if (slowMs === 0 && waiting.length === 0) {
        socket.send(frame);
        return;
      }
      waiting.push(frame);
      waitingBytes += Buffer.byteLength(frame);
      if (waiting.length === 1) passInTime();
    },
    close(code, reason) {
      // Who is only slow still gets what was said before the Close.
      if (code !== undefined) passAll();
      cancel();
      socket.close(code, reason);
    },
    // The connection bounds what waits here as it bounds what the kernel has not taken.
    buffered: () => socket.buffered() + waitingBytes,
    listen(listener: SocketListener) {
      socket.listen({
        frame(frame, acknowledge) {
          if (!silent) listener.frame(frame, acknowledge);
        },
        beat: listener.beat,
        closed(code, reason) {
          cancel();
          waiting.length = 0;
          waitingBytes = 0;
          onClosed();
          listener.closed(code, reason);
        },
      });
    },
    break(fault) {
      switch (fault.fault) {
        case "drop":
          socket.close();
          break;
        case "silence":
          silent = true;
          break;
        case "slow":
          slowMs = fault.ms;
          break;
        case "garbage":
          socket.send(fault.frame);
          break;
        case "close":
          passAll();
          socket.close(fault.code, "on purpose");
          break;
        case "none":
          silent = false;
          slowMs = 0;
          passAll();
      }
    },
  };
}
