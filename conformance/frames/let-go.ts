/** Lets a TCP connection go, by RST where the system allows it, with whatever lies on top of it. */
import type { Socket } from "node:net";

/** Ends `tcp` and the layers on it (TLS), outermost last. */
export function letGo(tcp: Socket, layers: readonly Socket[], how: "reset" | "gently"): void {
  // Node dies when the socket below is destroyed while TLS above it calls back.
  if (layers.length === 0) drop(tcp, layers, how);
  else setImmediate(drop, tcp, layers, how);
}

function drop(tcp: Socket, layers: readonly Socket[], how: "reset" | "gently"): void {
  // A socket that was half-closed is only destroyed: libuv refuses to reset it (EINVAL), its handle then never closes,
  // and the process cannot exit.
  const resettable = !tcp.destroyed && !tcp.connecting && tcp.remoteAddress !== undefined;
  if (how === "reset" && resettable && ![tcp, ...layers].some(({ writableEnded }) => writableEnded)) {
    tcp.resetAndDestroy();
  }
  for (const socket of [tcp, ...layers]) socket.destroy();
}
