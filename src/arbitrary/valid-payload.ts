/**
 * Valid payloads of a schema, made by construction: branches are chosen, bounds met, recursion kept finite.
 *
 * Ajv has the last word. Where keywords cannot be met by construction (`not`, exactly one of `oneOf`) values are
 * filtered near that place; the filter over the whole payload is a net that measures say is hardly ever used.
 */

import fc from "fast-check";
import type { Contract, Json, JsonSchema, Pointer } from "../contract/contract.js";
import { valueAt } from "../contract/pointer.js";
import { canonicalJson, sameJson } from "../contract/same-json.js";
import { compileSchema, createAjv, type SchemaValidator } from "../contract/validate.js";
import { boundedFilter, lazily, UnsatisfiableError } from "./bounded-filter.js";
import { type Flat, Flattener } from "./flatten.js";
import { type JsonKind, kindOf } from "./json-kind.js";
import { type Placement, type PlacementTree, placementTree } from "./placement.js";
import { matching, numbers, ORDINARY_NAME, strings, UNLIKELY_NAME } from "./scalar.js";

export interface ValidOptions {
  /** Payloads from the document; the valid ones are drawn now and then, and serve where nothing can be generated. */
  readonly examples?: readonly Json[];
  /** What is to stand at places in the payload; see {@link Placement}. */
  readonly at?: Readonly<Record<Pointer, Placement>>;
  /** Strings that are no Unicode text, as JSON escapes allow. Default false. */
  readonly loneSurrogates?: boolean;
  /** Told of each value that was built and then refused by Ajv: for measuring. */
  readonly onRefused?: (value: Json) => void;
}

/** Payloads that Ajv accepts. Generating throws UnsatisfiableError where the schema allows none that can be found. */
export function validPayload(
  schema: JsonSchema,
  definitions: Contract["definitions"],
  options: ValidOptions = {},
): fc.Arbitrary<Json> {
  const builder = new PayloadBuilder(schema, definitions, options);
  const accepted = (value: Json) => builder.accepts(value);
  const placements = Object.entries(options.at ?? {});
  const placed = (value: Json) =>
    placements.every(([pointer, { values, required }]) => {
      const found = valueAt(value, pointer);
      if (found === undefined) return required !== true;
      return values === undefined || values.some((one) => sameJson(one, found));
    });
  const examples = (options.examples ?? []).filter((example) => accepted(example) && placed(example));
  const built = builder.payload(options.at ?? {});
  const [first] = examples;
  const checked = boundedFilter(
    built,
    (value) => {
      const valid = accepted(value);
      if (!valid) options.onRefused?.(value);
      return valid;
    },
    { what: "the payload", instead: () => first },
  );
  if (examples.length === 0) return checked;
  return fc.oneof({ weight: 9, arbitrary: checked }, { weight: 1, arbitrary: fc.constantFrom(...examples) });
}

// Levels that values go deeper than they must: enough for every optional part of the documents met so far.
const SPARE_LEVELS = 5;
const DEEPEST = 40;

// What stands where a value is left out; no JSON value is a symbol.
const ABSENT = Symbol("absent");

/** Builds arbitraries for one schema. In its methods `fuel` is how many levels a value may still descend. */
export class PayloadBuilder {
  /** What is known of the schema and its parts. */
  readonly flattener: Flattener;
  readonly #root: JsonSchema;
  readonly #definitions: Contract["definitions"];
  readonly #loneSurrogates: boolean;
  readonly #built = new Map<JsonSchema, fc.Arbitrary<Json>[]>();
  readonly #finite = new Map<JsonSchema, boolean[]>();
  readonly #validators = new Map<JsonSchema, SchemaValidator>();
  readonly #ajv = createAjv({ checkSchemas: false });

  constructor(
    root: JsonSchema,
    definitions: Contract["definitions"],
    options: Pick<ValidOptions, "loneSurrogates"> = {},
  ) {
    this.#root = root;
    this.#definitions = definitions;
    this.flattener = new Flattener(definitions);
    this.#loneSurrogates = options.loneSurrogates === true;
  }

  /** Whether Ajv accepts a payload. */
  accepts(value: Json): boolean {
    return this.#validate(this.#root, value);
  }

  /** Payloads with what is asked for at places; nearly all of them are valid. */
  payload(at: Readonly<Record<Pointer, Placement>>): fc.Arbitrary<Json> {
    return lazily(() => {
      const places = placementTree(at);
      let height = 0;
      while (height < DEEPEST && !this.#fits(this.#root, height)) height++;
      if (height === DEEPEST)
        throw new UnsatisfiableError("No finite value is valid for the payload's schema.");
      return this.#value(this.#root, Math.max(height, places.depth) + SPARE_LEVELS, places);
    });
  }

  /** Whether some valid value has at most `fuel` levels, as far as construction can tell. */
  #fits(schema: JsonSchema, fuel: number): boolean {
    const known = this.#finite.get(schema) ?? [];
    this.#finite.set(schema, known);
    let fits = known[fuel];
    if (fits === undefined) {
      fits = this.flattener.alternatives(schema).some((flat) => this.#kinds(flat, fuel).length > 0);
      known[fuel] = fits;
    }
    return fits;
  }

  #kinds(flat: Flat, fuel: number): JsonKind[] {
    return [...flat.kinds].filter((kind) => {
      if (flat.allowed !== undefined) return flat.allowed.some((value) => kindOf(value) === kind);
      if (kind === "object") return this.#objectFits(flat, fuel);
      if (kind === "array") return this.#arrayFits(flat, fuel);
      if (kind === "string") return flat.minLength <= (flat.maxLength ?? flat.minLength);
      return true;
    });
  }

  #objectFits(flat: Flat, fuel: number): boolean {
    if (flat.required.size > (flat.maxProperties ?? flat.required.size)) return false;
    if (flat.required.size === 0 && flat.minProperties === 0) return true;
    if (fuel === 0) return false;
    return [...flat.required].every((name) => this.#fits(this.flattener.member(flat, name), fuel - 1));
  }

  #arrayFits(flat: Flat, fuel: number): boolean {
    if (flat.minItems === 0 && flat.contains.length === 0) return true;
    if (fuel === 0 || flat.minItems > (flat.maxItems ?? flat.minItems)) return false;
    for (let index = 0; index < Math.min(flat.minItems, 64); index++) {
      if (!this.#fits(this.flattener.item(flat, index), fuel - 1)) return false;
    }
    return flat.contains.every((schema) =>
      this.#fits(this.flattener.both(this.flattener.item(flat, 0), schema), fuel - 1),
    );
  }

  #value(schema: JsonSchema, fuel: number, places?: PlacementTree): fc.Arbitrary<Json> {
    if (places !== undefined) return lazily(() => this.#build(schema, fuel, places));
    const known = this.#built.get(schema) ?? [];
    this.#built.set(schema, known);
    const arbitrary = known[fuel] ?? lazily(() => this.#build(schema, fuel));
    known[fuel] = arbitrary;
    return arbitrary;
  }

  #build(schema: JsonSchema, fuel: number, places?: PlacementTree): fc.Arbitrary<Json> {
    const given = (places?.values ?? []).filter((value) => this.#validate(schema, value));
    if (given.length > 0) return fc.constantFrom(...given);

    // Anything at all goes two levels deep: more only grows.
    const levels = schema === true ? Math.min(fuel, 2) : fuel;
    const all = this.flattener.alternatives(schema);
    const finite = all.filter((flat) => this.#kinds(flat, levels).length > 0);
    const holding = finite.filter((flat) => this.#holds(flat, places));
    const flats = holding.length > 0 ? holding : finite;
    if (flats.length === 0)
      throw new UnsatisfiableError(`Nothing is valid for ${JSON.stringify(schema).slice(0, 200)}.`);
    const choice = fc.oneof(
      { withCrossShrink: true },
      ...flats.map((flat) => this.#flat(flat, levels, places)),
    );
    if (!flats.some((flat) => flat.unsure)) return choice;
    return boundedFilter(choice, (value) => this.#validate(schema, value), {
      what: JSON.stringify(schema).slice(0, 200),
    });
  }

  #validate(schema: JsonSchema, value: Json): boolean {
    let validator = this.#validators.get(schema);
    if (validator === undefined) {
      validator = compileSchema(schema, this.#definitions, "a part of a payload", this.#ajv);
      this.#validators.set(schema, validator);
    }
    return validator(value) === undefined;
  }

  /** Whether values of these keywords can hold what is asked for below. */
  #holds(flat: Flat, places: PlacementTree | undefined): boolean {
    if (places === undefined) return true;
    return [...places.children].every(([name, child]) => {
      if (!child.required) return true;
      if (flat.kinds.has("object")) {
        const member = this.flattener.member(flat, name);
        const declared = flat.shapes.some((shape) => shape.properties.has(name)) || flat.required.has(name);
        const held = this.flattener.alternatives(member).some((one) => this.#holds(one, child));
        if (held && (declared || flat.shapes.length === 0)) return true;
      }
      return (
        name === "0" &&
        flat.kinds.has("array") &&
        this.flattener.alternatives(this.flattener.item(flat, 0)).some((one) => this.#holds(one, child))
      );
    });
  }

  #flat(flat: Flat, fuel: number, places?: PlacementTree): fc.Arbitrary<Json> {
    if (flat.allowed !== undefined) return fc.constantFrom(...flat.allowed);
    let kinds = this.#kinds(flat, fuel);
    if (places?.requiresMembers === true) {
      const parents = kinds.filter((kind) => kind === "object" || kind === "array");
      if (parents.length > 0) kinds = parents;
    }
    return fc.oneof(
      ...kinds.map((kind) => ({
        // A schema without `type` that speaks of members means objects, and allows all else.
        weight: flat.meant.size === 0 || flat.meant.has(kind) ? 20 : 1,
        arbitrary: this.#kind(kind, flat, fuel, places),
      })),
    );
  }

  #kind(kind: JsonKind, flat: Flat, fuel: number, places?: PlacementTree): fc.Arbitrary<Json> {
    switch (kind) {
      case "null":
        return fc.constant(null);
      case "boolean":
        return fc.boolean();
      case "number":
        return numbers(flat);
      case "string":
        return strings(flat, { loneSurrogates: this.#loneSurrogates });
      case "array":
        return this.#array(flat, fuel, places);
      case "object":
        return this.#object(flat, fuel, places);
    }
  }

  #array(flat: Flat, fuel: number, places?: PlacementTree): fc.Arbitrary<Json> {
    const item = (index: number) => this.flattener.item(flat, index);
    const tuple = Math.max(0, ...flat.items.map((shape) => shape.tuple.length));
    const first = places?.children.get("0");
    const least = Math.max(flat.minItems - flat.contains.length, first?.required === true ? 1 : 0);
    const room = (flat.maxItems ?? Number.POSITIVE_INFINITY) - flat.contains.length;
    // Items may be impossible from some index on (`additionalItems: false`) or without fuel.
    let most = Math.min(room, Math.max(least, fuel > 3 ? 4 : 2, tuple > 0 ? tuple + 1 : 0));
    for (let index = least; index < Math.min(most, tuple + 1); index++) {
      if (fuel === 0 || !this.#fits(item(index), fuel - 1)) most = index;
    }
    if (fuel === 0) most = least;

    const lengths = tuple > 0 || first !== undefined ? between(least, most) : [];
    const members = lengths.map((length) =>
      fc.tuple(
        ...between(0, length - 1).map((index) =>
          this.#value(item(index), fuel - 1, index === 0 ? first : undefined),
        ),
      ),
    );
    const one = () => this.#value(item(0), fuel - 1);
    const some = (minLength: number, maxLength: number): fc.Arbitrary<Json[]> =>
      flat.unique
        ? fc.uniqueArray(one(), { minLength, maxLength, selector: canonicalJson })
        : fc.array(one(), { minLength, maxLength });
    const choices: fc.WeightedArbitrary<Json[]>[] =
      members.length > 0
        ? members.map((arbitrary) => ({ weight: 1, arbitrary }))
        : [{ weight: 60, arbitrary: most === 0 ? fc.constant([]) : some(least, most) }];
    if (members.length === 0 && room > most && room <= 1024 && fuel > 2 && this.#fits(item(0), fuel - 1)) {
      choices.push({ weight: room <= 64 ? 3 : 1, arbitrary: some(room, room) });
    }
    const base = fc.oneof(...choices);
    const wanted = flat.contains.map((schema) =>
      this.#value(this.flattener.both(item(0), schema), Math.max(0, fuel - 1)),
    );
    const whole: fc.Arbitrary<Json[]> =
      wanted.length === 0
        ? base
        : fc.tuple(base, fc.tuple(...wanted), fc.nat()).map(([items, needed, position]) => {
            const at = items.length === 0 ? 0 : position % (items.length + 1);
            return [...items.slice(0, at), ...needed, ...items.slice(at)];
          });
    const distinct = (items: readonly Json[]) => new Set(items.map(canonicalJson)).size === items.length;
    const fits = (items: readonly Json[]) =>
      items.length >= flat.minItems && (!flat.unique || distinct(items));
    return boundedFilter(whole, fits, { what: "an array" });
  }

  #object(flat: Flat, fuel: number, places?: PlacementTree): fc.Arbitrary<Json> {
    const known = new Set(flat.shapes.flatMap((shape) => [...shape.properties.keys()]));
    for (const name of flat.required) known.add(name);
    for (const [name, child] of places?.children ?? []) if (child.required) known.add(name);
    const possible = [...known].filter(
      (name) => fuel > 0 && this.#fits(this.flattener.member(flat, name), fuel - 1),
    );
    const member = (name: string) =>
      this.#value(this.flattener.member(flat, name), fuel - 1, places?.children.get(name));
    const mustHave = (name: string) =>
      flat.required.has(name) || places?.children.get(name)?.required === true;
    const required = possible.filter(mustHave);
    // A place without any value to put there is left out where that is allowed.
    const optional = possible.filter(
      (name) => !mustHave(name) && places?.children.get(name)?.values?.length !== 0,
    );
    const values = fc.tuple(...required.map(member));
    const lacking = flat.minProperties - required.length;
    const chosen = this.#optional(optional.map(member), lacking);
    const extra = this.#extra(flat, fuel, known, Math.max(0, lacking - optional.length));
    return fc.tuple(values, chosen, extra).map(([needed, maybe, more]) => {
      const members: [string, Json][] = [];
      required.forEach((name, index) => {
        members.push([name, needed[index] ?? null]);
      });
      for (const [index, value] of maybe.entries()) {
        if (value !== ABSENT) members.push([optional[index] ?? "", value]);
      }
      for (const [name, value] of more) if (!known.has(name)) members.push([name, value]);
      const kept = members.slice(0, Math.max(required.length, flat.maxProperties ?? members.length));
      // In the order of the document; fromEntries makes `__proto__` an own member.
      const order = new Map([...known].map((name, index) => [name, index]));
      const rank = ([name]: readonly [string, Json]) => order.get(name) ?? order.size;
      return Object.fromEntries(kept.sort((a, b) => rank(a) - rank(b)));
    });
  }

  /** None, some or all of the optional members: the first and the last are the edges. */
  #optional(
    members: readonly fc.Arbitrary<Json>[],
    lacking: number,
  ): fc.Arbitrary<readonly (Json | typeof ABSENT)[]> {
    const all = fc.tuple(...members);
    if (members.length === 0 || lacking > 0) return all;
    const mixed = fc.tuple(
      ...members.map((member) =>
        fc.oneof(
          { withCrossShrink: true },
          { weight: 2, arbitrary: fc.constant<typeof ABSENT>(ABSENT) },
          { weight: 3, arbitrary: member },
        ),
      ),
    );
    return fc.oneof(
      { withCrossShrink: true },
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 6, arbitrary: mixed },
      { weight: 2, arbitrary: all },
    );
  }

  /** Members that the schema does not name: those of `patternProperties`, and any others where they are allowed. */
  #extra(
    flat: Flat,
    fuel: number,
    known: ReadonlySet<string>,
    least: number,
  ): fc.Arbitrary<readonly (readonly [string, Json])[]> {
    if (fuel === 0 || (flat.maxProperties ?? 1) <= flat.required.size) return fc.constant([]);
    const patterns = flat.shapes.flatMap((shape) => shape.patterns.map(([pattern]) => pattern));
    const ruled = this.flattener.name(flat);
    const names: fc.Arbitrary<string>[] = patterns.map((pattern) =>
      matching(pattern.source, { minLength: 0 }),
    );
    if (ruled !== true) {
      names.push(this.#value(ruled, 1).map((name) => (typeof name === "string" ? name : "x")));
    }
    const open = this.#fits(this.flattener.member(flat, UNLIKELY_NAME), fuel - 1);
    if (open && ruled === true) names.push(ORDINARY_NAME);
    if (names.length === 0) return fc.constant([]);
    const allowed = (name: string) =>
      name !== "__proto__" &&
      !known.has(name) &&
      (ruled === true || this.#validate(ruled, name)) &&
      this.#fits(this.flattener.member(flat, name), fuel - 1);
    const name = boundedFilter(fc.oneof(...names), allowed, {
      what: "a member's name",
      instead: () => UNLIKELY_NAME,
    });
    const entry = name.chain((key) => {
      const value = this.#value(this.flattener.member(flat, key), fuel - 1);
      return value.map((made) => [key, made] as const);
    });
    const several = fc.uniqueArray(entry, {
      minLength: least,
      maxLength: Math.max(least, fuel > 3 ? 3 : 1),
      selector: ([key]) => key,
    });
    if (least > 0) return several;
    // An object that names no member is a map: its content is what matters.
    const likely = patterns.length > 0 || known.size === 0;
    return fc.oneof(
      { withCrossShrink: true },
      { weight: likely ? 1 : 8, arbitrary: fc.constant([]) },
      { weight: likely ? 4 : 1, arbitrary: several },
    );
  }
}

const between = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
