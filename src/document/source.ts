/** One file of a document: its value, and where each part of it stands in the text. */

import { createHash } from "node:crypto";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from "yaml";
import type { Finding, Position } from "./finding.js";

/** A file that was read and parsed. */
export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  /** Path relative to the folder of the document, with `/`. */
  readonly name: string;
  /** SHA-256 of the text, hex. */
  readonly sha256: string;
  readonly root: unknown;
  /** Where the value at a path stands; of a path that leads nowhere, the deepest part that is there. */
  position(path: readonly string[]): Position;
  /** All files of the same document, by absolute path; `$ref`s are looked up here. */
  readonly files: ReadonlyMap<string, SourceFile>;
}

/** The result of reading one text: the file, or why it is none. */
export interface ParsedSource {
  readonly file?: SourceFile;
  readonly findings: readonly Finding[];
}

/** Parses the text of one file, YAML or JSON (which YAML contains). */
export function parseSource(
  path: string,
  name: string,
  text: string,
  files: ReadonlyMap<string, SourceFile>,
): ParsedSource {
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const failed = (message: string, at: Position): ParsedSource => ({
    findings: [syntaxFinding(name, message, at)],
  });
  try {
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
    // The reader turns its own exhausted stack into an error a level.
    if (document.errors.some((error) => error.message.includes("call stack"))) return failed(TOO_DEEP, START);
    if (document.errors.length > 0) {
      const findings = document.errors.slice(0, 10).map((error: YAMLError) => {
        return syntaxFinding(name, error.message, positionAt(error.pos[0]));
      });
      return { findings };
    }
    const root: unknown = document.toJS({ maxAliasCount: 1000 });
    if (holdsItself(root)) return failed("an alias (`*name`) stands inside what it repeats", START);
    const sha256 = createHash("sha256").update(text).digest("hex");
    const position = (at: readonly string[]) => positionAt(offsetOf(document, at));
    return { file: { path, name, sha256, root, position, files }, findings: [] };
  } catch (error) {
    // The parser throws on more aliases than allowed, and on nesting that its recursion cannot follow.
    if (error instanceof RangeError) return failed(TOO_DEEP, START);
    return failed(error instanceof Error ? error.message : String(error), START);
  }
}

const TOO_DEEP = "it is nested too deeply";
const START: Position = { line: 1, column: 1 };

function syntaxFinding(file: string, message: string, at: Position): Finding {
  return {
    rule: "syntax",
    severity: "error",
    message: `Not readable as YAML or JSON: ${message.trim().replace(/\s*\n[\s\S]*$/, "")}`,
    mend: "Correct the syntax at this line.",
    file,
    ...at,
  };
}

/** The offset of the deepest part of a path that the text holds: of a key where there is one, else of the value. */
function offsetOf(document: Document, path: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node) ?? 0;
  for (const part of path) {
    const step = stepInto(document, node, part);
    if (step === undefined) break;
    offset = step.offset ?? offset;
    node = step.node;
  }
  return offset;
}

interface Step {
  readonly node: unknown;
  readonly offset: number | undefined;
}

function stepInto(document: Document, from: unknown, part: string): Step | undefined {
  const node = isAlias(from) ? from.resolve(document) : from;
  if (isSeq(node)) {
    const item: unknown = node.items[Number(part)];
    return item === undefined ? undefined : { node: item, offset: rangeStart(item) };
  }
  if (!isMap(node)) return undefined;
  const keyIs = (key: unknown, name: string) => String(isScalar(key) ? key.value : key) === name;
  const pair = node.items.find((item) => keyIs(item.key, part));
  if (pair !== undefined) return { node: pair.value, offset: rangeStart(pair.key) ?? rangeStart(pair.value) };
  // The reader gives a merge key a symbol for its value.
  const isMerge = (key: unknown) => keyIs(key, "<<") || keyIs(key, "Symbol(<<)");
  for (const merge of node.items.filter((item) => isMerge(item.key))) {
    const merged: unknown = isAlias(merge.value) ? merge.value.resolve(document) : merge.value;
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const step = stepInto(document, source, part);
      if (step !== undefined) return step;
    }
  }
  return undefined;
}

function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** True for a value that contains itself, which only a YAML alias can make. */
function holdsItself(root: unknown): boolean {
  const open = new Set<unknown>();
  const closed = new Set<unknown>();
  const visit = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null || closed.has(value)) return false;
    if (open.has(value)) return true;
    open.add(value);
    const found = Object.values(value).some(visit);
    open.delete(value);
    closed.add(value);
    return found;
  };
  return visit(root);
}
