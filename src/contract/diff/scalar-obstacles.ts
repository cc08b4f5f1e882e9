/** What keeps numbers and texts of one alternative from another. */

import { type Obstacle, obstacleAt, type Path, type Walk } from "./obstacle.js";
import { type Alternative, isInteger, type Layer } from "./side.js";
import { lengthsOf, numbersOf, rangeOf, textsOf } from "./sizes.js";

/** Formats of numbers that say a range; the others take any number. */
const INT32 = 2 ** 31;

export function numberObstacles(one: Alternative, other: Alternative, path: Path): Obstacle[] {
  const found: Obstacle[] = [];
  const [a, b] = [rangeOf(one.layers), rangeOf(other.layers)];
  if (wantsInteger(other.layers) && !isInteger(one.layers)) {
    found.push(obstacleAt(path, "type", { writer: "number", reader: "integer" }));
  }
  if (a.from < b.from || (a.from === b.from && b.fromIsOut && !a.fromIsOut)) {
    found.push(
      obstacleAt(path, "minimum", {
        writer: edge("from", a.from),
        reader: edge("from", b.from, b.fromIsOut),
      }),
    );
  }
  if (a.to > b.to || (a.to === b.to && b.toIsOut && !a.toIsOut)) {
    found.push(
      obstacleAt(path, "maximum", { writer: edge("to", a.to), reader: edge("to", b.to, b.toIsOut) }),
    );
  }
  const steps = numbersOf(one.layers, "multipleOf");
  for (const step of numbersOf(other.layers, "multipleOf")) {
    // Only whole multiples are proved: of fractions Ajv's own precision decides.
    const kept = steps.some((own) => own === step || (Number.isInteger(own) && Number.isInteger(own / step)));
    const whole = Number.isInteger(1 / step) && isInteger(one.layers);
    if (kept || whole) continue;
    const writer = steps.length === 0 ? "any step" : `steps of ${steps.join(" and ")}`;
    found.push(obstacleAt(path, "multipleOf", { writer, reader: `steps of ${step}` }, steps.length === 0));
  }
  const formats = textsOf(other.layers, "format").filter((format) => ["int32", "int64"].includes(format));
  for (const format of formats) {
    const inRange = isInteger(one.layers) && (format === "int64" || (a.from >= -INT32 && a.to < INT32));
    if (inRange || textsOf(one.layers, "format").includes(format)) continue;
    found.push(obstacleAt(path, "format", { writer: formatText(one.layers), reader: format }));
  }
  return found;
}

/** A `multipleOf` is an obstacle of its own; here only `type` counts. */
function wantsInteger(layers: readonly Layer[]): boolean {
  return isInteger(layers.map(({ type }) => (type === undefined ? {} : { type })));
}

function edge(side: "from" | "to", value: number, out = false): string {
  if (!Number.isFinite(value)) return side === "from" ? "no minimum" : "no maximum";
  if (out) return `${side === "from" ? "above" : "below"} ${value}`;
  return `at ${side === "from" ? "least" : "most"} ${value}`;
}

export function stringObstacles(walk: Walk, one: Alternative, other: Alternative, path: Path): Obstacle[] {
  const found = lengthObstacles(one, other, path, {
    least: "minLength",
    most: "maxLength",
    of: "characters",
  });
  const [patterns, formats] = [textsOf(one.layers, "pattern"), textsOf(one.layers, "format")];
  const ruled = patterns.length > 0 || formats.length > 0;
  for (const pattern of textsOf(other.layers, "pattern")) {
    if (patterns.includes(pattern)) continue;
    const writer = patterns.length === 0 ? "any text" : `texts that match ${patterns.join(" and ")}`;
    found.push(obstacleAt(path, "pattern", { writer, reader: `texts that match ${pattern}` }, !ruled));
  }
  for (const format of textsOf(other.layers, "format")) {
    if (NUMERIC.has(format) || !walk.reader.knowsFormat(format) || formats.includes(format)) continue;
    found.push(obstacleAt(path, "format", { writer: formatText(one.layers), reader: format }, !ruled));
  }
  return found;
}

const NUMERIC: ReadonlySet<string> = new Set(["int32", "int64", "float", "double"]);

function formatText(layers: readonly Layer[]): string {
  const formats = textsOf(layers, "format");
  return formats.length === 0 ? "no format" : formats.join(" and ");
}

/** Obstacles of a smallest and a greatest number of characters, items or fields. */
export function lengthObstacles(
  one: Alternative,
  other: Alternative,
  path: Path,
  { least, most, of }: { readonly least: string; readonly most: string; readonly of: string },
  own = lengthsOf(one.layers, least, most),
): Obstacle[] {
  const wanted = lengthsOf(other.layers, least, most);
  const found: Obstacle[] = [];
  if (own.least < wanted.least) {
    found.push(
      obstacleAt(path, least, {
        writer: `at least ${own.least} ${of}`,
        reader: `at least ${wanted.least} ${of}`,
      }),
    );
  }
  if (own.most > wanted.most) {
    const writer = Number.isFinite(own.most) ? `at most ${own.most} ${of}` : `any number of ${of}`;
    found.push(obstacleAt(path, most, { writer, reader: `at most ${wanted.most} ${of}` }));
  }
  return found;
}
