/** Conditions that generated code asks of one value, in both senses: what is wrong with it, what is right. */

/** One condition as source, and its opposite. */
export interface Term {
  readonly wrong: string;
  readonly right: string;
}

/** A condition whose opposite is written with `!`. `right` is a call or a name. */
export function holds(right: string): Term {
  return { wrong: `!${right}`, right };
}

/** A comparison: `compare("a.length", "<", ">=", "3")` is wrong when `a.length < 3`. */
export function compare(left: string, wrong: string, right: string, bound: string): Term {
  return { wrong: `${left} ${wrong} ${bound}`, right: `${left} ${right} ${bound}` };
}

/** All of `terms` must hold. */
export function all(terms: readonly Term[]): Term {
  const [only] = terms;
  if (only !== undefined && terms.length === 1) return only;
  return { wrong: chain(terms, "wrong", "||"), right: chain(terms, "right", "&&") };
}

/** One of `terms` must hold. */
export function any(terms: readonly Term[]): Term {
  const [only] = terms;
  if (only !== undefined && terms.length === 1) return only;
  return { wrong: chain(terms, "wrong", "&&"), right: chain(terms, "right", "||") };
}

/** `terms` must hold where `guard` does. */
export function where(guard: Term, terms: readonly Term[]): Term {
  const inner = all(terms);
  return {
    wrong: `${wrap(guard.right)} && ${wrap(inner.wrong)}`,
    right: `${wrap(guard.wrong)} || ${wrap(inner.right)}`,
  };
}

/** The opposite of a term. */
export function not(term: Term): Term {
  return { wrong: term.right, right: term.wrong };
}

/** Never true. */
export const NEVER: Term = { wrong: "true", right: "false" };

function chain(terms: readonly Term[], sense: "wrong" | "right", operator: "||" | "&&"): string {
  if (terms.length === 0) return operator === "&&" ? "true" : "false";
  return terms
    .map((term) => (binds(term[sense], operator) ? term[sense] : `(${term[sense]})`))
    .join(` ${operator} `);
}

/** Parenthesised unless it is one operand, or a comparison. */
export function wrap(condition: string): string {
  return binds(condition, "none") ? condition : `(${condition})`;
}

/** The parts of a condition between its outermost `||` or `&&`, for a printer that breaks lines. */
export function operands(condition: string): {
  readonly operator: string;
  readonly parts: readonly string[];
} {
  const found = split(condition);
  const operator = found.operators.includes("||") ? "||" : (found.operators[0] ?? "||");
  return { operator, parts: splitAt(condition, operator) };
}

function binds(condition: string, operator: string): boolean {
  return split(condition).operators.every((inner) => inner === operator);
}

function splitAt(condition: string, operator: string): string[] {
  const { positions } = split(condition);
  const parts: string[] = [];
  let from = 0;
  for (const { at, operator: found } of positions) {
    if (found !== operator) continue;
    parts.push(condition.slice(from, at).trim());
    from = at + operator.length;
  }
  parts.push(condition.slice(from).trim());
  return parts;
}

/** The operators `||` and `&&` outside of brackets and texts. */
function split(condition: string): {
  operators: string[];
  positions: { at: number; operator: string }[];
} {
  const positions: { at: number; operator: string }[] = [];
  let depth = 0;
  let quoted = "";
  for (let i = 0; i < condition.length; i++) {
    const char = condition.charAt(i);
    if (quoted !== "") {
      if (char === "\\") i++;
      else if (char === quoted) quoted = "";
    } else if (char === '"' || char === "'" || char === "`") quoted = char;
    else if (char === "(" || char === "[" || char === "{") depth++;
    else if (char === ")" || char === "]" || char === "}") depth--;
    else if (depth === 0 && (char === "|" || char === "&") && condition.charAt(i + 1) === char) {
      positions.push({ at: i, operator: char + char });
      i++;
    }
  }
  return { operators: positions.map((position) => position.operator), positions };
}
