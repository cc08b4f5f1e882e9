/**
 * Whether every value that one schema's writer may write is taken by another schema's reader.
 *
 * Sound: no obstacle means that each value that fits the writer's schema fits the reader's, with one exception that
 * docs/diff.md states (a field that the writer does not describe, under the very name that the reader describes). Where
 * that can be neither proved nor refuted, the obstacle is not certain.
 */

import type { Contract, JsonSchema } from "../contract.js";
import { isSchema } from "../payload.js";
import { isObject } from "../pointer.js";
import { arrayObstacles } from "./array-obstacles.js";
import { areDisjoint, requiredIn } from "./disjoint.js";
import { objectObstacles } from "./object-obstacles.js";
import {
  hardOnes,
  isNothing,
  isTaken,
  type Obstacle,
  obstacleAt,
  type Path,
  text,
  type Walk,
} from "./obstacle.js";
import { sameSchema } from "./same-schema.js";
import { numberObstacles, stringObstacles } from "./scalar-obstacles.js";
import {
  type Alternative,
  isInteger,
  KINDS,
  type Kind,
  kindOf,
  kindsOf,
  type Layer,
  listedValues,
  Side,
  Undecidable,
} from "./side.js";
import { lengthsOf, rangeOf } from "./sizes.js";

/** A schema, and where its `$ref`s lead. */
export interface Described {
  readonly schema: JsonSchema;
  readonly definitions: Contract["definitions"];
}

export interface ContainmentOptions {
  /** The reader counts on the fields that it describes, also on those that may be absent. */
  readonly promised?: boolean;
}

/** What keeps values of `writer` from `reader`; nothing when all of them are taken. */
export function obstacles(
  writer: Described,
  reader: Described,
  options: ContainmentOptions = {},
): Obstacle[] {
  const inside = (side: Side, a: Alternative, b: Alternative) => areDisjoint(side, a, side, b);
  const walk: Walk = {
    writer: new Side(writer.definitions, inside),
    reader: new Side(reader.definitions, inside),
    promised: options.promised === true,
    open: new Map(),
    steps: 0,
    compare: (a, b, path) => schemaObstacles(walk, a, b, path),
  };
  const found = schemaObstacles(walk, writer.schema, reader.schema, []);
  const known = new Map(found.map((one) => [`${one.pointer}\0${one.keyword}\0${one.reader}`, one]));
  return [...known.values()];
}

// Pairs of schemas looked at for one payload: the largest documents met so far need some hundred.
const MAX_STEPS = 20_000;
/** Whole numbers between two bounds are listed up to this many. */
const MAX_LISTED = 64;

/** The obstacles between two schemas at a place. */
function schemaObstacles(walk: Walk, a: JsonSchema, b: JsonSchema, path: Path): Obstacle[] {
  if (b === true || a === false) return [];
  if (sameSchema(a, walk.writer.definitions, b, walk.reader.definitions)) return [];
  const open = walk.open.get(a) ?? new Set();
  walk.open.set(a, open);
  if (open.has(b)) return [];
  if (++walk.steps > MAX_STEPS) return [undecided(path, "it is too large to be compared")];
  open.add(b);
  try {
    return walk.writer.alternatives(a).flatMap((one) => alternativeObstacles(walk, { a, b }, one, path));
  } catch (error) {
    if (error instanceof Undecidable) return [undecided(path, error.message)];
    throw error;
  } finally {
    open.delete(b);
  }
}

function undecided(path: Path, why: string): Obstacle {
  const text = `a schema that cannot be compared: ${why}`;
  return obstacleAt(path, "schema", { writer: text, reader: text }, false);
}

interface Pair {
  readonly a: JsonSchema;
  readonly b: JsonSchema;
}

function alternativeObstacles(walk: Walk, pair: Pair, one: Alternative, path: Path): Obstacle[] {
  const readers = walk.reader.alternatives(pair.b);
  return [...kindsOf(one.layers)].flatMap((kind) => {
    const values = valuesOf(walk.writer, pair.a, one, kind);
    if (values !== undefined) return valueObstacles(walk, pair, values, readers, path);
    if (isEmpty(walk.writer, one, kind)) return [];
    return kindObstacles(walk, pair, { one, kind, readers, path }, true);
  });
}

interface Question {
  readonly one: Alternative;
  readonly kind: Kind;
  readonly readers: readonly Alternative[];
  readonly path: Path;
}

/** The obstacles of the writer's values of one kind, each of which may go to another alternative of the reader. */
function kindObstacles(walk: Walk, pair: Pair, question: Question, splits: boolean): Obstacle[] {
  const { one, kind, path } = question;
  const able = question.readers.filter(({ layers }) => kindsOf(layers).has(kind));
  const [only] = able;
  if (only === undefined) {
    const kinds = new Set(question.readers.flatMap(({ layers }) => kindNames(layers)));
    const reader = kinds.size === 0 ? "nothing" : [...kinds].join(" or ");
    return [obstacleAt(path, "type", { writer: kindName(kind, one.layers), reader })];
  }
  if (able.length === 1) return pairObstacles(walk, pair, question, only);

  const near = able.filter((other) => !areDisjoint(walk.writer, one, walk.reader, other));
  if (near.length === 0) {
    const reader = able.map(({ layers }) => shown(layers)).join(" or ");
    return [obstacleAt(path, "anyOf", { writer: shown(one.layers), reader })];
  }
  const tried: Obstacle[][] = [];
  for (const other of near) {
    const found = pairObstacles(walk, pair, question, other);
    if (isTaken(walk, found)) return found;
    tried.push(found);
  }
  const [fewest = []] = tried.sort((x, y) => hardOnes(walk, x) - hardOnes(walk, y));
  if (near.length === 1) return fewest;
  const parts = splits && kind === "object" ? splitByTag(walk.writer, one) : [];
  if (parts.length > 1) {
    return parts.flatMap((part) => kindObstacles(walk, pair, { ...question, one: part }, false));
  }
  // Each of them refuses some value; whether they share the values out between them is not proved.
  return fewest.map((found) => ({ ...found, certain: false }));
}

/** One alternative for each value of a required field that has few: the reader may tell its alternatives by it. */
function splitByTag(side: Side, one: Alternative): Alternative[] {
  for (const name of requiredIn(one.layers)) {
    const { schema } = side.member(one, name);
    const values = side.alternatives(schema).map(({ layers }) => listedValues(layers));
    if (values.length === 0 || values.some((list) => list === undefined)) continue;
    const all = values.flatMap((list) => list ?? []);
    if (all.length < 2 || all.length > MAX_LISTED) continue;
    return all.map((value) => ({
      layers: [...one.layers, { properties: { [name]: { const: value } } }],
      atoms: one.atoms,
    }));
  }
  return [];
}

/** The obstacles between one alternative of the writer and one of the reader, for values of one kind. */
function pairObstacles(walk: Walk, pair: Pair, question: Question, other: Alternative): Obstacle[] {
  const { one, path } = question;
  const listed = listedValues(other.layers);
  const found: Obstacle[] =
    listed === undefined
      ? []
      : [obstacleAt(path, "enum", { writer: shown(one.layers), reader: listed.map(text).join(", ") })];
  if (found.length === 0) found.push(...ofKind(walk, question, other));
  for (const atom of other.atoms) found.push(...atomObstacles(walk, pair, one, atom, path));
  return found;
}

function ofKind(walk: Walk, { one, kind, path }: Question, other: Alternative): Obstacle[] {
  switch (kind) {
    case "number":
      return numberObstacles(one, other, path);
    case "string":
      return stringObstacles(walk, one, other, path);
    case "array":
      return arrayObstacles(walk, one, other, path);
    case "object":
      return objectObstacles(walk, one, other, path);
    default:
      return [];
  }
}

/** What the reader asks in words that are kept whole: the writer has to say the same, or to prove that it is kept. */
function atomObstacles(walk: Walk, pair: Pair, one: Alternative, atom: Layer, path: Path): Obstacle[] {
  const { writer, reader } = walk;
  const same = (own: Layer) => sameSchema(own, writer.definitions, atom, reader.definitions);
  if (one.atoms.some(same)) return [];
  const keyword = Object.keys(atom)[0] ?? "schema";
  const differs = (certain: boolean) => {
    const own = one.atoms.find((mine) => Object.keys(mine)[0] === keyword);
    const texts = { writer: own === undefined ? `no \`${keyword}\`` : text(own), reader: text(atom) };
    return [obstacleAt(path, keyword, texts, certain)];
  };
  const not = atom["not"];
  if (isSchema(not)) {
    const forbidden = reader.alternatives(not);
    if (forbidden.every((other) => areDisjoint(writer, one, reader, other))) return [];
    const values = forbidden.length === 1 ? listedValues(forbidden[0]?.layers ?? []) : undefined;
    const met = values?.filter((value) => reader.accepts(not, value) && writer.accepts(pair.a, value));
    return met?.length === 0 ? [] : differs(met !== undefined);
  }
  const dependencies = atom["dependencies"];
  if (isObject(dependencies)) {
    const [[name, needs] = ["", undefined]] = Object.entries(dependencies);
    if (writer.member(one, name).schema === false) return [];
    const required = requiredIn(one.layers);
    if (Array.isArray(needs) && needs.every((need) => required.includes(String(need)))) return [];
  }
  return differs(false);
}

/** The values of a kind, where there are so few that each can be tried. */
function valuesOf(side: Side, schema: JsonSchema, one: Alternative, kind: Kind): unknown[] | undefined {
  const candidates = candidatesOf(one.layers, kind);
  return candidates?.filter((value) => kindOf(value) === kind && side.accepts(schema, value));
}

function candidatesOf(layers: readonly Layer[], kind: Kind): readonly unknown[] | undefined {
  const listed = listedValues(layers);
  if (listed !== undefined) return listed;
  if (kind === "null") return [null];
  if (kind === "boolean") return [false, true];
  if (kind !== "number" || !isInteger(layers)) return undefined;
  const { from, to } = rangeOf(layers);
  if (!(to - from < MAX_LISTED)) return undefined;
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function valueObstacles(
  walk: Walk,
  pair: Pair,
  values: readonly unknown[],
  readers: readonly Alternative[],
  path: Path,
): Obstacle[] {
  const refused = values.filter((value) => !walk.reader.accepts(pair.b, value));
  if (refused.length === 0) return [];
  const reader =
    readers.length === 0 ? "nothing" : [...new Set(readers.map(({ layers }) => shown(layers)))].join(" or ");
  return [obstacleAt(path, "enum", { writer: refused.map(text).join(", "), reader })];
}

/** True when no value of the kind fits: contradictory numbers, or a field that must and must not be there. */
function isEmpty(side: Side, one: Alternative, kind: Kind): boolean {
  const crossed = (least: string, most: string) => {
    const lengths = lengthsOf(one.layers, least, most);
    return lengths.least > lengths.most;
  };
  switch (kind) {
    case "number": {
      const { from, to, fromIsOut, toIsOut } = rangeOf(one.layers);
      return from > to || (from === to && (fromIsOut || toIsOut));
    }
    case "string":
      return crossed("minLength", "maxLength");
    case "array":
      return crossed("minItems", "maxItems");
    case "object":
      return (
        crossed("minProperties", "maxProperties") ||
        requiredIn(one.layers).some((name) => isNothing(side, side.member(one, name).schema))
      );
    default:
      return false;
  }
}

function kindNames(layers: readonly Layer[]): string[] {
  return [...kindsOf(layers)].map((kind) => kindName(kind, layers));
}

function kindName(kind: Kind, layers: readonly Layer[]): string {
  return kind === "number" && isInteger(layers) ? "integer" : kind;
}

/** An alternative in a few words: its values, or its kinds. */
function shown(layers: readonly Layer[]): string {
  const listed = listedValues(layers);
  if (listed !== undefined) return listed.map(text).join(", ");
  const kinds = kindNames(layers);
  return kinds.length === KINDS.length ? "any value" : kinds.join(" or ");
}
