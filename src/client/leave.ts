import type { SocketLike } from "./options.js";

/** Codes of RFC 6455 §7.4.1 that a browser refuses to send have a private twin (PROTOCOL.md#close-codes). */
const PRIVATE = 3_800;

/** Leaves a socket at once: starts the closing handshake, does not wait for it, and hears nothing more. */
export function leave(socket: SocketLike, code: number, reason: string): void {
  socket.onopen = socket.onmessage = socket.onclose = null;
  // An error that nobody listens to ends a process of Node.
  socket.onerror = () => {};
  const ways: readonly [code?: number, reason?: string][] = [[code, reason], [code + PRIVATE, reason], []];
  for (const way of ways) {
    try {
      socket.close(...way);
      return;
    } catch {
      // No code, or no reason, that this platform sends.
    }
  }
}
