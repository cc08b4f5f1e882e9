/** Other spellings of one JSON value: key order, white space and escapes differ, the value does not. */

import fc from "fast-check";
import type { Json } from "../contract/contract.js";

/** Texts that JSON.parse gives `value` for. Shrinks towards what JSON.stringify writes. */
export function respelled(value: Json): fc.Arbitrary<string> {
  return spellings().map((spelling) => spell(value, spelling));
}

/** Spellings of whatever value; shrinks towards what JSON.stringify writes. */
export function spellings(): fc.Arbitrary<Spelling> {
  return fc.record({
    keys: fc.boolean(),
    space: fc.boolean(),
    escapes: fc.boolean(),
    seed: fc.integer({ min: 1, max: 0x7fffffff }),
  });
}

/** The value in that spelling: JSON.parse gives it back. */
export function spell(value: Json, { seed, ...styles }: Spelling): string {
  return new Speller(seed, styles).write(value);
}

/** How a value is written; plain data, so that a case can be shown and repeated. */
export interface Spelling extends Styles {
  /** Of all choices, from 1. */
  readonly seed: number;
}

interface Styles {
  /** Members in another order. */
  readonly keys: boolean;
  /** White space between tokens. */
  readonly space: boolean;
  /** Characters written as escapes. */
  readonly escapes: boolean;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

class Speller {
  readonly #styles: Styles;
  #state: number;

  constructor(seed: number, styles: Styles) {
    this.#state = seed;
    this.#styles = styles;
  }

  write(value: Json): string {
    return this.#space() + this.#value(value) + this.#space();
  }

  #value(value: Json): string {
    if (typeof value === "string") return this.#string(value);
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((item: Json) => this.write(item)).join()}]`;
    const members = this.#ordered(Object.entries(value));
    return `{${members.map(([name, member]) => `${this.#space()}${this.#string(name)}${this.#space()}:${this.write(member)}`).join()}}`;
  }

  #ordered<T>(items: readonly T[]): T[] {
    const left = [...items];
    if (!this.#styles.keys) return left;
    const taken: T[] = [];
    while (left.length > 0) taken.push(...left.splice(this.#next(left.length), 1));
    return taken;
  }

  #string(text: string): string {
    if (!this.#styles.escapes) return JSON.stringify(text);
    let written = "";
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const must = unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit & 0xf800) === 0xd800;
      const short = SHORT_ESCAPES[text.charAt(i)];
      if (short !== undefined && (must || unit === 0x2f) && this.#next(2) === 0) written += short;
      // A surrogate pair is escaped as two units, or not at all; half of it escaped would still be the same text.
      else if (must || this.#next(4) === 0) written += this.#unicode(unit);
      else written += text.charAt(i);
    }
    return `"${written}"`;
  }

  #unicode(unit: number): string {
    const hex = unit.toString(16).padStart(4, "0");
    return `\\u${this.#next(2) === 0 ? hex : hex.toUpperCase()}`;
  }

  #space(): string {
    if (!this.#styles.space) return "";
    return ["", "", " ", "\n", "\t", "\r\n", "   "][this.#next(7)] ?? "";
  }

  // xorshift32: the spelling depends on the drawn seed alone, so that a run can be replayed.
  #next(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % below;
  }
}
