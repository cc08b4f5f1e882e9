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
  /** Puts shared frames on a socket's stream that nobody else writes to before `flush` was called. */
  writerFor(stream: Duplex, isOpen: () => boolean, onBehind: () => void): JoinedWriter;
  /** Forgets what waits. */
  close(): void;
}

/** The shared frames of one socket. */
export interface JoinedWriter {
  /** True when frames wait; then nothing has been written since the first of them came. */
  readonly waits: boolean;
  /** Adds a frame to those that wait; false when none waits, or when there is no room behind them. */
  append(frame: SharedFrame): boolean;
  /** Begins to wait with a frame, for the end of the tick; what is as long as may wait is written at once. */
  begin(frame: SharedFrame): void;
  /** Writes what waits; to be called before anything else is written, and before anything that was received is read. */
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
  const waiting = new Set<JoinedWriter>();
  let empty = new Run();
  let immediate: NodeJS.Immediate | undefined;

  function endTick(): void {
    immediate = undefined;
    // What has been written is not to be kept alive by the runs that it began.
    empty = new Run();
    for (const writer of waiting) writer.flush();
  }

  return {
    writerFor(stream, isOpen, onBehind) {
      let run: Run | undefined;
      const writer: JoinedWriter = {
        get waits() {
          return run !== undefined;
        },
        append(frame) {
          if (run === undefined || run.bytes + frame.wire.length > JOINED_BYTES) return false;
          run = run.with(frame);
          return true;
        },
        begin(frame) {
          run = empty.with(frame);
          waiting.add(writer);
          immediate ??= setImmediate(endTick);
          if (run.bytes >= JOINED_BYTES) writer.flush();
        },
        flush() {
          if (run === undefined) return;
          const joined = run.joined();
          writer.drop();
          if (!isOpen()) return;
          stream.write(joined);
          if (stream.writableLength > 0) onBehind();
        },
        drop() {
          run = undefined;
          waiting.delete(writer);
        },
      };
      return writer;
    },
    close() {
      if (immediate !== undefined) clearImmediate(immediate);
      immediate = undefined;
      for (const writer of waiting) writer.drop();
    },
  };
}
