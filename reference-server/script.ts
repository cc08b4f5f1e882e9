import type { Cancel } from "../src/wire/clock.js";
import type { World } from "./world.js";

/** One step of a script: say something, let time pass (ms, scaled), or wait until somebody gives a text. */
export type Step<Said> = { readonly say: Said } | { readonly wait: number } | { readonly ask: string };

/** A scripted engine: a generator that has no clock, no chance and no socket of its own. */
export type Script<Said, Result> = Generator<Step<Said>, Result, string | undefined>;

/** A script fails on purpose: what it plays went wrong, not the server. */
export class ScriptFailure extends Error {
  override readonly name = "ScriptFailure";
}

/** A script under way. */
export interface Run {
  /** Says nothing more until it is resumed. */
  pause(): void;
  resume(): void;
  /** Ends it without a word. */
  stop(): void;
  /** Gives a text to whoever asked (under that name, where one is given); false when nobody waits for it. */
  give(text: string, name?: string): boolean;
}

export interface RunListener<Said, Result> {
  said(said: Said): void;
  ended(result: Result): void;
  /** The script, or `said`, threw. */
  failed(fault: unknown): void;
  /** True while every listener has more queued than it should. */
  congested(): boolean;
}

/** How often a congested run looks again, and for how long at most: then it goes on and the queue's bound decides. */
const LOOK_MS = 5;
const PATIENCE_MS = 1_000;

/** Starts a script in the next turn of the event loop; nothing is said before this function has returned. */
export function runScript<Said, Result>(
  world: World,
  script: Script<Said, Result>,
  listener: RunListener<Said, Result>,
): Run {
  let over = false;
  let paused = false;
  let asked: string | undefined;
  let congestedSince: number | undefined;
  let cancel: Cancel = () => {};
  /** What is done when the run is resumed. */
  let next: (() => void) | undefined;

  function later(ms: number, scaled: boolean, action: () => void): void {
    next = action;
    if (paused) return;
    const act = (): void => {
      next = undefined;
      action();
    };
    cancel = scaled ? world.after(ms, act) : world.clock.after(ms, act);
  }

  function advance(given?: string): void {
    let value = given;
    try {
      while (!over) {
        if (paused) {
          next = () => advance(value);
          return;
        }
        if (congested()) {
          // Real time: a consumer does not read faster because the contract's clock is scaled.
          later(LOOK_MS, false, () => advance(value));
          return;
        }
        const step = script.next(value);
        value = undefined;
        if (over) return;
        if (step.done === true) {
          over = true;
          listener.ended(step.value);
        } else if ("say" in step.value) {
          listener.said(step.value.say);
        } else if ("wait" in step.value) {
          later(step.value.wait, true, advance);
          return;
        } else {
          asked = step.value.ask;
          return;
        }
      }
    } catch (fault) {
      over = true;
      listener.failed(fault);
    }
  }

  function congested(): boolean {
    if (!listener.congested()) {
      congestedSince = undefined;
      return false;
    }
    const now = world.clock.now();
    congestedSince ??= now;
    return now - congestedSince < PATIENCE_MS;
  }

  later(0, true, advance);
  return {
    pause() {
      paused = true;
      cancel();
    },
    resume() {
      if (!paused) return;
      paused = false;
      const action = next;
      if (action !== undefined) later(0, true, action);
    },
    stop() {
      over = true;
      cancel();
    },
    give(text, name) {
      if (asked === undefined || paused || over || (name !== undefined && name !== asked)) return false;
      asked = undefined;
      later(0, true, () => advance(text));
      return true;
    },
  };
}

/**
 * Cuts a text into at most `pieces` parts of at least `smallest` characters that give it back when joined; never
 * inside a surrogate pair, so that each part is as well-formed as the whole.
 */
export function cut(text: string, pieces: number, smallest: number): string[] {
  const size = Math.max(smallest, Math.ceil(text.length / pieces));
  const parts: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + size);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end++;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}
