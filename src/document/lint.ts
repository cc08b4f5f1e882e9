/** All that is to be said about a document. */

import { resolve } from "node:path";
import type { Contract } from "../contract/contract.js";
import { type CacheKey, readCache, writeCache } from "./cache.js";
import { type Finding, hasErrors, sortFindings } from "./finding.js";
import { fromWorkingDirectory, type LoadOptions } from "./load.js";

/** What lint found; the contract is there when no finding is an error. */
export interface LintResult {
  /** In reading order; files are named relative to the working directory. */
  readonly findings: readonly Finding[];
  readonly contract?: Contract;
}

/** Lints a document: the official diagnostics, what keeps it from compiling, and the rules of our own. Never throws. */
export async function lintDocument(path: string, options: LoadOptions = {}): Promise<LintResult> {
  const key: CacheKey = { kind: "lint", path: resolve(path), perspective: options.perspective ?? "server" };
  const known = await readCache(key, options.cacheDir);
  if (known !== undefined) return result(known.findings, known.contract, key.path);

  const [{ readDocument }, { LINT_RULES }] = await Promise.all([
    import("./read-document.js"),
    import("./lint/rules.js"),
  ]);
  const { read, files, findings } = await readDocument(key.path, key.perspective);
  const own = read === undefined ? [] : LINT_RULES.flatMap((rule) => rule.check(read));
  const all = sortFindings([...findings, ...own]);
  const contract = read === undefined || hasErrors(all) ? undefined : read.contract;
  await writeCache(key, options.cacheDir, { files, findings: all, contract });
  return result(all, contract, key.path);
}

function result(findings: readonly Finding[], contract: Contract | undefined, path: string): LintResult {
  return {
    findings: fromWorkingDirectory(findings, path),
    ...(contract === undefined ? {} : { contract }),
  };
}
