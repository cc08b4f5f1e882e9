/**
 * Invalid payloads that differ from a valid one by exactly one change, which is named.
 *
 * A value is made that holds the place in question, the place is changed, and Ajv confirms that the whole is refused.
 */

import fc from "fast-check";
import type { Contract, Json, JsonSchema } from "../contract/contract.js";
import { formatPointer, valueAt } from "../contract/pointer.js";
import { boundedFilter, UnsatisfiableError } from "./bounded-filter.js";
import { PayloadBuilder } from "./valid-payload.js";
import { misses } from "./violate.js";
import { replaceAt, type ViolationKind, type ViolationSite, violationSites } from "./violation-site.js";

export type { ViolationKind } from "./violation-site.js";

/** A payload with one fault. */
export interface Violation extends ViolationKind {
  /** What Ajv refuses. */
  readonly value: Json;
  /** The valid payload that it was made from. */
  readonly valid: Json;
  /** The fault in words: keyword, place, what stands there. */
  readonly label: string;
}

export interface InvalidOptions {
  /** Only these kinds (as {@link violationKinds} lists them). */
  readonly kinds?: readonly ViolationKind[];
  /** A further condition on the violation, for example that no other message accepts the value. */
  readonly fits?: (violation: Violation) => boolean;
  /** After so many draws that do not fit it gives up and throws; 1000. */
  readonly tries?: number;
}

/** All that can be violated in one schema. Opening it compiles the schema: open it once for many samples. */
export interface Violations {
  /** What can be violated, and where; found out at the first use. */
  readonly kinds: readonly ViolationKind[];
  /** Payloads with exactly one fault; always refused by Ajv. Generating throws UnsatisfiableError when there is no kind. */
  payloads(options?: InvalidOptions): fc.Arbitrary<Violation>;
  /**
   * A given payload with one fault of this kind; undefined where it is invalid already, lacks the place, or stays valid.
   * `choice` says which of the ways to break the rule is tried first.
   */
  of(valid: Json, kind: ViolationKind, choice: number): Violation | undefined;
}

/** Opens the violations of a schema. */
export function openViolations(schema: JsonSchema, definitions: Contract["definitions"]): Violations {
  const source = new ViolationSource(schema, definitions);
  let kinds: readonly ViolationKind[] | undefined;
  return {
    get kinds() {
      kinds ??= source.sites
        .filter((site) => canBeMade(source.at(site)))
        .map(({ keyword, pointer }) => ({ keyword, pointer }));
      return kinds;
    },
    payloads: (options = {}) => violationsOf(source, options),
    of: (valid, kind, choice) => source.of(valid, kind, choice),
  };
}

/** As {@link Violations.payloads}, for one use. */
export function invalidPayload(
  schema: JsonSchema,
  definitions: Contract["definitions"],
  options: InvalidOptions = {},
): fc.Arbitrary<Violation> {
  return violationsOf(new ViolationSource(schema, definitions), options);
}

/** As {@link Violations.kinds}, for one use. */
export function violationKinds(
  schema: JsonSchema,
  definitions: Contract["definitions"],
): readonly ViolationKind[] {
  return openViolations(schema, definitions).kinds;
}

function violationsOf(source: ViolationSource, options: InvalidOptions): fc.Arbitrary<Violation> {
  const { fits = () => true, tries = 1000 } = options;
  const wanted = options.kinds === undefined ? undefined : new Set(options.kinds.map(nameOf));
  const sites = source.sites.filter((site) => wanted === undefined || wanted.has(nameOf(site)));
  if (sites.length === 0) {
    return fc.constant(null).map(() => {
      throw new UnsatisfiableError("No single change makes a payload of this schema invalid.");
    });
  }
  const any = fc.constantFrom(...sites).chain((site) => source.at(site));
  return boundedFilter(any, (violation) => violation !== undefined && fits(violation), {
    what: "an invalid payload",
    tries,
    persistent: true,
  }).map((violation) => {
    if (violation === undefined) throw new Error("The filter above leaves no undefined.");
    return violation;
  });
}

/** Deterministic; most kinds show at once, the rarer branches in some more draws. */
function canBeMade(violations: fc.Arbitrary<Violation | undefined>): boolean {
  for (let seed = 1; seed <= 16; seed++) {
    try {
      if (fc.sample(violations, { numRuns: 1, seed })[0] !== undefined) return true;
    } catch (error) {
      if (!(error instanceof UnsatisfiableError)) throw error;
    }
  }
  return false;
}

function nameOf(kind: ViolationKind): string {
  return `${kind.keyword} ${kind.pointer}`;
}

class ViolationSource {
  readonly sites: readonly ViolationSite[];
  readonly #builder: PayloadBuilder;
  readonly #bySite = new Map<ViolationSite, fc.Arbitrary<Violation | undefined>>();

  constructor(schema: JsonSchema, definitions: Contract["definitions"]) {
    this.#builder = new PayloadBuilder(schema, definitions);
    this.sites = violationSites(schema, this.#builder.flattener);
  }

  /** Violations of one site; undefined where the value that was made cannot be violated there. */
  at(site: ViolationSite): fc.Arbitrary<Violation | undefined> {
    let made = this.#bySite.get(site);
    if (made === undefined) {
      const valid = boundedFilter(
        this.#builder.payload({ [site.needs]: { required: true } }),
        (value) => this.#builder.accepts(value),
        { what: "the payload" },
      );
      made = fc.tuple(valid, fc.nat({ max: 7 })).map(([value, choice]) => this.#violate(site, value, choice));
      this.#bySite.set(site, made);
    }
    return made;
  }

  /** One violation of a payload that is given. */
  of(valid: Json, kind: ViolationKind, choice: number): Violation | undefined {
    const site = this.sites.find((one) => nameOf(one) === nameOf(kind));
    return site === undefined || !this.#builder.accepts(valid)
      ? undefined
      : this.#violate(site, valid, choice);
  }

  #violate(site: ViolationSite, valid: Json, choice: number): Violation | undefined {
    const found = valueAt(valid, formatPointer(site.at));
    if (found === undefined) return undefined;
    // What stands in a JSON value is JSON.
    const candidates = misses(site, found as Json);
    for (let i = 0; i < candidates.length; i++) {
      const miss = candidates[(i + choice) % candidates.length];
      if (miss === undefined) continue;
      const parts = miss.member === undefined ? site.at : [...site.at, miss.member];
      const value = replaceAt(valid, parts, miss.value);
      if (value === undefined || this.#builder.accepts(value)) continue;
      const { keyword, pointer } = site;
      const place = pointer === "" ? "the payload" : pointer;
      return { value, valid, keyword, pointer, label: `${keyword} at ${place}: ${miss.what}` };
    }
    return undefined;
  }
}
