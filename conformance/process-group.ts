/**
 * A process of somebody else's, in a group of its own: what it writes is always read and its last lines are kept, its end
 * is noticed, and it ends with everything that it started - also when the kit itself is ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { within } from "./time.js";

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The last lines that something wrote: at most 50, each of at most 2000 characters. */
export interface LastLines {
  write(line: string): void;
  /** Oldest first. */
  read(): readonly string[];
}

/** What {@link startGroup} needs. */
export interface GroupOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** Added to the kit's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reads its standard output, in pieces of text; default: it is kept as lines are. */
  readonly read?: (text: string) => void;
  /** True where the kit writes to its standard input; default: it has none. */
  readonly writes?: boolean;
  /** Where its last lines are kept, of both streams and of standard error alone; default: rings of its own. */
  readonly output?: LastLines;
  readonly errors?: LastLines;
  /** How long the group has between SIGTERM and SIGKILL when it is stopped (milliseconds); default 3000. */
  readonly termMs?: number;
}

/** A process and all that it starts. Whoever starts it stops it. */
export interface ProcessGroup {
  /** 0 when it could not be started. */
  readonly pid: number;
  /** Set once it is gone. */
  readonly exit: ProcessExit | undefined;
  /** Why it could not be started. */
  readonly failure: Error | undefined;
  /** Resolves once it is gone, or could not be started. */
  readonly gone: Promise<void>;
  /** Resolves once all that it wrote has been read; never, where something that it started keeps its output open. */
  readonly drained: Promise<void>;
  /** Its standard input, where the kit writes. */
  readonly stdin: Writable | null;
  output(): readonly string[];
  stderr(): readonly string[];
  /** Tells of an end that nobody here asked for, also of one that has been; returns how to stop listening. */
  onDeath(listener: (exit: ProcessExit) => void): () => void;
  /** Sends SIGTERM to the group and waits for the end of its leader, at most so long (milliseconds); true when it is gone. */
  terminate(waitMs: number): Promise<boolean>;
  /** Ends the group: SIGTERM, and after a bound SIGKILL. Never rejects. */
  stop(): Promise<void>;
}

/** How long a group has between SIGTERM and SIGKILL, and after that (milliseconds). */
const STOP = { termMs: 3000, killMs: 2000 } as const;

/** What is kept of what it writes: lines, and characters of each. */
const KEPT = { lines: 50, characters: 2000 } as const;

/** Starts a program. Never throws: one that could not be started has `failure` and is gone. */
export function startGroup(options: GroupOptions): ProcessGroup {
  const { output = createLastLines(), errors = createLastLines() } = options;
  const listeners = new Set<(exit: ProcessExit) => void>();
  let exit: ProcessExit | undefined;
  let failure: Error | undefined;
  let wanted = false;
  const child = spawn(options.program, options.args, {
    detached: true,
    stdio: [options.writes === true ? "pipe" : "ignore", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  const gone = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      failure = error;
      exit ??= { code: null, signal: null };
      resolve();
    });
    // Not `close`: a grandchild that keeps a pipe would hold that back for ever.
    child.once("exit", (code, signal) => {
      exit = { code, signal };
      resolve();
      if (!wanted) for (const listener of [...listeners]) listener({ code, signal });
    });
  });
  const drained = new Promise<void>((resolve) => child.once("close", () => resolve()));
  if (options.read === undefined) collect(child.stdout, [output]);
  else readText(child.stdout, options.read);
  collect(child.stderr, [output, errors]);
  // A program that ends while it is written to is told by its end.
  child.stdin?.on("error", () => undefined);
  if (child.pid !== undefined) guard(child, child.pid);

  function signal(name: "SIGTERM" | "SIGKILL"): void {
    if (child.pid !== undefined) signalGroup(child, child.pid, name);
  }

  async function terminate(waitMs: number): Promise<boolean> {
    wanted = true;
    if (exit !== undefined) return true;
    signal("SIGTERM");
    await within(gone, waitMs);
    return exit !== undefined;
  }

  return {
    pid: child.pid ?? 0,
    get exit() {
      return exit;
    },
    get failure() {
      return failure;
    },
    gone,
    drained,
    stdin: child.stdin,
    output: output.read,
    stderr: errors.read,
    onDeath(listener) {
      listeners.add(listener);
      if (exit !== undefined && !wanted) listener(exit);
      return () => listeners.delete(listener);
    },
    terminate,
    async stop() {
      await terminate(options.termMs ?? STOP.termMs);
      // Also when the leader is gone: what it started may not be.
      signal("SIGKILL");
      await within(gone, STOP.killMs);
      release(child);
      // Pipes that a stray grandchild keeps open must not keep the kit alive.
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    },
  };
}

/** How a process ended, in words: `exited with 1`, `was killed by SIGSEGV`. */
export function exitText({ code, signal }: ProcessExit): string {
  return signal === null ? `exited with ${code ?? "no code"}` : `was killed by ${signal}`;
}

/** How long the last words of a process may take to come after its end (milliseconds). */
export const LAST_WORDS_MS = 200;

/** What a process wrote last, as the end of a message about it. */
export function lastWords(lines: readonly string[]): string {
  return lines.length === 0
    ? " It wrote nothing."
    : ` It wrote last:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

export function createLastLines(): LastLines {
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
function collect(stream: Readable | null, rings: readonly LastLines[]): void {
  let rest = "";
  const write = (line: string): void => {
    for (const ring of rings) ring.write(line);
  };
  readText(stream, (text) => {
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

function readText(stream: Readable | null, read: (text: string) => void): void {
  stream?.setEncoding("utf8");
  stream?.on("error", () => undefined);
  stream?.on("data", read);
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
