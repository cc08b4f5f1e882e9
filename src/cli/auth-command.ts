/** `--auth-command`: a program of the user that prints fresh credentials as JSON, asked before each connection. */
import { execFile } from "node:child_process";
import type { Credentials } from "../../conformance/check.js";
import { textsOf } from "../../conformance/config.js";
import type { Authorize } from "../../conformance/credentials.js";
import type { Json } from "../contract/contract.js";
import { isObject } from "../contract/pointer.js";
import { UsageError } from "./failure.js";

/** How long the command may take (milliseconds), and how much it may print (bytes). */
const LIMITS = { ms: 10_000, bytes: 1024 * 1024 } as const;

/**
 * Asks the command once, so that a mistake is known before the run, and gives what asks it again for each connection.
 * Throws {@link UsageError}. Its argv is never given to a shell.
 */
export async function authorizeBy(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  limitMs: number = LIMITS.ms,
): Promise<Authorize> {
  const ask = (): Promise<Credentials> => askOnce(argv, environment, limitMs);
  await ask();
  return ask;
}

function askOnce(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  limitMs: number,
): Promise<Credentials> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new UsageError(`--auth-command ${argv.join(" ")}: ${what}`));
    const settings = {
      env: environment,
      timeout: limitMs,
      killSignal: "SIGKILL",
      maxBuffer: LIMITS.bytes,
      encoding: "utf8",
    } as const;
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      if (error !== null) {
        const said = stderr.trim().split("\n").slice(-5).join("\n");
        const how =
          error.killed === true
            ? `it took longer than ${limitMs / 1000} s`
            : typeof error.code === "number"
              ? `it exited with ${error.code}`
              : error.message;
        return fail(said === "" ? how : `${how}; it said:\n${said}`);
      }
      try {
        resolve(credentialsIn(stdout));
      } catch (problem) {
        fail(problem instanceof Error ? problem.message : String(problem));
      }
    });
    // It is asked nothing on its standard input: one that reads must not wait for ever.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end();
  });
}

const FORM = `it prints one JSON object: {"headers": {"Authorization": "…"}, "query": {}, "first": []}`;

/** Reads what the command printed. Throws an Error that says what is wrong, without what was printed: it is secret. */
export function credentialsIn(text: string): Credentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`its output is not JSON; ${FORM}`);
  }
  if (!isObject(value)) throw new Error(`its output is no JSON object; ${FORM}`);
  const unknown = Object.keys(value).find((key) => !["headers", "query", "first"].includes(key));
  if (unknown !== undefined) throw new Error(`its output has the field "${unknown}"; ${FORM}`);
  const { headers, query, first } = value;
  if (!(headers === undefined || isPairs(headers))) throw new Error(`its headers are no texts; ${FORM}`);
  if (!(query === undefined || isPairs(query))) throw new Error(`its query is no object of texts; ${FORM}`);
  if (!(first === undefined || Array.isArray(first))) throw new Error(`its first is no list; ${FORM}`);
  return {
    ...(headers === undefined ? {} : { headers }),
    ...(query === undefined ? {} : { query }),
    // JSON.parse made it: its items are Json.
    ...(first === undefined ? {} : { first: textsOf(first as Json[]) }),
  };
}

function isPairs(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((one) => typeof one === "string");
}
