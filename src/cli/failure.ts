/** How the command line fails: one line that says what to do, never a stack trace, and a code that scripts can trust. */

/** Exit codes of every verb. */
export const EXIT = {
  /** Done, or: conforms. */
  ok: 0,
  /** The subject, document or generated code does not conform. */
  findings: 1,
  /** Wrong usage, or the harness itself failed. */
  usage: 2,
  /** Too little was tested to say anything. */
  undecided: 3,
} as const;

/** The user asked for something that cannot be done; the message says what was meant or what to do instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Errors whose message already is for the user; by name, so that none of their modules is loaded for it. */
const TOLD: ReadonlySet<string> = new Set(["UsageError", "DocumentError", "CodegenError"]);

/** The one or more lines that a user sees for anything that was thrown. */
export function describeFailure(thrown: unknown, debug: boolean): string {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (TOLD.has(error.name)) return `error: ${error.message}`;
  const stack = debug && error.stack !== undefined ? `\n${error.stack}` : "";
  const system = systemFailure(error);
  if (system !== undefined) return `error: ${system}${stack}`;
  const how = debug
    ? ""
    : "\nRun it again with WIREPROOF_DEBUG=1 for the stack, and report both with the command that you ran.";
  return `internal error: ${firstLine(error.message)}\nThis is a fault of wireproof, not of yours.${how}${stack}`;
}

const SYSTEM: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; choose another with --port, or --port 0 for any free one",
  EADDRNOTAVAIL: "this machine has no such address; look at --host",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder, not a file",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  ECONNREFUSED: "nothing listens there; is the server running?",
  ENOTFOUND: "no such host",
};

/** What a failed system call means to a user; undefined for anything else. */
function systemFailure(error: Error): string | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const meaning = Object.hasOwn(SYSTEM, code) ? SYSTEM[code] : undefined;
  if (meaning === undefined) return undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  const port = "port" in error && typeof error.port === "number" ? `port ${error.port}` : undefined;
  const where = path ?? port;
  return where === undefined ? `${meaning} (${firstLine(error.message)})` : `${where}: ${meaning} (${code})`;
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
