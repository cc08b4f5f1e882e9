/** A document on disk → Contract. */

import { dirname, relative, resolve, sep } from "node:path";
import type { Contract } from "../contract/contract.js";
import { type CacheKey, readCache, writeCache } from "./cache.js";
import { DocumentError, type Finding, hasErrors, sortFindings } from "./finding.js";

/** How a document is read. */
export interface LoadOptions {
  /** From whose side the document was written; `server` unless said. */
  readonly perspective?: "server" | "client" | undefined;
  /**
   * Where compiled documents are kept; `false`: nowhere. By default `node_modules/.cache/wireproof` beside the nearest
   * package.json, else a folder of this user in the temporary directory.
   */
  readonly cacheDir?: string | false | undefined;
}

/**
 * Compiles a document. Throws {@link DocumentError} when it cannot be used.
 *
 * The official parser takes a second; what it accepted once is kept, and read again while no file of it has changed.
 */
export async function loadContract(path: string, options: LoadOptions = {}): Promise<Contract> {
  const key: CacheKey = {
    kind: "contract",
    path: resolve(path),
    perspective: options.perspective ?? "server",
  };
  const known = await readCache(key, options.cacheDir);
  if (known?.contract !== undefined) return known.contract;

  // Readers, converter and Ajv are loaded only when there is something to read.
  const { readDocument } = await import("./read-document.js");
  const loaded = await readDocument(key.path, key.perspective);
  if (loaded.read === undefined || hasErrors(loaded.findings)) {
    throw new DocumentError(fromWorkingDirectory(loaded.findings, key.path));
  }
  const { contract } = loaded.read;
  await writeCache(key, options.cacheDir, { files: loaded.files, findings: [], contract });
  return contract;
}

/** Findings in reading order, their files named relative to the working directory, as a terminal can open them. */
export function fromWorkingDirectory(findings: readonly Finding[], document: string): Finding[] {
  const name = (file: string) => {
    const path = relative(process.cwd(), resolve(dirname(document), file));
    return path.split(sep).join("/");
  };
  return sortFindings(findings).map((finding) => ({ ...finding, file: name(finding.file) }));
}
