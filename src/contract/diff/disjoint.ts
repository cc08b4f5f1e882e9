/** Proves of two alternatives that no value fits both. A proof, not a guess: `false` says nothing. */

import type { JsonSchema } from "../contract.js";
import { isObject } from "../pointer.js";
import { sameJson } from "../same-json.js";
import { type Alternative, type Kind, kindOf, kindsOf, listedValues, type Side } from "./side.js";
import { lengthsOf, rangeOf } from "./sizes.js";

// A tag stands at the top, or under one field; deeper is no tag.
const MAX_DEPTH = 3;

/** True when no value fits an alternative of one side and one of another. */
export function areDisjoint(inA: Side, a: Alternative, inB: Side, b: Alternative, depth = 0): boolean {
  const [listedA, listedB] = [listedValues(a.layers), listedValues(b.layers)];
  const kinds = kindsOf([...a.layers, ...b.layers]);
  if (kinds.size === 0) return true;
  if (listedA !== undefined || listedB !== undefined) {
    const left = (listedA ?? listedB ?? []).filter(
      (value) =>
        kinds.has(kindOf(value)) &&
        (listedB === undefined || listedB.some((other) => sameJson(value, other))),
    );
    if (left.length === 0) return true;
  }
  return depth < MAX_DEPTH && [...kinds].every((kind) => apart(kind, inA, a, inB, b, depth));
}

function apart(kind: Kind, inA: Side, a: Alternative, inB: Side, b: Alternative, depth: number): boolean {
  switch (kind) {
    case "number": {
      const [x, y] = [rangeOf(a.layers), rangeOf(b.layers)];
      return x.from > y.to || y.from > x.to;
    }
    case "string":
      return lengthsApart("minLength", "maxLength", a, b);
    case "array": {
      if (lengthsApart("minItems", "maxItems", a, b)) return true;
      const least = lengthsOf([...a.layers, ...b.layers], "minItems", "maxItems").least;
      return least > 0 && schemasDisjoint(inA, inA.item(a, 0), inB, inB.item(b, 0), depth);
    }
    case "object": {
      if (lengthsApart("minProperties", "maxProperties", a, b)) return true;
      return requiredIn([...a.layers, ...b.layers]).some((name) =>
        schemasDisjoint(inA, inA.member(a, name).schema, inB, inB.member(b, name).schema, depth),
      );
    }
    default:
      return false;
  }
}

function lengthsApart(least: string, most: string, a: Alternative, b: Alternative): boolean {
  const both = lengthsOf([...a.layers, ...b.layers], least, most);
  return both.least > both.most;
}

function schemasDisjoint(inA: Side, a: JsonSchema, inB: Side, b: JsonSchema, depth: number): boolean {
  if (a === true || b === true) return a === false || b === false;
  return inA
    .alternatives(a)
    .every((one) => inB.alternatives(b).every((other) => areDisjoint(inA, one, inB, other, depth + 1)));
}

/** The fields that some layer requires. */
export function requiredIn(layers: Alternative["layers"]): string[] {
  return [
    ...new Set(layers.flatMap(({ required }) => (Array.isArray(required) ? required.map(String) : []))),
  ];
}

/** Names of the fields that layers describe. */
export function namedIn(layers: Alternative["layers"]): string[] {
  return [
    ...new Set(layers.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : []))),
  ];
}
