/** A document on disk → Contract. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Contract } from "../contract/contract.js";
import { isObject } from "../contract/pointer.js";
import { type Compiled, compile } from "./compile/compile.js";
import { asVersion3 } from "./convert.js";
import { diagnose } from "./diagnose.js";
import { DocumentError, type Finding, hasErrors, sortFindings } from "./finding.js";
import { rootOf } from "./place.js";
import { openDocument } from "./references.js";
import type { SourceFile } from "./source.js";

/** How a document is read. */
export interface LoadOptions {
  /** From whose side the document was written; `server` unless said. */
  readonly perspective?: "server" | "client";
}

/** A document that was read: its contract when there is nothing against it, and what is to be said. */
export interface LoadedDocument {
  readonly compiled?: Compiled;
  readonly files: readonly SourceFile[];
  readonly findings: readonly Finding[];
}

/** Compiles a document. Throws {@link DocumentError} when it cannot be used. */
export async function loadContract(path: string, options: LoadOptions = {}): Promise<Contract> {
  const loaded = await readDocument(path, options);
  if (loaded.compiled === undefined || hasErrors(loaded.findings)) throw new DocumentError(loaded.findings);
  return loaded.compiled.contract;
}

/** Reads, validates and compiles a document; what is wrong with it is told, never thrown. */
export async function readDocument(path: string, options: LoadOptions = {}): Promise<LoadedDocument> {
  const opened = await openDocument(path);
  const { main, files } = opened;
  if (main === undefined || hasErrors(opened.findings)) return { files, findings: opened.findings };
  const findings = [...opened.findings, ...(await diagnose(main, await readFile(main.path, "utf8")))];
  if (hasErrors(findings)) return { files, findings: sortFindings(findings) };
  const converted = await asVersion3(main);
  findings.push(...converted.findings);
  if (hasErrors(findings)) return { files, findings: sortFindings(findings) };
  const compiled = compile({
    root: rootOf(converted.file),
    asyncapi: isObject(main.root) ? String(main.root["asyncapi"]) : "",
    perspective: options.perspective ?? "server",
    names: converted.names,
    sha256: hashOf(files),
  });
  return { compiled, files, findings: sortFindings([...findings, ...compiled.findings]) };
}

/** One hash over all files; names count, because `$ref`s use them, but not where the folder lies. */
export function hashOf(files: readonly { readonly name: string; readonly sha256: string }[]): string {
  const lines = files.map((file) => `${file.name}\0${file.sha256}\n`).sort();
  return createHash("sha256").update(lines.join("")).digest("hex");
}
