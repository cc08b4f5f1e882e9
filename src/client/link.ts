import type { Clock } from "../wire/clock.js";
import type { ClientError } from "./client-error.js";
import type { ClientOptions, SocketConstructor, SocketLike } from "./options.js";

/** How an attempt, or its connection, ended. */
export interface LinkEnd {
  /** 1006 where no Close frame came. */
  readonly code: number;
  readonly reason: string;
  /** Our own decision: whether to try again. Absent: the contract decides by the code. */
  readonly retry?: boolean;
  /** What the server asked for in `Retry-After`, in real milliseconds. */
  readonly retryAfterMs?: number;
}

/** What happens on a link. Nothing is called after the end, or after {@link Link.leave}. */
export interface LinkListener {
  opened(): void;
  frame(frame: string | Uint8Array): void;
  /** An RFC 6455 ping came. */
  pinged(): void;
  ended(end: LinkEnd): void;
  /** Something is wrong that only the platform knows. */
  report(error: ClientError): void;
}

/** Listens to what a platform shows beyond the WebSocket of browsers; gives what sends an RFC 6455 ping. */
export type Tap = (
  socket: SocketLike,
  listener: Pick<LinkListener, "pinged" | "ended" | "report">,
) => Ping | undefined;

/** Calls `answered` when the pong has come. */
export type Ping = (answered: () => void) => void;

/** One attempt to connect, and the connection that comes of it: one socket at most, and nothing left of it after. */
export interface Link {
  readonly socket: SocketLike | undefined;
  readonly ping: Ping | undefined;
  /** Leaves at once: starts the closing handshake and does not wait for it. */
  leave(code: number, reason: string): void;
}

/** Codes of RFC 6455 §7.4.1 that a browser refuses to send have a private twin (PROTOCOL.md#close-codes). */
const PRIVATE = 3_800;

/** Starts an attempt, which has failed after `timeoutMs`. Nothing is called before this has returned. */
export function openLink(
  { socketOptions, url }: Pick<ClientOptions, "url" | "socketOptions">,
  Socket: SocketConstructor,
  protocols: readonly string[],
  clock: Clock,
  timeoutMs: number,
  listener: LinkListener,
  tap?: Tap,
): Link {
  let socket: SocketLike | undefined;
  let ping: Ping | undefined;
  let isOver = false;
  let why = "";
  const cancel = clock.after(timeoutMs, () => end({ code: 1006, reason: "no answer in time" }));

  function leave(code: number, reason: string): void {
    isOver = true;
    cancel();
    if (!socket) return;
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

  function end(how: LinkEnd): void {
    if (isOver) return;
    leave(1000, "");
    listener.ended(how);
  }

  async function connect(): Promise<void> {
    try {
      const address = await (typeof url === "function" ? url() : url);
      if (isOver) return;
      socket = new Socket(address, [...protocols], socketOptions);
    } catch (cause) {
      end({ code: 1006, reason: `${cause}` });
      return;
    }
    socket.binaryType = "arraybuffer";
    ping = tap?.(socket, { ...listener, pinged: () => isOver || listener.pinged(), ended: end });
    socket.onopen = () => {
      cancel();
      listener.opened();
    };
    // With this binaryType whatever is no text is an ArrayBuffer.
    socket.onmessage = ({ data }) =>
      listener.frame(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    socket.onerror = (event) => {
      // A browser does not say what went wrong, \`ws\` does.
      why = (event as { readonly message?: string }).message ?? "";
    };
    socket.onclose = ({ code, reason }) => end({ code, reason: reason || why });
  }

  void connect();
  return {
    get socket() {
      return socket;
    },
    get ping() {
      return ping;
    },
    leave,
  };
}
