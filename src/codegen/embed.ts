/** Turns the sources of the codec runtime into a module of data (`wire-source.ts`), for `scripts/embed-wire.ts`. */

/** What `generated/wire.ts` is made of, in its order. */
export const WIRE_FILES = [
  "src/wire/protocol.ts",
  "src/wire/codec/refusal.ts",
  "src/wire/codec/naming.ts",
  "src/wire/codec/frame.ts",
  "src/wire/codec/codec.ts",
  "src/wire/codec/instances.ts",
  "src/wire/codec/keyword.ts",
  "src/wire/codec/format.ts",
  "src/wire/codec/checks.ts",
  "src/wire/codec/fast-read.ts",
  "src/wire/codec/fast-write.ts",
] as const;

/** The text of `wire-source.ts`. */
export function embedded(sources: readonly { readonly file: string; readonly text: string }[]): string {
  const entries = sources.map(({ file, text }) => {
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => `      ${JSON.stringify(line)},`);
    return ["  {", `    file: ${JSON.stringify(file)},`, "    lines: [", ...lines, "    ],", "  },"].join(
      "\n",
    );
  });
  return `/**
 * The sources of the codec runtime as data. Written by \`npx tsx scripts/embed-wire.ts\`: edit \`src/wire\` instead.
 *
 * This file is long because it holds the others.
 */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the lines are source code.
// biome-ignore-all format: one line of source a line.

export const WIRE_SOURCES: readonly { readonly file: string; readonly lines: readonly string[] }[] = [
${entries.join("\n")}
];
`;
}
