/** Knows whether the kit is in the middle of a frame of its own: what it owes by itself must not be written into one. */
import { createFrameReader } from "./frames/decode.js";

/** What the kit has written piece by piece. */
export interface OwnFrames {
  /** Bytes that a check wrote as they are: they may end inside a frame, or finish one. */
  wrote(bytes: Uint8Array): void;
  /** False in the middle of a frame. */
  isWhole(): boolean;
  /** Runs it now, or once the frame that a check has begun is whole; never where it is not finished. */
  whenWhole(act: () => void): void;
}

/** More than this is waited for no longer: a header that lies never becomes whole. */
const MAX_WAITING = 100;

/** Opens the watch on one connection. */
export function watchOwnFrames(): OwnFrames {
  let reader = createFrameReader("client");
  const waiting: (() => void)[] = [];
  const isWhole = (): boolean => reader.pendingBytes === 0 || reader.broken !== undefined;
  return {
    wrote(bytes) {
      reader.push(bytes, 0);
      if (!isWhole()) return;
      // What was read is of no more use.
      reader = createFrameReader("client");
      for (const act of waiting.splice(0)) act();
    },
    isWhole,
    whenWhole(act) {
      if (isWhole()) act();
      else if (waiting.length < MAX_WAITING) waiting.push(act);
    },
  };
}
