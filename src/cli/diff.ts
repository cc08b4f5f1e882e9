/** `wireproof diff`: what differs between two documents, whom it breaks, and by how much the version has to rise. */
import { dirname, join } from "node:path";
import type { Contract, Source } from "../contract/contract.js";
import { type Change, diffContracts } from "../contract/diff/diff.js";
import { type DiffFormat, printDiff } from "./diff-forms.js";
import { diffExitCode } from "./diff-verdict.js";
import { chooseContract, isCompiled, type Perspective } from "./document.js";
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
  // A compiled contract knows its side; beside one, `--as` is about the other, which is a document.
  const asFor = (one: string, other: string) =>
    isCompiled(one) && !isCompiled(other) ? undefined : options.as;
  const before = await chooseContract(old, asFor(old, next));
  const now = await chooseContract(next, asFor(next, old));
  const { bump, changes } = diffContracts(before, now);
  const all = [...before.endpoints, ...now.endpoints];
  const channels = (endpoint: string) => {
    const named = all.filter(({ name }) => name === endpoint);
    // An endpoint may have got another name with its channels; where it is reached stays.
    const same = all.filter(({ address }) => address === named[0]?.address);
    return [...named, ...same].flatMap((one) => one.channels);
  };
  const [inOld, inNew] = changes.length === 0 ? [nowhere, nowhere] : [await finder(old), await finder(next)];
  const placed = changes.map((change): Change => {
    const names = channels(change.endpoint);
    // An operation or channel that is gone stands in the old document alone, one that came in the new one.
    const gone = /^(operation|channel)-removed$/.test(change.rule);
    const came = /^(operation|channel)-added$/.test(change.rule);
    const oldSource = came ? undefined : inOld(change, names, change.oldSource);
    const newSource = gone ? undefined : inNew(change, names, change.newSource);
    return {
      ...change,
      ...(oldSource === undefined ? {} : { oldSource }),
      ...(newSource === undefined ? {} : { newSource }),
    };
  });
  const outcome = { old: side(old, before), new: side(next, now), bump, changes: placed };
  terminal.result(printDiff(options.format, outcome));
  return diffExitCode(changes, options.allowMayBreak === true);
}

function side(document: string, { version }: Contract): { document: string; version: string } {
  return { document, version };
}

/** Finds a change in one document: as near as can be, with the path that a terminal can open. */
type Finder = (change: Change, channels: readonly string[], known: Source | undefined) => Source | undefined;

const nowhere: Finder = () => undefined;

async function finder(document: string): Promise<Finder> {
  // A compiled contract says of its messages where they were written, and not where that document lies.
  if (isCompiled(document)) return (_change, _channels, known) => known;
  const { openLocator } = await import("../document/locate.js");
  const locator = await openLocator(document);
  return ({ rule, message, pointer }, channels, known) => {
    const inPayload = known !== undefined && message !== undefined && pointer !== undefined;
    const found = inPayload
      ? locator.payload(channels, message, pointer)
      : known === undefined && (message === undefined || rule.startsWith("lifecycle"))
        ? locator.channel(channels, extensionOf(rule))
        : undefined;
    const source = found ?? known;
    return source === undefined
      ? undefined
      : { ...source, file: join(dirname(document), source.file).replaceAll("\\", "/") };
  };
}

/** The extension that a rule is about; undefined where it is the channel itself. */
function extensionOf(rule: string): string | undefined {
  const [topic = ""] = rule.split(".");
  const own: Readonly<Record<string, string>> = {
    heartbeat: "x-ws-heartbeat",
    reconnect: "x-ws-reconnect",
    "close-code": "x-ws-close-codes",
    lifecycle: "x-ws-lifecycle",
    invariant: "x-ws-invariants",
  };
  return own[topic] ?? (IN_PROTOCOL.has(topic) ? "x-ws-protocol" : undefined);
}

const IN_PROTOCOL: ReadonlySet<string> = new Set(
  "transport frames subprotocols maxBytes answerMs rate reject first origins sendQueueBytes unknown audience".split(
    " ",
  ),
);
