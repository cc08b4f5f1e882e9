/** The regular expressions of one generated file: constants, so that each is compiled once and not at each use. */

import { patternLiteral } from "./leaf.js";
import type { NameSet } from "./names.js";

export class Patterns {
  private readonly known = new Map<string, string>();

  constructor(private readonly names: NameSet) {}

  /** The constant of a pattern; `where` it stands in the document is for the error of one that is none. */
  constant(source: string, where: string): string {
    const expression = patternLiteral(source, where);
    const known = this.known.get(expression);
    if (known !== undefined) return known;
    const name = this.names.take("PATTERN");
    this.known.set(expression, name);
    return name;
  }

  lines(): string[] {
    const lines = [...this.known].map(([source, name]) => `const ${name} = ${source};`);
    return lines.length > 0 ? [...lines, ""] : [];
  }
}
