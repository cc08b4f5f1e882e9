/**
 * The subject as a process of ours: started in a group of its own, waited for until it listens, watched, and ended with
 * everything that it started - also when the kit itself is ended.
 */
import { connect } from "node:net";
import type { SubjectProcess } from "../check.js";
import {
  createLastLines,
  exitText,
  LAST_WORDS_MS,
  lastWords,
  type ProcessExit,
  type ProcessGroup,
  startGroup,
} from "../process-group.js";
import { monotonic, within } from "../time.js";
import { UsageError } from "../usage-error.js";

/** What {@link startSubject} needs. */
export interface StartSubjectOptions {
  /** Program and arguments; never one string that somebody splits. */
  readonly argv: readonly string[];
  /** Where it will listen. */
  readonly url: string;
  /** How long it may take until it listens (milliseconds); default 30 000. */
  readonly waitMs?: number;
  /** Given to it as WIREPROOF_TIME_SCALE; default 1. */
  readonly timeScale?: number;
  /** Added to the kit's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A subject that the kit started. Whoever starts it stops it. */
export interface StartedSubject extends SubjectProcess {
  /** What it wrote last on either stream, in the order of arrival: at most 50 lines. */
  output(): readonly string[];
  /** Tells of each end that nobody here asked for, also of one that has been; returns how to stop listening. */
  onDeath(listener: (exit: ProcessExit) => void): () => void;
  /** Ends the group: SIGTERM, and after a bound SIGKILL. Never rejects. */
  stop(): Promise<void>;
}

/** Default of {@link StartSubjectOptions.waitMs}. */
const WAIT_MS = 30_000;

/** How often readiness is asked for, and how long one attempt may take (milliseconds). */
const LOOK = { everyMs: 50, mostMs: 1000 } as const;

/**
 * Starts the subject and waits until it accepts TCP connections. Throws UsageError for what the user must mend: a program
 * that does not start or ends at once, a port that is taken or stays closed; the message holds what the program said.
 */
export async function startSubject(options: StartSubjectOptions): Promise<StartedSubject> {
  const [program, ...args] = options.argv;
  if (program === undefined || program === "") {
    throw new UsageError("There is no command to start. Write it after `--`: -- node server.js");
  }
  const address = addressOf(options.url);
  const output = createLastLines();
  const errors = createLastLines();
  const listeners = new Set<(exit: ProcessExit) => void>();
  let group: ProcessGroup | undefined;

  async function launch(): Promise<void> {
    if (await accepts(address)) {
      throw new UsageError(
        `Something listens at ${options.url} already. End it, or let the command listen elsewhere: else the wrong server would be judged.`,
      );
    }
    const started = startGroup({
      program: program ?? "",
      args,
      cwd: options.cwd,
      env: { WIREPROOF_TIME_SCALE: String(options.timeScale ?? 1), ...options.env },
      output,
      errors,
    });
    group = started;
    started.onDeath((exit) => {
      for (const listener of [...listeners]) listener(exit);
    });
    const deadline = monotonic() + (options.waitMs ?? WAIT_MS);
    for (;;) {
      if (started.exit === undefined && (await accepts(address))) return;
      if (started.failure !== undefined) {
        throw new UsageError(`"${program}" could not be started: ${started.failure.message}.`);
      }
      if (started.exit !== undefined) {
        const how = exitText(started.exit);
        await within(started.drained, LAST_WORDS_MS);
        await started.stop();
        throw new UsageError(
          `"${program}" ${how} before it listened at ${options.url}.${lastWords(output.read())}`,
        );
      }
      if (monotonic() >= deadline) {
        await started.stop();
        const waited = Math.round((options.waitMs ?? WAIT_MS) / 1000);
        throw new UsageError(
          `"${program}" did not listen at ${options.url} within ${waited} s. Correct the URL, or give it longer with --wait.${lastWords(output.read())}`,
        );
      }
      await within(started.gone, LOOK.everyMs);
    }
  }

  const stop = async (): Promise<void> => group?.stop();
  await launch();
  return {
    get pid() {
      return group?.pid ?? 0;
    },
    get exit() {
      return group?.exit;
    },
    stderr: errors.read,
    output: output.read,
    onDeath(listener) {
      listeners.add(listener);
      // One that has been is told as well, and only to who asks now.
      group?.onDeath(listener)();
      return () => listeners.delete(listener);
    },
    terminate: async (waitMs) => (await group?.terminate(waitMs)) ?? true,
    async restart() {
      await stop();
      await launch();
    },
    stop,
  };
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`);
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
  };
}

/** True when somebody takes a TCP connection there. */
function accepts(address: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const done = (open: boolean) => () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(open);
    };
    const timer = setTimeout(done(false), LOOK.mostMs);
    socket.once("connect", done(true));
    socket.once("error", done(false));
  });
}
