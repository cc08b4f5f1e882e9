/** Reads a document and every file that it refers to, and proves that each `$ref` leads somewhere. */

import { readFile, stat } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { isObject } from "../contract/pointer.js";
import type { Finding } from "./finding.js";
import { findingAt, type Place, parseRef, refOf, resolveRef, rootOf } from "./place.js";
import { parseSource, type SourceFile } from "./source.js";

/** A document and all that it refers to, read; or why not. */
export interface OpenedDocument {
  readonly main?: SourceFile;
  /** In the order of reading, the document first. */
  readonly files: readonly SourceFile[];
  readonly findings: readonly Finding[];
}

// A description of messages, not a data set: what is larger is a mistake, and is refused before it is parsed.
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 2000;

/** Opens a document. Nothing is fetched from the network; a `$ref` to it is refused. */
export async function openDocument(path: string): Promise<OpenedDocument> {
  const main = resolve(path);
  const files = new Map<string, SourceFile>();
  const findings: Finding[] = [];
  const waiting: { path: string; from?: Place }[] = [{ path: main }];
  const asked = new Set([main]);
  while (waiting.length > 0) {
    const next = waiting.shift();
    if (next === undefined) break;
    if (files.size >= MAX_FILES) {
      findings.push(unreadable(main, main, undefined, `it refers to more than ${MAX_FILES} files`));
      break;
    }
    const text = await readText(next.path);
    if (typeof text !== "string") {
      findings.push(unreadable(main, next.path, next.from, text.why));
      continue;
    }
    const parsed = parseSource(next.path, nameFrom(main, next.path), text, files);
    findings.push(...parsed.findings);
    if (parsed.file === undefined) continue;
    files.set(next.path, parsed.file);
    for (const reference of referencesIn(rootOf(parsed.file))) {
      const target = parseRef(next.path, refOf(reference.value) ?? "");
      if (target.kind !== "place" || asked.has(target.file)) continue;
      asked.add(target.file);
      waiting.push({ path: target.file, from: reference });
    }
  }
  for (const file of files.values()) findings.push(...checkReferences(file, asked));
  const opened = files.get(main);
  if (opened !== undefined && findings.length === 0) findings.push(...checkVersion(opened));
  return { ...(opened === undefined ? {} : { main: opened }), files: [...files.values()], findings };
}

async function readText(path: string): Promise<string | { why: string }> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) return { why: "it is a directory" };
    if (!info.isFile()) return { why: "it is not a regular file" };
    if (info.size > MAX_FILE_BYTES) return { why: `it is larger than ${MAX_FILE_BYTES} bytes` };
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) return { why: "it is not UTF-8 text" };
    const code = isObject(error) || error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return { why: "there is no such file" };
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function unreadable(main: string, path: string, from: Place | undefined, why: string): Finding {
  const name = nameFrom(main, path);
  if (from !== undefined) {
    const mend = "Correct the path; it is relative to the file that the `$ref` stands in.";
    return findingAt(from, "reference", "error", `\`$ref\` to ${name}, which cannot be read: ${why}.`, mend);
  }
  return {
    rule: "document",
    severity: "error",
    message: `The document ${name} cannot be read: ${why}.`,
    mend: "Give the path of an AsyncAPI document (YAML or JSON).",
    file: name,
    line: 1,
    column: 1,
  };
}

/** Paths are told relative to the folder of the document, so that nothing compiled depends on where it lies. */
function nameFrom(main: string, path: string): string {
  return relative(dirname(main), path).split(sep).join("/");
}

/** Places of all reference objects of a file. What stands under `const`, `enum` and `default` is data. */
function referencesIn(root: Place): Place[] {
  const found: Place[] = [];
  const seen = new Set<unknown>();
  const visit = (place: Place, named: boolean): void => {
    const { file, path, value } = place;
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (refOf(value) !== undefined) {
      found.push(place);
      return;
    }
    for (const [key, member] of Object.entries(value)) {
      if (!named && DATA.has(key)) continue;
      visit({ file, path: [...path, key], value: member }, !named && NAMES.has(key));
    }
  };
  visit(root, false);
  return found;
}

const DATA: ReadonlySet<string> = new Set(["const", "enum", "default"]);
/** Maps whose keys are names that somebody chose: there `default` is no keyword. */
const NAMES: ReadonlySet<string> = new Set(
  `properties patternProperties definitions $defs dependencies schemas messages channels operations servers
  parameters variables securitySchemes messageTraits operationTraits correlationIds replies replyAddresses
  tags externalDocs serverVariables`.split(/\s+/),
);

function checkReferences(file: SourceFile, asked: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  for (const place of referencesIn(rootOf(file))) {
    const ref = refOf(place.value) ?? "";
    const refuse = (message: string, mend: string) =>
      findings.push(findingAt(place, "reference", "error", message, mend));
    const target = parseRef(file.path, ref);
    if (target.kind === "network") {
      refuse(
        `\`$ref\` to ${ref}: nothing is fetched from the network.`,
        "Keep a copy of it beside the document and refer to that.",
      );
    } else if (target.kind === "malformed") {
      refuse(
        `\`$ref\` "${ref}" cannot be followed: ${target.why}.`,
        "Write it as `file.yaml#/pointer` or `#/pointer`.",
      );
    } else if (target.file === file.path || file.files.has(target.file)) {
      const problem = walkChain(place, ref);
      if (problem !== undefined) refuse(problem.message, problem.mend);
    } else if (!asked.has(target.file)) {
      refuse(`\`$ref\` to ${ref}: the file was not read.`, "Refer to fewer files.");
    }
  }
  return findings;
}

/** Follows a `$ref` from where it stands to its end. */
function walkChain(place: Place, ref: string): { message: string; mend: string } | undefined {
  const chain: string[] = [];
  let at: Place | undefined = place;
  let next: string | undefined = ref;
  while (next !== undefined && at !== undefined) {
    const here = `${at.file.name}#/${at.path.join("/")}`;
    if (chain.includes(here)) {
      return {
        message: `\`$ref\` "${ref}" leads back to itself: ${[...chain, here].join(" → ")}.`,
        mend: "Let one of these places hold the thing itself.",
      };
    }
    chain.push(here);
    const target: Place | undefined = resolveRef(at.file, next);
    if (target === undefined) {
      const inTarget = parseRef(at.file.path, next);
      // What lies behind a file that could not be read is said where that file is named.
      if (inTarget.kind === "place" && inTarget.file !== at.file.path && !at.file.files.has(inTarget.file))
        return undefined;
      return {
        message: `\`$ref\` "${next}" leads nowhere: there is nothing at that place.`,
        mend: "Correct the pointer, or add what it should point at.",
      };
    }
    at = target;
    next = refOf(target.value);
  }
  return undefined;
}

function checkVersion(file: SourceFile): Finding[] {
  const version = isObject(file.root) ? file.root["asyncapi"] : undefined;
  if (typeof version === "string" && /^(2\.[0-6]|3\.[01])\.\d+$/.test(version)) return [];
  const openapi = isObject(file.root) && ("openapi" in file.root || "swagger" in file.root);
  const place: Place = { file, path: version === undefined ? [] : ["asyncapi"], value: version };
  const what = version === undefined ? "has no `asyncapi` field" : `says asyncapi ${JSON.stringify(version)}`;
  return [
    findingAt(
      place,
      "document",
      "error",
      `This ${openapi ? "OpenAPI document" : "file"} ${what}; AsyncAPI 2.0 to 2.6, 3.0 and 3.1 are read.`,
      openapi
        ? "OpenAPI describes HTTP; write an AsyncAPI document for the WebSocket."
        : "Begin it with `asyncapi: 3.1.0`.",
    ),
  ];
}
