/** What keeps objects of one alternative from another. */

import type { JsonSchema } from "../contract.js";
import { isSchema } from "../payload.js";
import { isObject } from "../pointer.js";
import { namedIn, requiredIn } from "./disjoint.js";
import { isNothing, isTaken, type Obstacle, obstacleAt, type Path, text, type Walk } from "./obstacle.js";
import { lengthObstacles } from "./scalar-obstacles.js";
import { type Alternative, patternsOf } from "./side.js";
import { lengthsOf } from "./sizes.js";

export function objectObstacles(walk: Walk, one: Alternative, other: Alternative, path: Path): Obstacle[] {
  const required = requiredIn(one.layers);
  const found = requiredIn(other.layers)
    .filter((name) => !required.includes(name))
    .map((name) => obstacleAt([...path, name], "required", { writer: "may be absent", reader: "required" }));
  const names = new Set([...namedIn(one.layers), ...namedIn(other.layers), ...required]);
  for (const name of names) {
    const wasMissing = found.some(({ pointer }) => pointer === obstacleAt([...path, name], "", NONE).pointer);
    found.push(...memberObstacles(walk, one, other, { name, path, wasMissing }));
  }
  found.push(...restObstacles(walk, one, other, path));
  found.push(...countObstacles(walk, one, other, path));
  for (const { propertyNames } of other.layers) {
    if (isSchema(propertyNames)) found.push(...nameObstacles(walk, one, propertyNames, path));
  }
  return found;
}

const NONE = { writer: "", reader: "" };

interface MemberQuestion {
  readonly name: string;
  readonly path: Path;
  readonly wasMissing: boolean;
}

function memberObstacles(
  walk: Walk,
  one: Alternative,
  other: Alternative,
  { name, path, wasMissing }: MemberQuestion,
): Obstacle[] {
  const own = walk.writer.member(one, name);
  const wanted = walk.reader.member(other, name);
  const at = [...path, name];
  const isGone = isNothing(walk.writer, own.schema);
  if (!own.described && !requiredIn(one.layers).includes(name)) {
    const counted = namedIn(other.layers).includes(name) && !isNothing(walk.reader, wanted.schema);
    const freely = isFreeForm(one) || isMap(one);
    if (isGone || !freely) {
      // The reader knows that a field may be absent; that it never comes again is another thing.
      return counted && !wasMissing
        ? [obstacleAt(at, "field-lacking", { writer: "no such field", reader: "a field" })]
        : [];
    }
  }
  if (isGone) return [];
  if (wanted.schema === false && !wanted.described) {
    return [obstacleAt(at, "field-unknown", { writer: "a field", reader: "no such field" })];
  }
  return walk.compare(own.schema, wanted.schema, at);
}

/** True of an object whose fields the document leaves open altogether: whoever writes it may put anything there. */
function isFreeForm({ layers }: Alternative): boolean {
  return layers.every(
    ({ properties, patternProperties }) =>
      !(isObject(properties) && Object.keys(properties).length > 0) && patternProperties === undefined,
  );
}

/** True of an object that gives the fields without a name of their own a schema. */
function isMap({ layers }: Alternative): boolean {
  return layers.some(({ additionalProperties }) => isObject(additionalProperties));
}

/** The fields that neither side names. */
function restObstacles(walk: Walk, one: Alternative, other: Alternative, path: Path): Obstacle[] {
  const { writer, reader } = walk;
  const [own, wanted] = [one.layers.flatMap(patternsOf), other.layers.flatMap(patternsOf)];
  const at = [...path, "*"];
  const rest = (a: JsonSchema, b: JsonSchema) => {
    if (isNothing(writer, a)) return [];
    if (b === false) {
      return [
        obstacleAt(path, "additionalProperties", { writer: "other fields", reader: "no other fields" }),
      ];
    }
    return walk.compare(a, b, at);
  };
  const [a, b] = [writer.rest(one), reader.rest(other)];
  if (own.length === 0 && wanted.length === 0) return rest(a, b);
  const samePatterns =
    own.length === wanted.length && own.every(([pattern], index) => wanted[index]?.[0] === pattern);
  if (samePatterns && oneShape(one) && oneShape(other)) {
    const inPatterns = own.flatMap(([, schema], index) =>
      walk.compare(schema, wanted[index]?.[1] ?? true, at),
    );
    return [...inPatterns, ...rest(a, b)];
  }
  // A name may fall under any of them on either side: all that may be written has to fit all that may be asked.
  const sources = [...own.map(([, schema]) => schema), a];
  const targets = [...wanted.map(([, schema]) => schema), b];
  const fits = sources.every((from) =>
    targets.every(
      (to) => isNothing(writer, from) || (to !== false && isTaken(walk, walk.compare(from, to, at))),
    ),
  );
  if (fits) return [];
  const patterns = (list: readonly [string, JsonSchema][]) =>
    list.length === 0 ? "no patterns of names" : `names by ${list.map(([pattern]) => pattern).join(", ")}`;
  return [obstacleAt(path, "patternProperties", { writer: patterns(own), reader: patterns(wanted) }, false)];
}

function oneShape({ layers }: Alternative): boolean {
  const shapes = layers.filter(
    ({ properties, patternProperties, additionalProperties }) =>
      properties !== undefined || patternProperties !== undefined || additionalProperties !== undefined,
  );
  return shapes.length <= 1;
}

/** `minProperties` and `maxProperties`, with what the fields themselves say of their number. */
function countObstacles(walk: Walk, one: Alternative, other: Alternative, path: Path): Obstacle[] {
  const said = lengthsOf(one.layers, "minProperties", "maxProperties");
  const closed = one.layers.flatMap(patternsOf).length === 0 && isNothing(walk.writer, walk.writer.rest(one));
  const possible = namedIn(one.layers).filter(
    (name) => !isNothing(walk.writer, walk.writer.member(one, name).schema),
  );
  const own = {
    least: Math.max(said.least, requiredIn(one.layers).length),
    most: Math.min(said.most, closed ? possible.length : Number.POSITIVE_INFINITY),
  };
  return lengthObstacles(
    one,
    other,
    path,
    { least: "minProperties", most: "maxProperties", of: "fields" },
    own,
  );
}

function nameObstacles(walk: Walk, one: Alternative, wanted: JsonSchema, path: Path): Obstacle[] {
  const own = one.layers.map(({ propertyNames }) => propertyNames).filter(isSchema);
  if (own.some((names) => isTaken(walk, walk.compare(names, wanted, path)))) return [];
  const named = [...new Set([...namedIn(one.layers), ...requiredIn(one.layers)])].filter(
    (name) => !isNothing(walk.writer, walk.writer.member(one, name).schema),
  );
  const refused = named.filter((name) => !walk.reader.accepts(wanted, name));
  const closed = one.layers.flatMap(patternsOf).length === 0 && isNothing(walk.writer, walk.writer.rest(one));
  if (closed && refused.length === 0) return [];
  const writer = refused.length > 0 ? refused.map(text).join(", ") : "other names";
  return [
    obstacleAt(
      path,
      "propertyNames",
      { writer, reader: `names that fit ${text(wanted)}` },
      refused.length > 0 && closed,
    ),
  ];
}
