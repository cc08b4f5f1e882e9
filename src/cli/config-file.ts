/** The files that users write for a run, YAML or JSON: `--config` and `--baseline`. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Baseline } from "../../conformance/baseline.js";
import { type ConfigFile, type ConfigSettings, settingsOf } from "../../conformance/config.js";
import baselineSchema from "../../schemas/baseline.json" with { type: "json" };
import configSchema from "../../schemas/config.json" with { type: "json" };
import { isObject, parsePointer } from "../contract/pointer.js";
import { compileSchema } from "../contract/validate.js";
import { parseSource } from "../document/source.js";
import { UsageError } from "./failure.js";

/** People write these files: what is larger is another file. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Reads `--config`; `${NAME}` in its texts is replaced, and what it is replaced by is a secret. Throws {@link UsageError}. */
export function readConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): ConfigSettings {
  const { value, fail } = readChecked(path, configSchema, "config");
  const secrets: Record<string, string> = {};
  const filled = substitute(value, environment, (name, pointer, found) => {
    if (found === undefined) {
      throw fail(
        pointer,
        `the environment has no variable ${name}`,
        `Set it, or write the value without \${…}.`,
      );
    }
    secrets[name] = found;
  });
  // The schema has accepted it, and texts stay texts.
  const settings = settingsOf(filled as ConfigFile);
  return { ...settings, secrets: { ...secrets, ...settings.secrets } };
}

/** Reads `--baseline`. Throws {@link UsageError}. */
export function readBaseline(path: string): Baseline {
  const { value } = readChecked(path, baselineSchema, "baseline");
  // The schema has accepted it: a list, or an object that holds the list.
  const file = value as Baseline | { readonly known: Baseline };
  return "known" in file ? file.known : file;
}

type Fail = (pointer: string, what: string, mend: string) => UsageError;

function readChecked(
  path: string,
  schema: { readonly definitions: object },
  kind: string,
): { readonly value: unknown; readonly fail: Fail } {
  const { file, findings } = parseSource(resolve(path), path, readText(path, kind), new Map());
  const [problem] = findings;
  if (file === undefined) {
    const where = problem === undefined ? path : `${path}:${problem.line}:${problem.column}`;
    throw new UsageError(`${where}: ${problem?.message ?? "it cannot be read"}`);
  }
  const fail: Fail = (pointer, what, mend) => {
    const { line, column } = file.position(parsePointer(pointer));
    const at = pointer === "" ? "" : ` ${pointer}`;
    return new UsageError(`${path}:${line}:${column}${at}: ${what}. ${mend}`);
  };
  // A file without anything in it says nothing, which is allowed.
  const value = file.root ?? (kind === "config" ? {} : []);
  const { definitions, ...top } = schema;
  // Schemas are plain JSON: so are their definitions.
  const issue = compileSchema(
    top,
    definitions as Record<string, object & boolean>,
    `the ${kind} schema`,
  )(value);
  if (issue === undefined) return { value, fail };
  throw fail(
    issue.path,
    `${issue.expected} was expected, not ${issue.received}`,
    `${issue.hint} schemas/${kind}.json says what may stand there.`,
  );
}

function readText(path: string, kind: string): string {
  let size: number;
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new UsageError(`${path} is a folder; name the ${kind} file`);
    size = found.size;
    if (size <= MAX_BYTES) return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new UsageError(
      missing
        ? `there is no file ${path}; name the ${kind} file`
        : `${path} cannot be read: ${String(error)}`,
    );
  }
  throw new UsageError(`${path} has ${size} bytes; a ${kind} file has at most ${MAX_BYTES}`);
}

/** The value with every `${NAME}` of its texts replaced; `$${` stands for a plain `${`. */
function substitute(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  onName: (name: string, pointer: string, found: string | undefined) => void,
  pointer = "",
): unknown {
  if (typeof value === "string") {
    return value.replace(/\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (text, name: string) => {
      if (text.startsWith("$$")) return text.slice(1);
      onName(name, pointer, environment[name]);
      return environment[name] ?? "";
    });
  }
  const below = (member: unknown, key: string | number): unknown =>
    substitute(
      member,
      environment,
      onName,
      `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`,
    );
  if (Array.isArray(value)) return value.map(below);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, below(member, key)]));
}
