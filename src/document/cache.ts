/**
 * What documents compiled to, by their content.
 *
 * An entry is named for the text of the document, the version of this package and what was asked; it lists the hash of
 * every other file that was read, and counts only while all of them are what they were.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import type { Contract } from "../contract/contract.js";
import type { Finding } from "./finding.js";

/** What an entry is looked up by. */
export interface CacheKey {
  readonly kind: "contract" | "lint";
  /** Absolute path of the document. */
  readonly path: string;
  readonly perspective: "server" | "client";
}

/** What is kept. */
export interface CacheEntry {
  /** The files that were read; names are relative to the folder of the document. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly findings: readonly Finding[];
  readonly contract?: Contract | undefined;
}

// A document that is worked on leaves an entry a change; the oldest go.
const MAX_ENTRIES = 32;

/** The entry of a document whose files are unchanged, or undefined. What cannot be read counts as not there. */
export async function readCache(
  key: CacheKey,
  directory: string | false | undefined,
): Promise<CacheEntry | undefined> {
  const place = await entryPath(key, directory);
  if (place === undefined) return undefined;
  try {
    // The temporary directory is everybody's: what another user put there is not ours.
    const owner = userId();
    if (owner !== undefined && (await stat(place)).uid !== owner) return undefined;
    const text = await readFile(place, "utf8");
    // The first line is the hash of the rest: half a file, or an edited one, is no entry.
    const end = text.indexOf("\n");
    if (text.slice(0, end) !== hash(text.slice(end + 1))) return undefined;
    // Only this module writes entries, and the hash says that this one is whole.
    const entry = JSON.parse(text.slice(end + 1)) as CacheEntry;
    for (const file of entry.files) {
      const now = await readFile(resolve(dirname(key.path), file.name), "utf8");
      if (hash(now) !== file.sha256) return undefined;
    }
    return entry;
  } catch {
    return undefined;
  }
}

/** Keeps an entry. A cache that cannot be written costs time and nothing else, so that is no error. */
export async function writeCache(
  key: CacheKey,
  directory: string | false | undefined,
  entry: CacheEntry,
): Promise<void> {
  const place = await entryPath(key, directory);
  if (place === undefined) return;
  const body = JSON.stringify({
    files: entry.files.map(({ name, sha256 }) => ({ name, sha256 })),
    findings: entry.findings,
    contract: entry.contract,
  });
  // Written beside and renamed: another process sees the old entry or the new one, never half of it.
  const draft = `${place}.${process.pid}.${Math.trunc(performance.now() * 1000)}`;
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await writeFile(draft, `${hash(body)}\n${body}`, { mode: 0o600 });
    await rename(draft, place);
    await dropOldest(dirname(place));
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function dropOldest(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^(contract|lint)-/.test(name));
  if (names.length <= MAX_ENTRIES) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  );
  aged.sort((a, b) => b.at - a.at);
  for (const { name } of aged.slice(MAX_ENTRIES)) await rm(join(directory, name), { force: true });
}

async function entryPath(key: CacheKey, directory: string | false | undefined): Promise<string | undefined> {
  const folder = directory ?? defaultDirectory(key.path);
  if (folder === false) return undefined;
  try {
    const text = await readFile(key.path, "utf8");
    const name = hash([manifest.version, await buildStamp(), key.perspective, hash(text)].join("\0"));
    return join(folder, `${key.kind}-${name.slice(0, 32)}.json`);
  } catch {
    // No document, no entry; the reader says what is wrong with the path.
    return undefined;
  }
}

/** Tells two builds of one version apart: while we work on this package, its number stays and its meaning does not. */
async function buildStamp(): Promise<string> {
  const info = await stat(fileURLToPath(import.meta.url));
  return `${info.size}-${info.mtimeMs}`;
}

function defaultDirectory(document: string): string | false {
  // From source, one file's stamp says nothing about the others.
  if (import.meta.url.endsWith(".ts")) return false;
  for (let folder = dirname(document); ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(join(folder, "package.json")) && existsSync(modules)) {
      return join(modules, ".cache", "wireproof");
    }
    if (folder === dirname(folder)) break;
  }
  return join(tmpdir(), `wireproof-${userId() ?? "cache"}`);
}

/** Undefined on systems without user ids. */
function userId(): number | undefined {
  return process.getuid?.();
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
