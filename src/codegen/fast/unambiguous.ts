/**
 * Proves that no two ways lead through one text of a regular expression.
 *
 * An expression is taken apart into its positions, the places that consume one unit each, with the units that each
 * takes and the positions that may follow it (Glushkov's automaton). Where two different ways never meet again in one
 * position, whatever the text, a backtracking engine comes to each pair of position and place in the text at most
 * once: its steps are bounded by positions × length, on a text that fits and on one that almost does.
 *
 * Read are the constructs that templates use. A look-ahead consumes nothing and only forbids ways, so it is left out.
 */

/** Ranges of UTF-16 units, both ends included. */
type Units = readonly (readonly [from: number, to: number])[];

/** What a part of an expression adds to the automaton. */
interface Part {
  /** Positions that may come first, and last. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  /** True where it may consume nothing. */
  readonly empty: boolean;
}

/** The positions of an expression. Position 0 stands before the text. */
export interface Automaton {
  readonly units: readonly Units[];
  readonly next: readonly ReadonlySet<number>[];
}

/** Throws an Error where two ways lead through one text, or a construct is not known here. */
export function assertUnambiguous(source: string): void {
  const { units, next } = automatonOf(source);
  const seen = new Set<number>();
  const waiting: [number, number][] = [];
  const size = units.length;
  const meet = (one: number, other: number): void => {
    for (const a of next[one] ?? []) {
      for (const b of next[other] ?? []) {
        // From one position two edges to the same are one edge: the sets hold each once.
        if (one === other && a >= b) continue;
        if (!overlaps(units[a] ?? [], units[b] ?? [])) continue;
        if (a === b) throw new Error(`Two ways lead through one text of /${source}/.`);
        const key = Math.min(a, b) * size + Math.max(a, b);
        if (seen.has(key)) continue;
        seen.add(key);
        waiting.push([a, b]);
      }
    }
  };
  for (let position = 0; position < size; position++) meet(position, position);
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) meet(...pair);
}

/** The automaton of an expression that is anchored at both ends. Throws an Error for a construct that is not known. */
export function automatonOf(source: string): Automaton {
  if (!source.startsWith("^") || !source.endsWith("$")) throw new Error(`/${source}/ is not anchored.`);
  const reader = new ExpressionReader(source.slice(1, -1));
  const part = reader.choice();
  reader.follow([0], part.first);
  return reader;
}

function overlaps(some: Units, others: Units): boolean {
  return some.some(([from, to]) => others.some(([low, high]) => from <= high && low <= to));
}

const DIGITS: Units = [[48, 57]];
const ANY_END = 0xffff;
const NOTHING: Part = { first: [], last: [], empty: true };

class ExpressionReader implements Automaton {
  readonly units: Units[] = [[]];
  readonly next: Set<number>[] = [new Set()];
  private at = 0;

  constructor(private readonly source: string) {}

  follow(last: readonly number[], first: readonly number[]): void {
    for (const from of last) for (const to of first) this.next[from]?.add(to);
  }

  choice(): Part {
    const branches = [this.sequence()];
    while (this.takes("|")) branches.push(this.sequence());
    if (branches.filter((branch) => branch.empty).length > 1) this.fail("two branches that may be empty");
    return {
      first: branches.flatMap((branch) => branch.first),
      last: branches.flatMap((branch) => branch.last),
      empty: branches.some((branch) => branch.empty),
    };
  }

  private sequence(): Part {
    let whole = NOTHING;
    while (this.at < this.source.length && !"|)".includes(this.source.charAt(this.at)))
      whole = this.joined(whole, this.repeated());
    return whole;
  }

  private joined(one: Part, other: Part): Part {
    this.follow(one.last, other.first);
    return {
      first: one.empty ? [...one.first, ...other.first] : one.first,
      last: other.empty ? [...one.last, ...other.last] : other.last,
      empty: one.empty && other.empty,
    };
  }

  private repeated(): Part {
    const start = this.at;
    const once = this.atom();
    if (this.takes("?")) return this.optional(once);
    if (this.takes("*")) return this.optional(this.looped(once));
    if (this.takes("+")) return this.looped(once);
    const count = /^\{(\d+)(?:(,)(\d+))?\}/.exec(this.source.slice(this.at));
    if (count === null) return once;
    const end = this.at + count[0].length;
    const [least, most] = [Number(count[1]), Number(count[3] ?? count[1])];
    // The first copy is read already; each further one has positions of its own and follows the one before it.
    const copies = [once];
    while (copies.length < most) {
      this.at = start;
      const copy = this.atom();
      this.follow(copies.at(-1)?.last ?? [], copy.first);
      copies.push(copy);
    }
    this.at = end;
    if (once.empty || most < 1) this.fail("a count of nothing");
    return {
      first: once.first,
      last: copies.slice(Math.max(0, least - 1)).flatMap((copy) => copy.last),
      empty: least === 0,
    };
  }

  private optional(part: Part): Part {
    if (part.empty) this.fail("a part that may be empty in two ways");
    return { ...part, empty: true };
  }

  private looped(part: Part): Part {
    if (part.empty) this.fail("a loop over nothing");
    this.follow(part.last, part.first);
    return part;
  }

  private atom(): Part {
    if (this.takes("(?=")) {
      this.choice();
      this.expect(")");
      return NOTHING;
    }
    if (this.takes("(?:") || this.takes("(")) {
      const inner = this.choice();
      this.expect(")");
      return inner;
    }
    if (this.takes("[")) return this.position(this.characterClass());
    const char = this.source.charAt(this.at);
    if (char === "" || "*+?^$.".includes(char)) this.fail(`"${char}"`);
    return this.position(this.unit());
  }

  private position(units: Units): Part {
    const position = this.units.push(units) - 1;
    this.next.push(new Set());
    return { first: [position], last: [position], empty: false };
  }

  private characterClass(): Units {
    const negated = this.takes("^");
    const ranges: (readonly [number, number])[] = [];
    while (!this.takes("]")) {
      const units = this.unit();
      const [first] = units;
      if (
        first !== undefined &&
        this.source.charAt(this.at) === "-" &&
        this.source.charAt(this.at + 1) !== "]"
      ) {
        this.at++;
        ranges.push([first[0], this.unit()[0]?.[1] ?? first[1]]);
      } else ranges.push(...units);
    }
    if (!negated) return ranges;
    const left: [number, number][] = [];
    let from = 0;
    for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
      if (low > from) left.push([from, low - 1]);
      from = Math.max(from, high + 1);
    }
    return from <= ANY_END ? [...left, [from, ANY_END]] : left;
  }

  /** One unit, or a class that is written as an escape. */
  private unit(): Units {
    const char = this.source.charAt(this.at++);
    if (char !== "\\") return [[char.charCodeAt(0), char.charCodeAt(0)]];
    const escaped = this.source.charAt(this.at++);
    if (escaped === "d") return DIGITS;
    if (escaped === "x") {
      const code = Number.parseInt(this.source.slice(this.at, this.at + 2), 16);
      this.at += 2;
      return [[code, code]];
    }
    if (/[A-Za-z0-9]/.test(escaped)) this.fail(`"\\${escaped}"`);
    return [[escaped.charCodeAt(0), escaped.charCodeAt(0)]];
  }

  private takes(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private expect(text: string): void {
    if (!this.takes(text)) this.fail(`no "${text}"`);
  }

  private fail(what: string): never {
    throw new Error(`The proof knows no way with ${what} at ${this.at} of /${this.source}/.`);
  }
}
