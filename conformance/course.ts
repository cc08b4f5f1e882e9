/**
 * What a script chose to send in a case. A script that chooses by what the subject does would choose otherwise the next
 * time, and never meet again a fault that hangs on the history of a connection: a repetition does the same moves instead.
 */
import type { Json } from "../src/contract/contract.js";
import type { Legality } from "../src/contract/lifecycle.js";

/** One command of a walk, and when it was sent. */
export interface Move {
  readonly name: string;
  /** With placeholders where the identifiers of the case stood. */
  readonly payload: Json;
  /** What the Monitor thought of it; `illegal`: sent for its refusal. */
  readonly legality: Legality;
  /** How many messages had come on the connection before it. */
  readonly seen: number;
  /** Silence before it: since the last message or move (milliseconds). */
  readonly pauseMs: number;
  /** Time since the move before it, or since the walk began (milliseconds). */
  readonly gapMs: number;
}

/** The moves of one case: written down as they are made and, in a repetition, given out again. */
export class Course {
  readonly #taken: Move[] = [];
  readonly #recorded: readonly Move[] | undefined;
  #next = 0;

  /** With the moves of another case: a repetition of it. */
  constructor(recorded?: readonly Move[]) {
    this.#recorded = recorded;
  }

  /** Whether moves are given: then nothing is chosen. */
  get isRepetition(): boolean {
    return this.#recorded !== undefined;
  }

  /** The moves made so far. */
  get taken(): readonly Move[] {
    return this.#taken;
  }

  /** Writes a move down. */
  take(move: Move): void {
    this.#taken.push(move);
  }

  /** The next move to be made again; undefined after the last one. */
  next(): Move | undefined {
    const move = this.#recorded?.[this.#next];
    this.#next += 1;
    return move;
  }
}
