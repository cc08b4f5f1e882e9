/** `wire.ts`: what all generated codecs share, emitted from `src/wire`; of the runtime only what is used. */

import { WIRE_SOURCES } from "./wire-source.js";

/** Top-level declarations that stand together in a source, with their comments. */
interface Block {
  readonly text: string;
  readonly declares: readonly string[];
  readonly mentions: ReadonlySet<string>;
}

const DECLARATION = /^(?:export )?(?:abstract )?(?:function|const|let|class|interface|type) (\w+)/gm;

/** The text of `wire.ts` after its header: all shared types, and the runtime that `used` reaches. */
export function wireBody(used: Iterable<string>): string {
  const files = WIRE_SOURCES.map(({ file, lines }) => ({ file, blocks: blocksOf(lines) }));
  const byName = new Map<string, Block>();
  for (const { blocks } of files) {
    for (const block of blocks) for (const name of block.declares) byName.set(name, block);
  }
  const reached = new Set<Block>();
  const types = files.find(({ file }) => file.endsWith("/protocol.ts"))?.blocks ?? [];
  const waiting = [...types, ...[...used].flatMap((name) => byName.get(name) ?? [])];
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    if (reached.has(block)) continue;
    reached.add(block);
    for (const name of block.mentions)
      waiting.push(
        ...(byName.get(name) === undefined ? [] : [byName.get(name)]).flatMap((next) => next ?? []),
      );
  }
  return files
    .flatMap(({ blocks }) => blocks)
    .filter((block) => reached.has(block))
    .map((block) => block.text)
    .join("\n\n");
}

/** All names that `wire.ts` may declare, which no name of an endpoint's file may be. */
export function wireNames(): string[] {
  return WIRE_SOURCES.flatMap(({ lines }) => blocksOf(lines).flatMap((block) => block.declares));
}

/** Splits a source, formatted as this repository formats it, at the blank lines between its declarations. */
function blocksOf(lines: readonly string[]): Block[] {
  const groups: string[][] = [[]];
  for (const [index, line] of lines.entries()) {
    const next = lines[index + 1] ?? "";
    if (line === "" && next !== "" && !/^[\s})\]]/.test(next)) groups.push([]);
    else groups.at(-1)?.push(line);
  }
  return (
    groups
      .map((group) => group.join("\n").trim())
      .filter((text) => !text.startsWith("import "))
      .map((text) => ({
        text,
        declares: [...text.matchAll(DECLARATION)].map((match) => match[1] ?? ""),
        mentions: new Set(text.replace(/\/\*\*[\s\S]*?\*\//g, "").match(/[A-Za-z_$][\w$]*/g) ?? []),
      }))
      // What declares nothing is the comment at the head of a file.
      .filter((block) => block.declares.length > 0)
  );
}
