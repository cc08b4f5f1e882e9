/** What one client that can be steered has told, and the waits for what it tells next. */
import { createWaiting } from "../../waiting.js";
import type { ClientReport, LaunchedClient } from "../check.js";

/** Omit that keeps the members of a union apart. */
type Unstamped<T> = T extends ClientReport ? Omit<T, "atMs"> : never;

/** A report without its moment. */
export type Telling = Unstamped<ClientReport>;

/** What the log must know of its client. */
export interface LogOptions {
  /** Ends all waits, but for the client's own end. */
  readonly signal: AbortSignal;
  /** Set once whoever tells is at fault: every wait rejects with it. */
  readonly fault: () => Error | undefined;
  /** True once nothing more can come. */
  readonly isOver: () => boolean;
  readonly clock: () => number;
}

/** The log of one client. */
export interface ReportLog {
  readonly told: readonly ClientReport[];
  readonly next: LaunchedClient["next"];
  tell(report: Telling): void;
  /** A fault or an end: those who wait look again. */
  changed(): void;
  /** Waits until the client says that it is closed, at most so long; not for one that has never told a state. */
  closed(timeoutMs: number): Promise<void>;
}

/** An empty log. */
export function createReportLog({ signal, fault, isOver, clock }: LogOptions): ReportLog {
  const told: ClientReport[] = [];
  const waiting = createWaiting(signal, () => 0);
  // The run may be over before its clients are: their end is waited for all the same.
  const closing = createWaiting(new AbortController().signal, () => 0);
  const changed = (): void => {
    waiting.changed();
    closing.changed();
  };
  return {
    told,
    changed,
    tell(report) {
      // A report is what was told with its moment beside it.
      told.push({ ...report, atMs: clock() } as ClientReport);
      changed();
    },
    async next(fits, timeoutMs, from = 0) {
      let index = from;
      const found = await waiting.until<ClientReport | Error>(
        () => {
          const at = fault();
          if (at !== undefined) return at;
          for (; index < told.length; index += 1) {
            const report = told[index];
            if (report !== undefined && fits(report)) return report;
          }
          return undefined;
        },
        timeoutMs,
        isOver,
      );
      if (found instanceof Error) throw found;
      return found;
    },
    async closed(timeoutMs) {
      const look = (): true | undefined => {
        const last = told.findLast(({ kind }) => kind === "state");
        return last === undefined || isEnd(last) ? true : undefined;
      };
      await closing.until(look, timeoutMs, () => isOver() || fault() !== undefined);
    },
  };
}

function isEnd(report: ClientReport): boolean {
  return report.kind === "state" && (report.state === "disconnected" || report.state === "failed");
}
