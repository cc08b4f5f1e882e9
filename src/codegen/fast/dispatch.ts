/** Which templates to try on a text: a switch on the characters that tell their beginnings apart. */

/** The reader of one message, and how the texts that it reads begin, in compact JSON. */
export interface Choice {
  readonly reader: string;
  readonly beginning: string;
}

interface Place {
  readonly at: number;
  /** Separators before it, each of which may have a space behind it. */
  readonly gaps: number;
}

/** The literal text that a template begins with. */
export function beginningOf(template: string): string {
  const literal = /^(?:"(?!\()(?:[^"\\]|\\.)*"|[{}[\]:,]|[a-z0-9-])*/.exec(template);
  return literal?.[0] ?? "";
}

/** The body of a function that gives what the first fitting reader makes of `text`, or undefined. */
export function dispatchLines(choices: readonly Choice[]): string[] {
  const first = choices[0]?.beginning ?? "";
  const separator = firstSeparator(first);
  const isShared = choices.every(({ beginning }) => firstSeparator(beginning) === separator && separator > 0);
  const body = branch(choices, isShared, "  ");
  if (!body.some((line) => line.includes("gap"))) return body;
  return [
    "  // A space behind the first separator is behind all of them.",
    `  const gap = text.charCodeAt(${separator + 1}) === 32 ? 1 : 0;`,
    ...body,
  ];
}

function branch(choices: readonly Choice[], isShared: boolean, indent: string): string[] {
  const place = choices.length > 1 ? bestPlace(choices, isShared) : undefined;
  if (place === undefined) {
    const calls = choices.map(({ reader }) => `${reader}(text)`);
    return [`${indent}return ${calls.join(" ?? ")};`];
  }
  const units = new Set(choices.map(({ beginning }) => beginning.charCodeAt(place.at)));
  const gap = place.gaps === 0 ? "" : place.gaps === 1 ? " + gap" : ` + ${place.gaps} * gap`;
  const lines = [`${indent}switch (text.charCodeAt(${place.at}${gap})) {`];
  for (const unit of units) {
    const group = choices.filter(({ beginning }) => beginning.charCodeAt(place.at) === unit);
    lines.push(`${indent}  case ${unit}: // ${JSON.stringify(String.fromCharCode(unit))}`);
    lines.push(...branch(group, isShared, `${indent}    `));
  }
  return [...lines, `${indent}  default:`, `${indent}    return undefined;`, `${indent}}`];
}

/** The place that parts the choices into most groups; undefined where none parts them. */
function bestPlace(choices: readonly Choice[], isShared: boolean): Place | undefined {
  const shortest = Math.min(...choices.map(({ beginning }) => beginning.length));
  let best: Place | undefined;
  let most = 1;
  for (let at = 0; at < shortest; at++) {
    const gaps = new Set(choices.map(({ beginning }) => gapsBefore(beginning, at)));
    const [only = 0] = gaps;
    if (gaps.size > 1 || (only > 0 && !isShared)) continue;
    const { size } = new Set(choices.map(({ beginning }) => beginning.charCodeAt(at)));
    if (size > most) [best, most] = [{ at, gaps: only }, size];
  }
  return best;
}

function gapsBefore(text: string, end: number): number {
  return [...outsideTexts(text, end)].filter(([unit]) => unit === ":" || unit === ",").length;
}

function firstSeparator(text: string): number {
  for (const [unit, at] of outsideTexts(text, text.length)) if (unit === ":" || unit === ",") return at;
  return -1;
}

/** The units of a JSON text before `end` that stand in no string, with their places. */
function* outsideTexts(text: string, end: number): Generator<[unit: string, at: number]> {
  let quoted = false;
  for (let at = 0; at < end; at++) {
    const unit = text.charAt(at);
    if (unit === '"') quoted = !quoted;
    else if (quoted && unit === "\\") at++;
    else if (!quoted) yield [unit, at];
  }
}
