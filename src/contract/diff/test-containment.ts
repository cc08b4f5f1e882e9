/**
 * Pairs of schemas of which one came from the other by some edits, and values that tell whether a comparison of the two
 * is right: Ajv is the oracle.
 *
 * This file is long because a generator of schemas has a line for each keyword, to draw it and to edit it. Cheap enough
 * for thousands: a plain generator with a seed, no shrinking. A failure prints the pair and the value.
 */

import fc from "fast-check";
import { UnsatisfiableError } from "../../arbitrary/bounded-filter.js";
import { invalidPayload } from "../../arbitrary/invalid-payload.js";
import { validPayload } from "../../arbitrary/valid-payload.js";
import { isDescribed } from "../constants.js";
import type { Contract, Json, JsonSchema } from "../contract.js";
import { formatPointer, isObject } from "../pointer.js";
import { compileSchema, createAjv, SchemaError } from "../validate.js";
import type { Described, obstacles } from "./containment.js";

/** Random numbers of a seed (mulberry32). */
export class Dice {
  constructor(private state: number) {}

  /** An integer from 0 up to `below`. */
  roll(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.roll(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.roll(list.length)];
    if (found === undefined) throw new RangeError("There is nothing to pick from.");
    return found;
  }
}

type Schema = Exclude<JsonSchema, boolean>;

const NAMES = ["alpha", "beta", "gamma", "delta", "kind"] as const;
const WORDS = ["red", "green", "blue", "x", ""] as const;
const PATTERNS = ["^[a-z]+$", "^[a-z]{2,4}$", "e", "^\\d+$"] as const;
const FORMATS = ["date-time", "uuid", "email", "ipv4"] as const;

/** The definitions that generated schemas refer to; one of them to itself. */
export const DEFINITIONS: Contract["definitions"] = {
  Colour: { enum: ["red", "green", "blue"] },
  Tree: {
    type: "object",
    required: ["alpha"],
    properties: {
      alpha: { type: "integer" },
      beta: { type: "array", items: { $ref: "#/definitions/Tree" } },
    },
  },
};

/** What may become of them. */
const CHANGED: readonly Contract["definitions"][] = [
  { ...DEFINITIONS, Colour: { enum: ["red", "green", "blue", "x"] } },
  ...[
    { properties: { alpha: { type: "number" } } },
    { required: ["alpha", "beta"] },
    { additionalProperties: false },
    { properties: { beta: { type: "array", maxItems: 1 } } },
  ].map((more): Contract["definitions"] => ({
    ...DEFINITIONS,
    Tree: { allOf: [DEFINITIONS["Tree"], more] },
  })),
];

/** A schema of at most `depth` levels. */
export function drawSchema(dice: Dice, depth: number): JsonSchema {
  const kind = dice.roll(depth > 0 ? 14 : 7);
  switch (kind) {
    case 0:
      return {
        type: "string",
        ...some(dice, "minLength", dice.roll(3)),
        ...some(dice, "maxLength", 3 + dice.roll(4)),
      };
    case 1:
      return {
        type: "string",
        ...(dice.once(2) ? { pattern: dice.pick(PATTERNS) } : { format: dice.pick(FORMATS) }),
      };
    case 2:
      return {
        type: dice.pick(["integer", "number"]),
        ...some(dice, "minimum", dice.roll(5)),
        ...some(dice, "maximum", 5 + dice.roll(5)),
        ...some(dice, "multipleOf", dice.pick([1, 2, 3, 0.5])),
      };
    case 3:
      return { enum: [...new Set([dice.pick(WORDS), dice.pick(WORDS), dice.pick([1, null, true, "red"])])] };
    case 4:
      return dice.once(2)
        ? { const: dice.pick(WORDS) }
        : { type: dice.pick(["boolean", "null", "string", "number"]) };
    case 5:
      return {
        type: [...new Set([dice.pick(["string", "null"]), dice.pick(["integer", "boolean", "array"])])],
      };
    case 6:
      return dice.once(2)
        ? { $ref: `#/definitions/${dice.pick(["Colour", "Tree"])}` }
        : dice.once(4)
          ? true
          : { type: "integer", exclusiveMinimum: dice.roll(3) };
    case 7:
      return {
        type: "array",
        items: drawSchema(dice, depth - 1),
        ...some(dice, "minItems", dice.roll(3)),
        ...some(dice, "maxItems", 2 + dice.roll(3)),
        ...(dice.once(6) ? { items: { type: "integer" }, uniqueItems: true } : {}),
      };
    case 8:
      return {
        type: "array",
        items: [drawSchema(dice, depth - 1), drawSchema(dice, depth - 1)],
        ...some(dice, "additionalItems", dice.once(2) ? false : drawSchema(dice, 0)),
        ...some(dice, "contains", drawSchema(dice, 0)),
      };
    case 9:
      return drawUnion(dice, depth);
    case 10:
      // Of names apart: what contradicts itself is looked for in vain, and that takes long.
      return { allOf: [drawObject(dice, depth, NAMES.slice(0, 3)), drawObject(dice, depth, NAMES.slice(3))] };
    default:
      return drawObject(dice, depth);
  }
}

function some(dice: Dice, keyword: string, value: unknown): Schema {
  return dice.once(2) ? { [keyword]: value } : {};
}

export function drawObject(dice: Dice, depth: number, among: readonly string[] = NAMES): Schema {
  const names = among.filter(() => dice.once(2));
  const schema: Schema = {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, drawSchema(dice, depth - 1)])),
  };
  const required = names.filter(() => dice.once(2));
  if (required.length > 0) schema["required"] = required;
  const rare: readonly [number, string, () => unknown][] = [
    [3, "additionalProperties", () => (dice.once(3) ? drawSchema(dice, 0) : false)],
    [12, "minProperties", () => dice.roll(3)],
    [12, "maxProperties", () => 2 + dice.roll(3)],
    [12, "patternProperties", () => ({ [dice.pick(["^a", "a$"])]: drawSchema(dice, 0) })],
    [12, "propertyNames", () => ({ pattern: dice.pick(["^[a-z]", "a$|^[b-z]"]) })],
    [
      12,
      "dependencies",
      () => ({ [dice.pick(NAMES)]: dice.once(2) ? [dice.pick(NAMES)] : drawObject(dice, 0) }),
    ],
    [
      12,
      "not",
      () =>
        dice.once(2)
          ? { required: [dice.pick(NAMES)] }
          : { properties: { kind: { const: "red" } }, required: ["kind"] },
    ],
    [12, "if", () => ({ properties: { kind: { const: dice.pick(WORDS) } } })],
  ];
  for (const [odds, keyword, draw] of rare) if (dice.once(odds)) schema[keyword] = draw();
  if (schema["if"] !== undefined) schema["then"] = { required: [dice.pick(NAMES)] };
  return schema;
}

/** Branches that a tag tells apart, or that nothing does. */
function drawUnion(dice: Dice, depth: number): Schema {
  const tagged = dice.once(2);
  const branches = ["red", "green", "blue"].slice(0, 2 + dice.roll(2)).map((tag): JsonSchema => {
    if (!tagged) return drawSchema(dice, depth - 1);
    const branch = drawObject(dice, depth - 1);
    const properties = isObject(branch["properties"]) ? branch["properties"] : {};
    return { ...branch, required: ["kind"], properties: { ...properties, kind: { const: tag } } };
  });
  return { [dice.pick(["anyOf", "oneOf"])]: branches };
}

/** The schema after one edit somewhere in it; the given one stays as it is. */
export function editSchema(dice: Dice, schema: JsonSchema): JsonSchema {
  const copy = structuredClone(schema);
  if (typeof copy === "boolean") return drawSchema(dice, 1);
  const places = placesIn(copy);
  const [at, put] = dice.pick(places);
  const edited = editHere(dice, at);
  if (put === undefined) return edited;
  put(edited);
  return copy;
}

type Put = (schema: JsonSchema) => void;

function placesIn(schema: Schema): [Schema, Put | undefined][] {
  const found: [Schema, Put | undefined][] = [[schema, undefined]];
  const visit = (holder: Record<string, unknown> | unknown[], key: string | number): void => {
    const child: unknown = Reflect.get(holder, key);
    if (!isObject(child)) return;
    found.push([child, (made) => void Reflect.set(holder, key, made)]);
    walk(child);
  };
  const walk = (from: Schema): void => {
    for (const keyword of ["items", "additionalProperties", "not", "contains"]) {
      const child = from[keyword];
      if (Array.isArray(child)) for (const index of child.keys()) visit(child, index);
      else visit(from, keyword);
    }
    for (const keyword of ["allOf", "anyOf", "oneOf"]) {
      const list = from[keyword];
      if (Array.isArray(list)) for (const index of list.keys()) visit(list, index);
    }
    for (const keyword of ["properties", "patternProperties"]) {
      const map = from[keyword];
      if (isObject(map)) for (const name of Object.keys(map)) visit(map, name);
    }
  };
  walk(schema);
  return found;
}

function editHere(dice: Dice, at: Schema): JsonSchema {
  const edits: (() => JsonSchema)[] = [
    () => ({ ...at, description: "Said otherwise." }),
    () => ({ allOf: [at] }),
    () => ({ anyOf: [at, drawSchema(dice, 1)] }),
    () => drawSchema(dice, 1),
  ];
  const numbers = Object.keys(at).filter((keyword) => typeof at[keyword] === "number");
  for (const keyword of numbers) {
    edits.push(() => ({ ...at, [keyword]: Math.max(1, Number(at[keyword]) + dice.pick([-1, 1, 2])) }));
    edits.push(() => without(at, keyword));
  }
  for (const keyword of [
    "pattern",
    "format",
    "uniqueItems",
    "propertyNames",
    "not",
    "dependencies",
    "contains",
  ]) {
    if (at[keyword] !== undefined) edits.push(() => without(at, keyword));
  }
  const values = at["enum"];
  if (Array.isArray(values)) {
    edits.push(() => ({ ...at, enum: [...new Set([...values, dice.pick(WORDS)])] }));
    if (values.length > 1) edits.push(() => ({ ...at, enum: values.slice(1) }));
  }
  if (at["type"] === "integer") edits.push(() => ({ ...at, type: "number" }));
  if (at["type"] === "number") edits.push(() => ({ ...at, type: "integer" }));
  if (typeof at["type"] === "string") edits.push(() => ({ ...at, type: [at["type"], "null"] }));
  if (Array.isArray(at["type"]))
    edits.push(() => ({ ...at, type: Array.isArray(at["type"]) ? at["type"][0] : "null" }));
  if (at["type"] === "string")
    edits.push(
      () => ({ ...at, pattern: dice.pick(PATTERNS) }),
      () => ({ ...at, maxLength: 2 }),
    );
  if (at["type"] === "array")
    edits.push(
      () => ({ ...at, minItems: 1 }),
      () => ({ ...at, uniqueItems: true }),
    );
  for (const keyword of ["oneOf", "anyOf"]) {
    const branches = at[keyword];
    if (!Array.isArray(branches)) continue;
    edits.push(
      () => ({ ...at, [keyword]: branches.slice(1) }),
      () => ({ ...at, [keyword]: [...branches].reverse() }),
    );
    edits.push(() => ({ ...without(at, keyword), [keyword === "oneOf" ? "anyOf" : "oneOf"]: branches }));
  }
  if (at["type"] === "object") edits.push(...objectEdits(dice, at));
  return dice.pick(edits)();
}

function objectEdits(dice: Dice, at: Schema): (() => JsonSchema)[] {
  const properties = isObject(at["properties"]) ? at["properties"] : {};
  const required = Array.isArray(at["required"]) ? at["required"] : [];
  const name = dice.pick(NAMES);
  return [
    () => ({ ...at, properties: { ...properties, [name]: drawSchema(dice, 1) } }),
    () => ({ ...at, properties: without(properties, name) }),
    () => ({ ...at, required: [...new Set([...required, name])] }),
    () => ({ ...at, required: required.slice(1) }),
    () => ({ ...at, additionalProperties: false }),
    () => ({ ...at, additionalProperties: drawSchema(dice, 0) }),
    () => without(at, "additionalProperties"),
    () => ({ ...at, minProperties: 1 + dice.roll(3) }),
    () => ({ ...at, maxProperties: 1 + dice.roll(3) }),
    () => ({ ...at, patternProperties: { "^a": drawSchema(dice, 0) } }),
    () => ({ ...at, not: { required: [name] } }),
    () => ({ ...at, dependencies: { [name]: [dice.pick(NAMES)] } }),
    () => ({ ...at, propertyNames: { pattern: "^[a-z]+$" } }),
  ];
}

function without(schema: Schema, keyword: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== keyword));
}

/** What a run of the property has seen. */
export interface ContainmentRun {
  pairs: number;
  /** Pairs of which the comparison says that every value of the writer is taken. */
  contained: number;
  /** Pairs with a certain obstacle, and those of them for which a value was found that shows it. */
  refuted: number;
  shown: number;
  /** Pairs that were left undecided. */
  undecided: number;
  values: number;
  /** How often a value shows the fault of a comparison that forgets a keyword: the only one that it found. */
  readonly needed: Map<string, number>;
  /** Values that the reader refuses although the comparison says that it takes all. */
  readonly counterexamples: string[];
}

export interface Effort {
  readonly pairs: number;
  readonly seed: number;
}

/** Draws pairs, and tries what a comparison says of them on values. */
export function tryContainment(compare: typeof obstacles, { pairs, seed }: Effort): ContainmentRun {
  const dice = new Dice(seed);
  const run: ContainmentRun = {
    pairs: 0,
    contained: 0,
    refuted: 0,
    shown: 0,
    undecided: 0,
    values: 0,
    needed: new Map(),
    counterexamples: [],
  };
  while (run.pairs < pairs) {
    // Shallow ones are quick, and an edit of one keyword is not lost among others.
    const before = drawSchema(dice, dice.pick([0, 0, 1, 1, 2]));
    let after = before;
    for (let edits = 1 + dice.roll(2); edits > 0; edits--) after = editSchema(dice, after);
    const [writer, reader] = dice.once(2) ? [before, after] : [after, before];
    const [ofWriter, ofReader] = dice.once(3)
      ? dice.once(2)
        ? [DEFINITIONS, dice.pick(CHANGED)]
        : [dice.pick(CHANGED), DEFINITIONS]
      : [DEFINITIONS, DEFINITIONS];
    const from = { schema: writer, definitions: ofWriter };
    tryPair(compare, from, { schema: reader, definitions: ofReader }, dice.roll(1e9), run);
  }
  return run;
}

function tryPair(
  compare: typeof obstacles,
  writer: Described,
  reader: Described,
  seed: number,
  run: ContainmentRun,
): void {
  run.pairs++;
  const found = compare(writer, reader).filter(({ keyword }) => keyword !== "field-lacking");
  if (found.length === 0) run.contained++;
  else if (found.some(({ certain }) => certain)) run.refuted++;
  else run.undecided++;
  const ajv = createAjv({ checkSchemas: false });
  const values = candidates(writer, reader, seed);
  try {
    const accepts = [writer, reader].map(({ schema, definitions }) => {
      const validate = compileSchema(schema, definitions, "a generated payload", ajv);
      return (value: unknown) => validate(value) === undefined;
    });
    const [written = () => false, read = () => false] = accepts;
    const mine = values.filter((value) => written(value) && !isNoise(value, writer));
    run.values += mine.length;
    const refused = mine.find((value) => !read(value));
    if (refused === undefined) return;
    if (found.some(({ certain }) => certain)) run.shown++;
    const keywords = [...new Set(found.map(({ keyword }) => keyword))];
    const [only] = keywords;
    if (only !== undefined && keywords.length === 1) run.needed.set(only, (run.needed.get(only) ?? 0) + 1);
    if (found.length > 0) return;
    run.counterexamples.push(
      [writer.schema, reader.schema, refused].map((part) => JSON.stringify(part)).join("\n  "),
    );
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
  }
}

/** Values of the writer, and values that the reader only just refuses. */
function candidates(writer: Described, reader: Described, seed: number): Json[] {
  const draw = (make: () => Json[]): Json[] => {
    try {
      return make();
    } catch (error) {
      if (error instanceof UnsatisfiableError) return [];
      throw error;
    }
  };
  const options = { numRuns: 12, seed };
  return [
    ...draw(() => fc.sample(validPayload(writer.schema, writer.definitions), options)),
    ...draw(() =>
      fc.sample(invalidPayload(reader.schema, reader.definitions), options).map(({ value }) => value),
    ),
  ];
}

/** True where a field stands that the writer does not describe, under a name that is in use: docs/diff.md leaves it out. */
export function isNoise(
  value: Json,
  { schema, definitions }: Described,
  path: readonly (string | number)[] = [],
): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, member]) => {
    const at = [...path, name];
    const known: readonly string[] = NAMES;
    if (known.includes(name) && !isDescribed(schema, definitions, formatPointer(at))) return true;
    return isNoise(member, { schema, definitions }, at);
  });
}
