/** Does the work of a connection one event a turn, so that commands can cross events on the wire. */

import type { Cancel, Clock } from "../../wire/clock.js";

/** Work that goes on until it says that it is over: true while there is more to do. */
export type Work = () => boolean;

/** The work of one connection, in the order in which it came. */
export interface Pacer {
  /** True when nothing more is taken; what is added then is lost. */
  readonly full: boolean;
  /** Adds work at the end; what was added before under the same label is dropped. */
  add(work: Work, label?: string): void;
  stop(): void;
}

/** Between two events of one answer, scaled: enough for a command to cross it on the wire. */
const PACE_MS = 40;
const QUEUED = 256;

/** A pacer without work. The more there is to do, the faster it turns: an answer must not be late for standing in line. */
export function createPacer(clock: Clock, timeScale: number): Pacer {
  const queue: { readonly work: Work; readonly label: string | undefined }[] = [];
  let cancel: Cancel = () => {};
  let armed = false;

  function arm(): void {
    if (armed || queue.length === 0) return;
    armed = true;
    cancel = clock.after(Math.max(1, (PACE_MS * timeScale) / queue.length), turn);
  }

  function turn(): void {
    armed = false;
    const [head] = queue;
    let more = false;
    try {
      more = head?.work() ?? false;
    } finally {
      // Work that throws is over, and what stands behind it goes on.
      if (!more) queue.shift();
      arm();
    }
  }

  return {
    get full() {
      return queue.length >= QUEUED;
    },
    add(work, label) {
      const before = label === undefined ? -1 : queue.findIndex((one) => one.label === label);
      if (before >= 0) queue.splice(before, 1);
      if (queue.length >= QUEUED) return;
      queue.push({ work, label });
      arm();
    },
    stop() {
      cancel();
      queue.length = 0;
    },
  };
}
