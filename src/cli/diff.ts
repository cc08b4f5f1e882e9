/** `wireproof diff`: what differs between two documents, whom it breaks, and by how much the version has to rise. */
import { dirname, join } from "node:path";
import type { Contract, Source } from "../contract/contract.js";
import { type Change, diffContracts } from "../contract/diff/diff.js";
import { type DiffFormat, printDiff } from "./diff-forms.js";
import { diffExitCode } from "./diff-verdict.js";
import { chooseContract, type Perspective } from "./document.js";
import type { Terminal } from "./terminal.js";

export interface DiffOptions {
  readonly as?: Perspective;
  readonly format: DiffFormat;
  readonly allowMayBreak?: boolean;
}

/** Exit code 0: old clients and the new server still talk; 1: they do not, or perhaps do not. */
export async function diff(
  old: string,
  next: string,
  options: DiffOptions,
  terminal: Terminal,
): Promise<number> {
  // One after the other: the reader of documents is not made for two at once.
  const before = await chooseContract(old, options.as);
  const now = await chooseContract(next, options.as);
  const { bump, changes } = diffContracts(before, now);
  const outcome = {
    old: side(old, before),
    new: side(next, now),
    bump,
    changes: changes.map((change) => fromHere(change, old, next)),
  };
  terminal.result(printDiff(options.format, outcome));
  return diffExitCode(changes, options.allowMayBreak === true);
}

function side(document: string, { version }: Contract): { document: string; version: string } {
  return { document, version };
}

/** Files are named in a contract relative to the folder of its document. */
function fromHere(change: Change, old: string, next: string): Change {
  const at = (document: string, source: Source | undefined): Source | undefined =>
    source === undefined
      ? undefined
      : { ...source, file: join(dirname(document), source.file).replaceAll("\\", "/") };
  const [oldSource, newSource] = [at(old, change.oldSource), at(next, change.newSource)];
  return {
    ...change,
    ...(oldSource === undefined ? {} : { oldSource }),
    ...(newSource === undefined ? {} : { newSource }),
  };
}
