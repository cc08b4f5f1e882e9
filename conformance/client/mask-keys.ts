/**
 * Watches the mask keys of a client (RFC 6455 §5.3, §10.3): drawn afresh for each frame from a source that nobody can
 * foresee. Chance alone repeats a key of 32 bits as well, so that it takes more than one pair to accuse anybody.
 */
import { hex } from "../bytes.js";

/** The keys of all connections of a run. */
export interface MaskKeys {
  /** The watch of a further connection: takes the key of each frame in order, and says what is wrong with it. */
  open(): (key: Uint8Array) => string | undefined;
}

/** Keys of one connection, and first keys of connections, that are remembered. */
const REMEMBERED = 20_000;

/** As often as this chance does not give the same key among so few. */
const TOO_OFTEN = 3;

/** Opens the watch of a run. */
export function watchMaskKeys(): MaskKeys {
  const firsts = new Map<string, number>();
  return {
    open() {
      const seen = new Map<string, number>();
      let last: string | undefined;
      return (bytes) => {
        const key = hex(bytes);
        const before = last;
        last = key;
        const times = count(seen, key);
        if (before === undefined && count(firsts, key) >= TOO_OFTEN) {
          return `the mask key ${key} on the first frame of ${TOO_OFTEN} connections`;
        }
        // Two in a row: once in 4 000 000 000 frames.
        if (before === key) return `the mask key ${key} on two frames in a row`;
        if (times === TOO_OFTEN) return `the mask key ${key} on ${TOO_OFTEN} frames of one connection`;
        return undefined;
      };
    },
  };
}

function count(counts: Map<string, number>, key: string): number {
  const times = (counts.get(key) ?? 0) + 1;
  if (counts.size < REMEMBERED || times > 1) counts.set(key, times);
  return times;
}
