/**
 * The subject as a process of ours: started in a group of its own, waited for until it listens, watched, and ended with
 * everything that it started - also when the kit itself is ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import type { SubjectProcess } from "../check.js";
import { monotonic, within } from "../time.js";
import { UsageError } from "./subject.js";

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

/** How a process ended. */
export type SubjectExit = NonNullable<SubjectProcess["exit"]>;

/** A subject that the kit started. Whoever starts it stops it. */
export interface StartedSubject extends SubjectProcess {
  /** What it wrote last on either stream, in the order of arrival: at most 50 lines. */
  output(): readonly string[];
  /** Tells of each end that nobody here asked for, also of one that has been; returns how to stop listening. */
  onDeath(listener: (exit: SubjectExit) => void): () => void;
  /** Ends the group: SIGTERM, and after a bound SIGKILL. Never rejects. */
  stop(): Promise<void>;
}

/** Default of {@link StartSubjectOptions.waitMs}. */
const WAIT_MS = 30_000;

/** How often readiness is asked for, and how long one attempt may take (milliseconds). */
const LOOK = { everyMs: 50, mostMs: 1000 } as const;

/** How long a group has between SIGTERM and SIGKILL, and after that (milliseconds). */
const STOP = { termMs: 3000, killMs: 2000 } as const;

/** What is kept of what it writes: lines, and characters of each. */
const KEPT = { lines: 50, characters: 2000 } as const;

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
  const lines = createRing();
  const errors = createRing();
  const listeners = new Set<(exit: SubjectExit) => void>();
  let child: ChildProcess | undefined;
  let exit: SubjectExit | undefined;
  let gone: Promise<void> = Promise.resolve();
  let wanted = false;

  function signal(name: "SIGTERM" | "SIGKILL"): void {
    if (child?.pid !== undefined) signalGroup(child, child.pid, name);
  }

  async function launch(): Promise<void> {
    if (await accepts(address)) {
      throw new UsageError(
        `Something listens at ${options.url} already. End it, or let the command listen elsewhere: else the wrong server would be judged.`,
      );
    }
    exit = undefined;
    wanted = false;
    const started = spawn(program ?? "", args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, WIREPROOF_TIME_SCALE: String(options.timeScale ?? 1), ...options.env },
    });
    child = started;
    let failure: Error | undefined;
    gone = new Promise((resolve) => {
      started.once("error", (error) => {
        failure = error;
        exit ??= { code: null, signal: null };
        resolve();
      });
      // Not `close`: a grandchild that keeps a pipe would hold that back for ever.
      started.once("exit", (code, name) => {
        exit = { code, signal: name };
        resolve();
        if (!wanted) for (const listener of [...listeners]) listener({ code, signal: name });
      });
    });
    collect(started.stdout, [lines]);
    collect(started.stderr, [lines, errors]);
    if (started.pid !== undefined) guard(started, started.pid);
    const deadline = monotonic() + (options.waitMs ?? WAIT_MS);
    for (;;) {
      if (exit === undefined && (await accepts(address))) return;
      if (failure !== undefined) {
        throw new UsageError(`"${program}" could not be started: ${failure.message}.`);
      }
      if (exit !== undefined) {
        const how = exitText(exit);
        await stop();
        throw new UsageError(
          `"${program}" ${how} before it listened at ${options.url}.${said(lines.read())}`,
        );
      }
      if (monotonic() >= deadline) {
        await stop();
        const waited = Math.round((options.waitMs ?? WAIT_MS) / 1000);
        throw new UsageError(
          `"${program}" did not listen at ${options.url} within ${waited} s. Correct the URL, or give it longer with --wait.${said(lines.read())}`,
        );
      }
      await within(gone, LOOK.everyMs);
    }
  }

  async function terminate(waitMs: number): Promise<boolean> {
    wanted = true;
    if (exit !== undefined) return true;
    signal("SIGTERM");
    await within(gone, waitMs);
    return exit !== undefined;
  }

  async function stop(): Promise<void> {
    await terminate(STOP.termMs);
    // Also when the leader is gone: what it started may not be.
    signal("SIGKILL");
    await within(gone, STOP.killMs);
    if (child !== undefined) {
      release(child);
      // Pipes that a stray grandchild keeps open must not keep the kit alive.
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    }
  }

  await launch();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    get exit() {
      return exit;
    },
    stderr: errors.read,
    output: lines.read,
    onDeath(listener) {
      listeners.add(listener);
      if (exit !== undefined && !wanted) listener(exit);
      return () => listeners.delete(listener);
    },
    terminate,
    async restart() {
      await stop();
      await launch();
    },
    stop,
  };
}

/** How a process ended, in words: `exited with 1`, `was killed by SIGSEGV`. */
export function exitText({ code, signal }: SubjectExit): string {
  return signal === null ? `exited with ${code ?? "no code"}` : `was killed by ${signal}`;
}

function said(lines: readonly string[]): string {
  return lines.length === 0
    ? " It wrote nothing."
    : ` It wrote last:\n${lines.map((line) => `  ${line}`).join("\n")}`;
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

interface Ring {
  write(line: string): void;
  read(): readonly string[];
}

function createRing(): Ring {
  const lines: string[] = [];
  return {
    write(line) {
      lines.push(line.slice(0, KEPT.characters));
      if (lines.length > KEPT.lines) lines.shift();
    },
    read: () => [...lines],
  };
}

/** Reads a stream line by line; it is always read, or its writer would come to a stop. */
function collect(stream: Readable | null, rings: readonly Ring[]): void {
  let rest = "";
  const write = (line: string): void => {
    for (const ring of rings) ring.write(line);
  };
  stream?.setEncoding("utf8");
  stream?.on("error", () => undefined);
  stream?.on("data", (text: string) => {
    const parts = (rest + text).split(/\r?\n/);
    // A line without an end is bounded as well.
    rest = (parts.pop() ?? "").slice(-KEPT.characters);
    for (const part of parts) write(part);
  });
  stream?.on("end", () => {
    if (rest !== "") write(rest);
    rest = "";
  });
}

/** Sends a signal to the group; where there are no groups, to the process. */
function signalGroup(child: ChildProcess, pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    if (process.platform === "win32") child.kill(name);
    else process.kill(-pid, name);
  } catch {
    // ESRCH: nobody of the group is left, which is what was wanted.
  }
}

const guarded = new Map<ChildProcess, number>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function guard(child: ChildProcess, pid: number): void {
  if (guarded.size === 0) {
    process.on("exit", killAll);
    for (const name of SIGNALS) process.on(name, dieOf);
  }
  guarded.set(child, pid);
}

function release(child: ChildProcess): void {
  if (!guarded.delete(child) || guarded.size > 0) return;
  process.off("exit", killAll);
  for (const name of SIGNALS) process.off(name, dieOf);
}

function killAll(): void {
  for (const [child, pid] of guarded) signalGroup(child, pid, "SIGKILL");
}

/** A listener keeps a signal from ending the process: where nobody else listens, it must still do so. */
function dieOf(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return;
  killAll();
  process.off(name, dieOf);
  process.kill(process.pid, name);
}
