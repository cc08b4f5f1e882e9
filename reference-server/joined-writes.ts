/**
 * What a tick says to many is written once to each: the frames of one tick are joined, and all who were sent the same
 * frames share the bytes. Most of what a delivery costs is the kernel's write, so that eight frames in one cost little
 * more than one (bench/RESULTS.md).
 */

import type { Duplex } from "node:stream";
import type { SharedFrame } from "../src/wire/socket.js";

/** Bytes that may wait for the end of the tick; what is longer is written in several parts. */
const JOINED_BYTES = 64 * 1024;

/** The joined writes of one server. */
export interface Joiner {
  writerFor(line: Line): JoinedWriter;
  /** Forgets what waits. */
  close(): void;
}

/** What a writer needs of its socket. */
export interface Line {
  /** Below the socket. Nobody writes to it before `flush` was called, and none of what it reads is looked at. */
  readonly stream: Duplex;
  /** Whether frames may still be sent. */
  readonly isOpen: () => boolean;
  /** Bytes that the kernel has not taken. */
  readonly queued: () => number;
  /** Sends one frame behind what is queued. */
  readonly send: (frame: SharedFrame) => void;
  /** To be called when something is queued after a write. */
  readonly behind: () => void;
}

/** The shared frames of one socket. */
export interface JoinedWriter {
  /** Lets a frame wait for the end of the tick; what is as long as may wait is written at once. */
  send(frame: SharedFrame): void;
  /** Writes what waits. */
  flush(): void;
  /** Forgets what waits. */
  drop(): void;
}

/**
 * A run of frames: the one before it and one more. Who is sent the same frames in the same order holds the same run,
 * because each run remembers the last one that began with it.
 */
class Run {
  readonly bytes: number;
  private next: Run | undefined;
  private whole: Uint8Array | undefined;

  constructor(
    private readonly before?: Run,
    private readonly frame?: SharedFrame,
  ) {
    this.bytes = (before?.bytes ?? 0) + (frame?.wire.length ?? 0);
    this.whole = before?.bytes === 0 ? frame?.wire : undefined;
  }

  with(frame: SharedFrame): Run {
    if (this.next?.frame !== frame) this.next = new Run(this, frame);
    return this.next;
  }

  /** All frames, in order. */
  frames(): SharedFrame[] {
    const frames: SharedFrame[] = [];
    for (let run: Run | undefined = this; run?.frame !== undefined; run = run.before)
      frames.unshift(run.frame);
    return frames;
  }

  /** All frames behind one another, joined when first asked for. */
  joined(): Uint8Array {
    if (this.whole === undefined) {
      this.whole = new Uint8Array(this.bytes);
      for (let run: Run | undefined = this; run?.frame !== undefined; run = run.before) {
        this.whole.set(run.frame.wire, run.bytes - run.frame.wire.length);
      }
    }
    return this.whole;
  }
}

/** Makes the joined writes of one server. */
export function createJoiner(): Joiner {
  let waiting: (() => void)[] = [];
  let empty = new Run();
  let immediate: NodeJS.Immediate | undefined;

  function endTick(): void {
    immediate = undefined;
    // What has been written is not to be kept alive by the runs that it began.
    empty = new Run();
    const ended = waiting;
    waiting = [];
    for (const end of ended) end();
  }

  return {
    writerFor({ stream, isOpen, queued, send, behind }) {
      let run: Run | undefined;
      let isListed = false;

      function flush(): void {
        if (run === undefined) return;
        const written = run;
        run = undefined;
        if (!isOpen()) return;
        if (queued() === 0) stream.write(written.joined());
        else for (const frame of written.frames()) send(frame);
      }

      function flushAndTell(): void {
        flush();
        if (isOpen() && queued() > 0) behind();
      }

      function end(): void {
        isListed = false;
        flushAndTell();
      }

      return {
        send(frame) {
          const isFull = run !== undefined && run.bytes + frame.wire.length > JOINED_BYTES;
          if (isFull) flush();
          run = (run ?? empty).with(frame);
          if (!isListed) {
            isListed = true;
            waiting.push(end);
            immediate ??= setImmediate(endTick);
          }
          // Told when the frame has its place: who ends the connection now ends it behind the frame.
          if (run.bytes >= JOINED_BYTES) flushAndTell();
          else if (isFull && queued() > 0) behind();
        },
        flush,
        drop() {
          run = undefined;
        },
      };
    },
    close() {
      if (immediate !== undefined) clearImmediate(immediate);
      immediate = undefined;
      waiting = [];
    },
  };
}
