/** Makes folders and proves that a file can be written, before long work is done for it. */
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./failure.js";

/**
 * Makes a folder and those above it. Throws {@link UsageError}, naming the path as it was given, where it cannot be.
 * Level by level, because Node's own recursive mkdir never returns where the system says ENOENT for a new folder, as
 * under /proc.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  try {
    for (const folder of missing.reverse()) mkdirSync(folder);
  } catch (error) {
    throw new UsageError(`the folder ${path} cannot be made: ${reason(error)}; name another one`);
  }
  if (!statSync(path).isDirectory())
    throw new UsageError(`${path} is a file, not a folder; name another one`);
}

/** Throws {@link UsageError} unless the file can be written; leaves what is there as it is. */
export function mustBeWritable(path: string): void {
  makeFolder(dirname(path));
  try {
    if (existsSync(path)) {
      if (statSync(path).isDirectory()) throw new UsageError(`${path} is a folder; name a file in it`);
      accessSync(path, constants.W_OK);
      return;
    }
    // Only an attempt tells: a folder may allow what its file system does not.
    closeSync(openSync(path, "wx"));
    rmSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} cannot be written: ${reason(error)}; name another file`);
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOENT":
      return "the system allows nothing there";
    case "ENOTDIR":
      return "a part of the path is not a folder";
    case "EROFS":
      return "the file system is read-only";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
