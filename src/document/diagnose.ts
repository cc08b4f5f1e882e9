/** What the official AsyncAPI parser says of a document, with file and line of what was written. */

import { formatPointer } from "../contract/pointer.js";
import type { Finding, Severity } from "./finding.js";
import { follow, memberAt, type Place, rootOf } from "./place.js";
import type { SourceFile } from "./source.js";

/** The part of the parser's diagnostics that is used. */
interface Diagnostic {
  readonly code: string | number;
  readonly message: string;
  readonly severity: number;
  readonly path: readonly (string | number)[];
  readonly source?: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

// Spectral's numbers; a hint is an information here.
const SEVERITIES: readonly Severity[] = ["error", "warning", "info", "info"];

/** Validates a document with the official parser. `text` is the text of `main`. */
export async function diagnose(main: SourceFile, text: string): Promise<Finding[]> {
  // Its import costs 0.6 s: only a document that is not in the cache pays it.
  const { Parser } = await import("@asyncapi/parser");
  const refuse = {
    order: 1,
    canRead: true,
    read: () => Promise.reject(new Error("Nothing is fetched from the network.")),
  };
  const parser = new Parser({
    __unstable: {
      resolver: {
        cache: false,
        resolvers: [
          { schema: "http", ...refuse },
          { schema: "https", ...refuse },
        ],
      },
    },
  });
  const diagnostics = await parser.validate(text, { source: main.path });
  return diagnostics.map((diagnostic) => toFinding(main, diagnostic));
}

function toFinding(main: SourceFile, diagnostic: Diagnostic): Finding {
  const file = (diagnostic.source === undefined ? undefined : main.files.get(diagnostic.source)) ?? main;
  const place = deepest(file, diagnostic.path.map(String));
  const { start } = diagnostic.range;
  const position =
    diagnostic.path.length === 0
      ? { line: start.line + 1, column: start.character + 1 }
      : place.file.position(place.path);
  const code = String(diagnostic.code);
  return {
    rule: code,
    severity: SEVERITIES[diagnostic.severity] ?? "error",
    message: diagnostic.message,
    mend: mendOf(code),
    file: place.file.name,
    ...position,
    pointer: formatPointer(place.path),
  };
}

/** The deepest place of a path, through the `$ref`s on the way: the parser reports on the resolved document. */
function deepest(file: SourceFile, path: readonly string[]): Place {
  let at = rootOf(file);
  for (const part of path) {
    const next = memberAt(at, part);
    if (next === undefined) {
      const target = follow(at);
      return target.value === undefined ? at : target;
    }
    at = next;
  }
  return at;
}

const MENDS: readonly (readonly [RegExp, string])[] = [
  [/latest-version/, "Raise the `asyncapi` version when convenient; this one is read all the same."],
  [/unused/, "Refer to it, or take it away."],
  [/examples|example/, "Change the example, or the schema that it breaks."],
  [
    /(info|contact|license|tags|description)/,
    "Add it for your readers, or leave it: wireproof does not need it.",
  ],
];

function mendOf(code: string): string {
  const known = MENDS.find(([pattern]) => pattern.test(code));
  return (
    known?.[1] ?? "Change it as the AsyncAPI specification asks: https://www.asyncapi.com/docs/reference."
  );
}
