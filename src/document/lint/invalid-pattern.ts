/** A regular expression that is none: whatever it guards cannot be judged. */

import { entriesAt, findingAt, memberAt, type Place } from "../place.js";
import type { LintRule } from "./rule.js";
import { schemasOf } from "./schema-places.js";

const NAME = "invalid-pattern";

/** `pattern` and the keys of `patternProperties` compile, as JSON Schema asks: ECMA-262 with the flag `u`. */
export const invalidPattern: LintRule = {
  name: NAME,
  says: "Every regular expression compiles.",
  check: (context) =>
    schemasOf(context).flatMap((schema) => {
      const pattern = memberAt(schema, "pattern");
      const own: [string, Place][] = typeof pattern?.value === "string" ? [[pattern.value, pattern]] : [];
      return [...own, ...entriesAt(memberAt(schema, "patternProperties"))].flatMap(([source, place]) => {
        const why = refusalOf(source, "u");
        if (why === undefined) return [];
        const message = `The regular expression ${JSON.stringify(source)} does not compile: ${why}.`;
        const mend =
          refusalOf(source, "") === undefined
            ? "Without Unicode it would: escape brackets and braces that stand for themselves, and nothing else."
            : "Correct it; escape what stands for itself with a backslash.";
        return [findingAt(place, NAME, "error", message, mend)];
      });
    }),
};

function refusalOf(source: string, flags: string): string | undefined {
  try {
    new RegExp(source, flags);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // "Invalid regular expression: /…/u: Unterminated group": the expression was said already.
    return text.slice(text.lastIndexOf(": ") + 2).toLowerCase();
  }
}
