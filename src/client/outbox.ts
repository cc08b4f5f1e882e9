import type { Clock } from "../wire/clock.js";
import { ClientError } from "./client-error.js";
import type { QueueLimits } from "./options.js";

/** A command that waits for a connection. */
export interface Waiting<Out> {
  readonly command: Out;
  readonly text: string;
  readonly bytes: number;
  /** Takes it out of the queue, with what became of it. */
  settle(outcome: Promise<unknown>): void;
}

/**
 * Puts a command at the end of a queue that is bounded in number, bytes and time (PROTOCOL.md#reconnect-10). Resolves
 * with what it is settled with; rejects when there is no room, or when it waited for too long.
 */
export async function enqueue<Out>(
  queue: Set<Waiting<Out>>,
  { messages = 256, bytes: most = 1_048_576, maxAgeMs = 60_000 }: QueueLimits = {},
  clock: Clock,
  command: Out,
  text: string,
  bytes: number,
): Promise<unknown> {
  if (queue.size >= messages || bytesIn(queue) + bytes > most) {
    throw new ClientError("queue-full", `${queue.size} commands wait already`);
  }
  return new Promise((resolve, reject) => {
    const waiting: Waiting<Out> = {
      command,
      text,
      bytes,
      settle(outcome) {
        queue.delete(waiting);
        cancel();
        resolve(outcome);
      },
    };
    const cancel = clock.after(maxAgeMs, () => {
      queue.delete(waiting);
      reject(new ClientError("expired", `it waited for ${maxAgeMs} ms`));
    });
    queue.add(waiting);
  });
}

/** What waits, in bytes. */
export function bytesIn(queue: ReadonlySet<Waiting<unknown>>): number {
  return [...queue].reduce((sum, { bytes }) => sum + bytes, 0);
}
