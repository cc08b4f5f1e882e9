/** Knows where the kit stands among its own frames: what it owes by itself must not be written into one, or between two. */
import { createFrameReader } from "./frames/decode.js";
import { type FrameSpec, isControl, OPCODE } from "./frames/frame.js";
import { type Clock, monotonic } from "./time.js";

/** What of the kit's own stands unfinished on a connection, as checks have begun it. */
export interface OwnFrames {
  /** Bytes that a check wrote as they are: they may end inside a frame, or finish one. */
  wrote(bytes: Uint8Array): void;
  /** A whole frame was sent: it may be a fragment. */
  sent(spec: FrameSpec): void;
  /** False in the middle of a frame. */
  isWhole(): boolean;
  /** False in the middle of a frame, and after a Close frame: not even a control frame may be sent. */
  takesControl(): boolean;
  /** False also between the fragments of a message: no text may be sent (RFC 6455 section 5.4). */
  takesText(): boolean;
  /** Sends a control frame now, or once the frame that a check has begun is whole; never where it is not finished. */
  whenControl(act: () => void): void;
  /** Sends a text now, or once the message that a check has begun is whole; never where it is not finished. */
  whenText(act: () => void): void;
  /** Since when something waits, on the clock: what the subject is owed, it does not get. */
  readonly heldSince: number | undefined;
}

/** More than this is waited for no longer: a header that lies never becomes whole. */
const MAX_WAITING = 100;

/** Opens the watch on one connection. */
export function watchOwnFrames(clock: Clock = monotonic): OwnFrames {
  let reader = createFrameReader("client");
  let inMessage = false;
  let closed = false;
  let waiting: { readonly fits: () => boolean; readonly act: () => void; readonly since: number }[] = [];
  const isWhole = (): boolean => reader.pendingBytes === 0 || reader.broken !== undefined;
  const betweenMessages = (): boolean => isWhole() && !inMessage;

  function saw(opcode: number, fin: boolean): void {
    if (opcode === OPCODE.close) closed = true;
    // Whatever the opcode of a data frame is: the last of them decides whether a message is under way.
    else if (!isControl(opcode)) inMessage = !fin;
  }

  function release(): void {
    const [ready, others] = [waiting.filter(({ fits }) => fits()), waiting.filter(({ fits }) => !fits())];
    waiting = others;
    for (const { act } of ready) act();
  }

  function when(fits: () => boolean, act: () => void): void {
    if (fits()) act();
    else if (waiting.length < MAX_WAITING) waiting.push({ fits, act, since: clock() });
  }

  return {
    isWhole,
    wrote(bytes) {
      for (const { opcode, fin } of reader.push(bytes, 0)) saw(opcode, fin);
      if (!isWhole()) return;
      // What was read is of no more use.
      reader = createFrameReader("client");
      release();
    },
    sent({ opcode, fin = true }) {
      saw(opcode, fin);
      release();
    },
    takesControl: () => isWhole() && !closed,
    takesText: () => betweenMessages() && !closed,
    whenControl: (act) => when(isWhole, act),
    whenText: (act) => when(betweenMessages, act),
    get heldSince() {
      return waiting[0]?.since;
    },
  };
}
