/**
 * Proves of a schema that no value fits it.
 *
 * A proof, not a guess: what cannot be proved counts as satisfiable. `allOf` is read as one schema of several layers;
 * `anyOf` and `oneOf` are empty when each branch is, together with what stands around it.
 */

import { isObject } from "../../contract/pointer.js";
import { sameJson } from "../../contract/same-json.js";
import { entriesAt, follow, identityOf, memberAt, type Place } from "../place.js";

/** Why no value fits. */
export interface Empty {
  /** Reads on after "No value fits this schema:". */
  readonly text: string;
  /** Identity of the schema inside that is empty by itself; absent: the schemas of a place contradict each other. */
  readonly cause?: string;
}

/** A layer whose branches were looked at already is `bare`. */
interface Layer {
  readonly place: Place;
  readonly bare: boolean;
}

// Deeper than this a contradiction is not looked for; recursion is found long before.
const MAX_DEPTH = 16;
/** Schemas looked into for one question: a tangle of combiners is given up on. */
const MAX_STEPS = 2000;

type Kind = "null" | "boolean" | "integer" | "fraction" | "string" | "array" | "object";
const KINDS: readonly Kind[] = ["null", "boolean", "integer", "fraction", "string", "array", "object"];

/** Makes a prover; it remembers what it has found satisfiable. */
export function createEmptiness(): (schema: Place) => Empty | undefined {
  const satisfiable = new Set<string>();
  return (schema) => {
    const walk: Walk = { satisfiable, open: new Set(), steps: 0 };
    return emptyLayers([{ place: schema, bare: false }], walk, 0);
  };
}

interface Walk {
  readonly satisfiable: Set<string>;
  /** Questions that wait for their own answer: a value that needs itself is never finished. */
  readonly open: Set<string>;
  steps: number;
}

function emptyLayers(given: readonly Layer[], walk: Walk, depth: number): Empty | undefined {
  if (depth > MAX_DEPTH || ++walk.steps > MAX_STEPS) return undefined;
  const layers = flatten(given);
  if (layers.some(({ place }) => place.value === false)) return { text: "`false` allows nothing" };
  if (layers.some(({ place }) => forbidsAll(memberAt(place, "not")?.value))) {
    return { text: "its `not` forbids everything" };
  }
  const key = layers
    .map(({ place, bare }) => `${bare ? "-" : "+"}${identityOf(place)}`)
    .sort()
    .join("\n");
  if (walk.satisfiable.has(key)) return undefined;
  const [only] = given;
  const cause = given.length === 1 && only !== undefined ? identityOf(only.place) : undefined;
  if (walk.open.has(key))
    return { text: "it requires itself, without end", ...(cause === undefined ? {} : { cause }) };
  walk.open.add(key);
  const found = contradiction(layers, walk, depth);
  walk.open.delete(key);
  if (found === undefined) {
    walk.satisfiable.add(key);
    return undefined;
  }
  return found.cause !== undefined || cause === undefined ? found : { ...found, cause };
}

/** True for the schemas that stand for nothing under `not`. */
export function forbidsAll(schema: unknown): boolean {
  return schema === true || (isObject(schema) && Object.keys(schema).length === 0);
}

/** All layers that `allOf` lays over one another, `$ref`s followed. */
function flatten(given: readonly Layer[]): Layer[] {
  const found = new Map<string, Layer>();
  const waiting = [...given];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const place = follow(next.place);
    const identity = identityOf(place);
    const known = found.get(identity);
    if (known !== undefined && (!known.bare || next.bare)) continue;
    found.set(identity, { place, bare: next.bare });
    const { bare } = next;
    waiting.push(...entriesAt(memberAt(place, "allOf")).map(([, branch]) => ({ place: branch, bare })));
  }
  return [...found.values()];
}

function contradiction(layers: readonly Layer[], walk: Walk, depth: number): Empty | undefined {
  const places = layers.map(({ place }) => place);
  const kinds = KINDS.filter((kind) => places.every((place) => allowsKind(place, kind)));
  if (kinds.length === 0) return { text: `no type is left of ${typesSaid(places)}` };

  const lists = places.flatMap((place) => valuesOf(place) ?? []);
  const [first, ...others] = lists;
  if (first !== undefined) {
    const left = first.filter(
      (value) =>
        kinds.includes(kindOf(value)) &&
        others.every((list) => list.some((one) => sameJson(one, value))) &&
        places.every((place) => fitsBounds(place, value)),
    );
    if (left.length > 0) return undefined;
    return {
      text: `none of its values (${first.map((value) => JSON.stringify(value)).join(", ")}) keeps what else it asks for`,
    };
  }

  const reasons: Empty[] = [];
  for (const kind of kinds) {
    const reason = emptyKind(kind, places, walk, depth);
    if (reason === undefined) return emptyBranches(layers, walk, depth);
    reasons.push(reason);
  }
  return reasons.at(-1);
}

function emptyBranches(layers: readonly Layer[], walk: Walk, depth: number): Empty | undefined {
  const around = layers.map(({ place }) => ({ place, bare: true }));
  for (const { place, bare } of layers) {
    if (bare) continue;
    for (const keyword of ["anyOf", "oneOf"]) {
      const branches = entriesAt(memberAt(place, keyword));
      if (branches.length === 0) continue;
      const empty = branches.map(([, branch]) => {
        return emptyLayers([...around, { place: branch, bare: false }], walk, depth + 1);
      });
      if (!empty.every((one) => one !== undefined)) continue;
      const text = `no branch of its \`${keyword}\` can be met`;
      // Where each branch is empty by itself, that is said of the branches.
      const alone = branches.map(
        ([, branch]) => emptyLayers([{ place: branch, bare: false }], walk, depth + 1)?.cause,
      );
      const [cause] = alone;
      return cause !== undefined && alone.every((one) => one !== undefined) ? { text, cause } : { text };
    }
  }
  return undefined;
}

function allowsKind(place: Place, kind: Kind): boolean {
  const type = memberAt(place, "type")?.value;
  if (type === undefined) return true;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  if (kind === "integer" || kind === "fraction") {
    return types.includes("number") || (kind === "integer" && types.includes("integer"));
  }
  return types.includes(kind);
}

function typesSaid(places: readonly Place[]): string {
  const types = places.map((place) => memberAt(place, "type")?.value).filter((type) => type !== undefined);
  return types.map((type) => `\`${Array.isArray(type) ? type.join(" or ") : String(type)}\``).join(" and ");
}

function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "fraction";
  return typeof value === "boolean" ? "boolean" : typeof value === "string" ? "string" : "object";
}

/** `const` and `enum` as lists of values. */
function valuesOf(place: Place): (readonly unknown[])[] | undefined {
  if (!isObject(place.value)) return undefined;
  const found: (readonly unknown[])[] = [];
  if (Object.hasOwn(place.value, "const")) found.push([place.value["const"]]);
  if (Array.isArray(place.value["enum"])) found.push(place.value["enum"]);
  return found;
}

/** Whether one value keeps the bounds of numbers and texts; of anything else, nothing is claimed. */
function fitsBounds(place: Place, value: unknown): boolean {
  const number = numbersOf(place);
  if (typeof value === "number") {
    return (
      value >= number("minimum", -Infinity) &&
      value <= number("maximum", Infinity) &&
      value > number("exclusiveMinimum", -Infinity) &&
      value < number("exclusiveMaximum", Infinity)
    );
  }
  if (typeof value !== "string") return true;
  const length = [...value].length;
  return (
    length >= number("minLength", 0) && length <= number("maxLength", Infinity) && fitsPattern(place, value)
  );
}

function fitsPattern(place: Place, value: string): boolean {
  const pattern = memberAt(place, "pattern")?.value;
  return typeof pattern !== "string" || (compiled(pattern)?.test(value) ?? true);
}

/** A pattern that does not compile proves nothing; another rule says so. */
function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

function numbersOf(place: Place): (keyword: string, otherwise: number) => number {
  return (keyword, otherwise) => {
    const value = memberAt(place, keyword)?.value;
    return typeof value === "number" ? value : otherwise;
  };
}

function emptyKind(kind: Kind, places: readonly Place[], walk: Walk, depth: number): Empty | undefined {
  const least = (keyword: string) => Math.max(...places.map((place) => numbersOf(place)(keyword, -Infinity)));
  const most = (keyword: string) => Math.min(...places.map((place) => numbersOf(place)(keyword, Infinity)));
  switch (kind) {
    case "integer":
    case "fraction":
      return emptyRange(kind, least, most);
    case "string":
      return crossed("minLength", least("minLength"), "maxLength", most("maxLength"));
    case "array":
      return (
        crossed("minItems", least("minItems"), "maxItems", most("maxItems")) ??
        emptyItem(places, least("minItems"), walk, depth)
      );
    case "object":
      return (
        crossed("minProperties", least("minProperties"), "maxProperties", most("maxProperties")) ??
        emptyMember(places, most("maxProperties"), walk, depth)
      );
    default:
      return undefined;
  }
}

function crossed(low: string, from: number, high: string, to: number): Empty | undefined {
  return from > to ? { text: `\`${low}\` ${from} is above \`${high}\` ${to}` } : undefined;
}

function emptyRange(
  kind: "integer" | "fraction",
  least: (keyword: string) => number,
  most: (keyword: string) => number,
): Empty | undefined {
  const [minimum, above] = [least("minimum"), least("exclusiveMinimum")];
  const [maximum, below] = [most("maximum"), most("exclusiveMaximum")];
  const from = Math.max(minimum, above);
  const to = Math.min(maximum, below);
  const text = `nothing lies between ${from} and ${to}`;
  if (from > to || (from === to && (above === from || below === to))) return { text };
  if (kind === "fraction" || !Number.isFinite(from) || !Number.isFinite(to)) return undefined;
  const first = above >= minimum ? Math.floor(above) + 1 : Math.ceil(minimum);
  const last = below <= maximum ? Math.ceil(below) - 1 : Math.floor(maximum);
  return first > last ? { text: `no whole number lies between ${from} and ${to}` } : undefined;
}

function emptyItem(places: readonly Place[], least: number, walk: Walk, depth: number): Empty | undefined {
  // A list that is longer than any that is described position by position has nothing more to prove.
  for (let index = 0; index < Math.min(least, 64); index++) {
    const layers = places.flatMap((place): Layer[] => {
      const items = memberAt(place, "items");
      if (items === undefined) return [];
      const list = Array.isArray(follow(items).value);
      const item = list ? (memberAt(items, String(index)) ?? memberAt(place, "additionalItems")) : items;
      return item === undefined ? [] : [{ place: item, bare: false }];
    });
    const empty = layers.length === 0 ? undefined : emptyLayers(layers, walk, depth + 1);
    if (empty !== undefined) return through(empty, `it needs an item ${index}, and nothing can stand there`);
  }
  return undefined;
}

function emptyMember(places: readonly Place[], most: number, walk: Walk, depth: number): Empty | undefined {
  const required = new Set(
    places.flatMap((place) => {
      const names = memberAt(place, "required")?.value;
      return Array.isArray(names) ? names.map(String) : [];
    }),
  );
  if (required.size > most)
    return { text: `it requires ${required.size} fields, and \`maxProperties\` is ${most}` };
  for (const name of required) {
    const layers = places
      .flatMap((place) => memberSchemas(place, name))
      .map((place) => ({ place, bare: false }));
    const closed = layers.find(
      ({ place }) => place.path.at(-1) === "additionalProperties" && place.value === false,
    );
    if (closed !== undefined) {
      return { text: `it requires \`${name}\`, which \`additionalProperties: false\` shuts out` };
    }
    const empty = layers.length === 0 ? undefined : emptyLayers(layers, walk, depth + 1);
    if (empty !== undefined) return through(empty, `it requires \`${name}\`, and nothing can stand there`);
  }
  return undefined;
}

/** What one layer asks of a field. */
function memberSchemas(place: Place, name: string): Place[] {
  const own = memberAt(place, "properties", name);
  const patterns = entriesAt(memberAt(place, "patternProperties"))
    .filter(([pattern]) => compiled(pattern)?.test(name) ?? true)
    .map(([, schema]) => schema);
  const described = own === undefined ? patterns : [own, ...patterns];
  if (described.length > 0) return described;
  const rest = memberAt(place, "additionalProperties");
  return rest === undefined ? [] : [rest];
}

/** A place is empty for the sake of another: what is empty by itself is named, and the place only where nothing is. */
function through(empty: Empty, text: string): Empty {
  return empty.cause === undefined ? { text: `${text}: ${empty.text}` } : { text, cause: empty.cause };
}
