/** How a run goes on: one live line on a terminal, plain lines elsewhere. */
import type { Progress } from "../../conformance/execution.js";
import type { Terminal } from "./terminal.js";

/** Shows progress until it is ended. */
export interface ProgressLine {
  show(progress: Progress): void;
  /** Takes the live line away. */
  end(): void;
}

/** How often the live line is drawn anew, and how often a log hears that a silent run goes on (milliseconds). */
const EVERY = { liveMs: 500, plainMs: 30_000 } as const;

/** Running checks that are named; the others are counted. */
const NAMED = 4;

/** Starts to show a run. `clock` gives milliseconds. */
export function showProgress(terminal: Terminal, clock: () => number): ProgressLine {
  const started = clock();
  const running = new Set<string>();
  let estimateMs = 0;
  let done = 0;
  let total = 0;

  const draw = (): void => {
    if (total > 0)
      terminal.status(lineOf({ done, total, running: [...running], ms: clock() - started, estimateMs }));
  };
  const timer = setInterval(draw, terminal.live ? EVERY.liveMs : EVERY.plainMs);
  // A line that is drawn is no reason for the process to stay.
  timer.unref();

  return {
    show(progress) {
      total = progress.total;
      if (progress.kind === "planned") {
        estimateMs = progress.estimateMs;
        terminal.progress(`${total} checks, about ${seconds(estimateMs)}`);
        return;
      }
      done = progress.done;
      if (progress.kind === "started") {
        running.add(progress.id);
        if (terminal.live) draw();
        return;
      }
      const { id, verdict, durationMs, reason } = progress.outcome;
      running.delete(id);
      const failed = verdict === "fail" || verdict === "warn";
      if (failed) terminal.progress(`[${done}/${total}] ${id} ${verdict}: ${reason}`);
      else if (!terminal.live)
        terminal.progress(`[${done}/${total}] ${id} ${verdict} (${(durationMs / 1000).toFixed(1)} s)`);
      if (terminal.live) draw();
    },
    end() {
      clearInterval(timer);
      if (terminal.live) terminal.status("");
    },
  };
}

/** How far a run is. */
export interface Standing {
  readonly done: number;
  readonly total: number;
  readonly running: readonly string[];
  readonly ms: number;
  readonly estimateMs: number;
}

/** One line about it. */
export function lineOf({ done, total, running, ms, estimateMs }: Standing): string {
  const more = running.length - NAMED;
  const names = running.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  // An estimate that has turned out too short says nothing any more.
  const of = estimateMs > ms ? ` of about ${seconds(estimateMs)}` : "";
  return `[${done}/${total}] ${seconds(ms)}${of}${names === "" ? "" : ` · ${names}`}`;
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))} s`;
}
