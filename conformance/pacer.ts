/** Keeps what the kit sends below a rate, over all connections: a server in use must not notice that it is tested. */
import type { ProtocolRules } from "../src/contract/contract.js";
import type { Tester } from "./check.js";
import type { Clock } from "./time.js";

/** Lets sends through in their order, no faster than a rate. */
export interface Pacer {
  /** Sends at once when the rate allows it and nobody waits, else in turn. */
  pace(send: () => void): void;
  /** Resolves when it is this caller's turn: for what is awaited anyway, such as a connection. */
  turn(): Promise<void>;
  /** All time (milliseconds) for which somebody had to wait: no answer can be due in it. */
  held(): number;
  stop(): void;
}

/** Where the document declares no rate: what a person at a keyboard would not exceed by much. */
const CAUTIOUS = { messages: 10, perMs: 1000 } as const;

/** How many messages (and connections) a safe run may send: what the document allows one connection, else a few a second. */
export function safeRate(
  protocol: Pick<ProtocolRules, "rate">,
  timeScale: number,
): { readonly messages: number; readonly perMs: number } {
  const { rate } = protocol;
  if (rate === undefined) return CAUTIOUS;
  return { messages: rate.messages, perMs: rate.perMs * timeScale };
}

/** From now on whatever the Tester sends goes through the pacer; answers that RFC 6455 demands at once do not. */
export function paceTester(tester: Tester, pacer: Pacer): void {
  const { text, raw, frame, ping, ack, close } = tester;
  tester.text = (...given) => pacer.pace(() => text(...given));
  tester.raw = (...given) => pacer.pace(() => raw(...given));
  tester.frame = (...given) => pacer.pace(() => frame(...given));
  tester.ping = (...given) => pacer.pace(() => ping(...given));
  tester.close = (...given) => pacer.pace(() => close(...given));
  tester.ack = async (...given) => {
    await pacer.turn();
    return ack(...given);
  };
}

/** A bucket that never lets more than `messages` through in any `perMs`. The caller stops it. */
export function createPacer(
  rate: { readonly messages: number; readonly perMs: number },
  clock: Clock,
): Pacer {
  // A server counts in windows of its own: what is spent at once and what grows back in a window make no more than the rate.
  const most = Math.max(1, Math.floor(rate.messages / 5));
  const everyMs = rate.perMs / Math.max(1, rate.messages - most);
  const queue: (() => void)[] = [];
  let tokens = most;
  let filledAt = clock();
  let heldMs = 0;
  let heldSince: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  function take(): boolean {
    const now = clock();
    tokens = Math.min(most, tokens + (now - filledAt) / everyMs);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }

  function serve(): void {
    timer = undefined;
    while (queue.length > 0 && take()) queue.shift()?.();
    if (queue.length > 0) {
      timer = setTimeout(serve, Math.max(1, (1 - tokens) * everyMs));
      return;
    }
    if (heldSince !== undefined) heldMs += clock() - heldSince;
    heldSince = undefined;
  }

  function pace(send: () => void): void {
    if (queue.length === 0 && take()) {
      send();
      return;
    }
    queue.push(send);
    heldSince ??= clock();
    timer ??= setTimeout(serve, everyMs);
  }

  return {
    pace,
    turn: () => new Promise((resolve) => pace(resolve)),
    held: () => heldMs + (heldSince === undefined ? 0 : clock() - heldSince),
    stop() {
      clearTimeout(timer);
      // Whoever waits for a turn must not wait for ever; on a connection that is over a send does nothing.
      for (const send of queue.splice(0)) send();
    },
  };
}
