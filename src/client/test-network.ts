/** What the tests of the client work on: a clock that is moved by hand, and sockets in memory. */

import type { Clock } from "../wire/clock.js";
import type { SocketConstructor, SocketLike } from "./options.js";

/** Lets all that is already decided happen: promises, not timers. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands until it is moved. Of timers that are due at once the one that was set first comes first. */
export class VirtualClock implements Clock {
  time = 0;
  readonly timers = new Set<Timer>();
  /** Sorted by time; some may have been cancelled. */
  private readonly line: Timer[] = [];

  now(): number {
    return this.time;
  }

  date(): Date {
    return new Date(this.time);
  }

  after(ms: number, action: () => void): () => void {
    // A timer without a time would fire at once on a platform.
    if (!(ms >= 0)) throw new RangeError(`A timer waits for 0 ms or more: got ${ms}.`);
    const timer = { at: this.time + ms, action };
    let [low, high] = [0, this.line.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.line[middle]?.at ?? 0) <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.line.splice(low, 0, timer);
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  /** Moves on by so many milliseconds; all that is due on the way happens in its order. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (let [next] = this.line; next !== undefined && next.at <= end; [next] = this.line) {
      this.line.shift();
      if (!this.timers.delete(next)) continue;
      this.time = Math.max(this.time, next.at);
      next.action();
      await settle();
    }
    this.time = end;
  }
}

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

/** One socket in memory, seen from the server's side. It is as strict as a browser's about what it may be told. */
export class MemorySocket implements SocketLike {
  binaryType = "blob";
  readyState: number = CONNECTING;
  bufferedAmount = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onerror: SocketLike["onerror"] = null;
  onclose: SocketLike["onclose"] = null;
  readonly sent: string[] = [];
  /** What the client closed it with. */
  closed: { readonly code: number | undefined; readonly reason: string } | undefined;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
    readonly openedAt: number,
    readonly isBrowser: boolean,
    private readonly onSend: (text: string) => void,
  ) {}

  send(frame: string | Uint8Array): void {
    if (this.readyState === CONNECTING) throw new Error("InvalidStateError: still connecting");
    // Browsers drop in silence what is sent on a socket that closes.
    if (this.readyState !== OPEN) return;
    const text = typeof frame === "string" ? frame : new TextDecoder().decode(frame);
    this.sent.push(text);
    this.onSend(text);
  }

  close(code?: number, reason = ""): void {
    if (this.isBrowser && code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
      throw new Error(`InvalidAccessError: ${code}`);
    }
    if (new TextEncoder().encode(reason).length > 123) throw new Error("SyntaxError: too long");
    if (this.readyState >= CLOSING) return;
    this.closed = { code, reason };
    this.readyState = CLOSING;
  }

  /** True while it counts against "never two sockets". */
  get isLive(): boolean {
    return this.readyState <= OPEN;
  }

  /** What the client has sent, as values. */
  get said(): unknown[] {
    return this.sent.map((text) => JSON.parse(text));
  }

  /** Completes the handshake. */
  accept(): void {
    if (this.readyState !== CONNECTING) return;
    this.readyState = OPEN;
    this.onopen?.({});
  }

  /** A frame arrives. */
  give(frame: unknown): void {
    if (this.readyState !== OPEN && this.readyState !== CLOSING) return;
    const data = typeof frame === "string" || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame);
    this.onmessage?.({ data });
  }

  /** The end, as the platform tells it: 1006 when there was no Close frame. */
  end(code = 1006, reason = ""): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    if (code === 1006) this.onerror?.({});
    this.onclose?.({ code, reason });
  }
}

/** All sockets that were made, and what holds for them together. */
export interface Network {
  readonly WebSocket: SocketConstructor;
  readonly sockets: MemorySocket[];
  /** The newest; throws where there is none. */
  readonly last: MemorySocket;
  /** The most that were connecting or open at once. */
  mostLive: number;
  /** Is told of each new socket; what the server does with it is said here. */
  onSocket: (socket: MemorySocket) => void;
  onSend: (text: string, socket: MemorySocket) => void;
}

/** A network without any latency, whose server does nothing that a test does not say. */
export function createNetwork(clock: VirtualClock, options: { readonly isBrowser?: boolean } = {}): Network {
  const sockets: MemorySocket[] = [];
  const network: Network = {
    sockets,
    mostLive: 0,
    onSocket: () => {},
    onSend: () => {},
    get last() {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error("No socket was made.");
      return socket;
    },
    WebSocket: class extends MemorySocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, clock.time, options.isBrowser === true, (text) => network.onSend(text, this));
        sockets.push(this);
        network.mostLive = Math.max(network.mostLive, sockets.filter(({ isLive }) => isLive).length);
        network.onSocket(this);
      }
    },
  };
  return network;
}
