/** Reads, validates and compiles a document from its files: the slow way, which the cache spares. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isObject } from "../contract/pointer.js";
import { type Compiled, compile } from "./compile/compile.js";
import { asVersion3 } from "./convert.js";
import { diagnose } from "./diagnose.js";
import { type Finding, hasErrors } from "./finding.js";
import { type Place, rootOf } from "./place.js";
import { openDocument } from "./references.js";
import type { SourceFile } from "./source.js";

/** A document that was read: its contract as far as it goes, and what is to be said. */
export interface LoadedDocument {
  /** The document in the shape of AsyncAPI 3, and what it compiles to; absent when it cannot be read that far. */
  readonly read?: Compiled & { readonly root: Place };
  /** All files that were read, the document first. */
  readonly files: readonly SourceFile[];
  /** Files are named relative to the folder of the document. */
  readonly findings: readonly Finding[];
}

/** Reads a document; what is wrong with it is told, never thrown. */
export async function readDocument(path: string, perspective: "server" | "client"): Promise<LoadedDocument> {
  const opened = await openDocument(path);
  const { main, files } = opened;
  const findings = [...opened.findings];
  if (main === undefined || hasErrors(findings)) return { files, findings };

  findings.push(...(await diagnose(main, await readFile(main.path, "utf8"))));
  if (hasErrors(findings)) return { files, findings };

  const compiled = await compileFiles(main, files, perspective);
  return { ...compiled, files, findings: [...findings, ...compiled.findings] };
}

/** Compiles files that were opened, and that the official parser accepts. */
export async function compileFiles(
  main: SourceFile,
  files: readonly SourceFile[],
  perspective: "server" | "client",
): Promise<Pick<LoadedDocument, "read" | "findings">> {
  const converted = await asVersion3(main);
  if (hasErrors(converted.findings)) return { findings: converted.findings };
  const root = rootOf(converted.file);
  const compiled = compile({
    root,
    asyncapi: isObject(main.root) ? String(main.root["asyncapi"]) : "",
    perspective,
    names: converted.names,
    sha256: hashOf(files),
  });
  return { read: { ...compiled, root }, findings: [...converted.findings, ...compiled.findings] };
}

/** One hash over all files. Names count, because `$ref`s use them; where the folder lies does not. */
export function hashOf(files: readonly { readonly name: string; readonly sha256: string }[]): string {
  const lines = files.map((file) => `${file.name}\0${file.sha256}\n`).sort();
  return createHash("sha256").update(lines.join("")).digest("hex");
}
