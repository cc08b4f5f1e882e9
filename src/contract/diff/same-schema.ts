/** Whether two schemas ask for the same in the same words: annotations and every order that means nothing set aside. */

import type { Contract, JsonSchema } from "../contract.js";
import { definitionName, isSchema } from "../payload.js";
import { isObject } from "../pointer.js";
import { canonicalJson, sameJson } from "../same-json.js";

type Definitions = Contract["definitions"];

/** Keywords that no validator looks at. */
const ANNOTATIONS: ReadonlySet<string> = new Set(
  `title description default examples readOnly writeOnly deprecated $comment contentMediaType contentEncoding definitions`.split(
    " ",
  ),
);

/** Keywords whose value is a list that is meant as a set of plain values. */
const SETS: ReadonlySet<string> = new Set(["required", "enum", "type"]);
const SCHEMA_SETS: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf"]);
const SCHEMA_MAPS: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependencies"]);

/** The keywords of a schema that a validator looks at. */
export function assertions(schema: { readonly [keyword: string]: unknown }): string[] {
  return Object.keys(schema).filter(
    (keyword) =>
      !ANNOTATIONS.has(keyword) && schema[keyword] !== undefined && !meansNothing(keyword, schema[keyword]),
  );
}

/** An empty list of fields, an open rest: said or not said, it is the same. */
function meansNothing(keyword: string, value: unknown): boolean {
  if (keyword === "required" || keyword === "allOf") return Array.isArray(value) && value.length === 0;
  if (keyword === "additionalProperties" || keyword === "additionalItems") return value === true;
  if (keyword === "properties" || keyword === "patternProperties" || keyword === "dependencies")
    return isObject(value) && Object.keys(value).length === 0;
  return keyword === "uniqueItems" || keyword === "nullable" ? value === false : false;
}

/** True when both are the same; `$ref`s are followed, each on its own side. */
export function sameSchema(a: JsonSchema, inA: Definitions, b: JsonSchema, inB: Definitions): boolean {
  // While a pair is open it counts as the same: whatever differs is found at the level where it stands.
  const open = new Set<string>();
  const known = new Map<string, boolean>();
  const schemas = (x: unknown, y: unknown): boolean => {
    if (typeof x === "boolean" || typeof y === "boolean")
      return nothingSaid(x) === nothingSaid(y) && plain(x, y);
    if (!isObject(x) || !isObject(y)) return sameJson(x, y);
    const [refX, refY] = [definitionName(x["$ref"]), definitionName(y["$ref"])];
    if (refX !== undefined || refY !== undefined) return references(x, refX, y, refY);
    return keywords(x, y);
  };
  const references = (
    x: { readonly [keyword: string]: unknown },
    refX: string | undefined,
    y: { readonly [keyword: string]: unknown },
    refY: string | undefined,
  ): boolean => {
    const alone = (schema: object, ref: string | undefined) =>
      ref === undefined || assertions({ ...schema }).length === 1;
    if (!alone(x, refX) || !alone(y, refY)) {
      if (refX === undefined || refY === undefined) return false;
      return (
        references({ $ref: x["$ref"] }, refX, { $ref: y["$ref"] }, refY) &&
        keywords({ ...x, $ref: undefined }, { ...y, $ref: undefined })
      );
    }
    const key = `${refX ?? canonicalJson(x)}\0${refY ?? canonicalJson(y)}`;
    const before = open.has(key) ? true : known.get(key);
    if (before !== undefined) return before;
    open.add(key);
    const same = schemas(refX === undefined ? x : inA[refX], refY === undefined ? y : inB[refY]);
    // What was called the same meanwhile may have relied on this pair.
    if (!same) known.clear();
    open.delete(key);
    known.set(key, same);
    return same;
  };
  const keywords = (x: { readonly [k: string]: unknown }, y: { readonly [k: string]: unknown }): boolean => {
    const names = assertions(x);
    const others = assertions(y);
    return (
      names.length === others.length &&
      names.every((name) => others.includes(name) && values(name, x[name], y[name]))
    );
  };
  const values = (keyword: string, x: unknown, y: unknown): boolean => {
    if (SETS.has(keyword)) return sameSet([x].flat(), [y].flat(), sameJson);
    if (SCHEMA_SETS.has(keyword) && Array.isArray(x) && Array.isArray(y)) return sameSet(x, y, schemas);
    if (SCHEMA_MAPS.has(keyword) && isObject(x) && isObject(y)) {
      const names = Object.keys(x);
      return (
        names.length === Object.keys(y).length &&
        names.every((name) => Object.hasOwn(y, name) && schemas(x[name], y[name]))
      );
    }
    if (keyword === "items" && Array.isArray(x) && Array.isArray(y)) {
      return x.length === y.length && x.every((item, index) => schemas(item, y[index]));
    }
    if (keyword !== "const" && isSchema(x) && isSchema(y)) return schemas(x, y);
    return sameJson(x, y);
  };
  return schemas(a, b);
}

/** True of the schemas that allow everything. */
function nothingSaid(schema: unknown): boolean {
  return schema === true || (isObject(schema) && assertions(schema).length === 0);
}

function plain(x: unknown, y: unknown): boolean {
  return nothingSaid(x) || x === y;
}

function sameSet(
  x: readonly unknown[],
  y: readonly unknown[],
  same: (a: unknown, b: unknown) => boolean,
): boolean {
  if (x.length !== y.length) return false;
  // Where nothing was moved, place by place is enough.
  if (x.every((item, index) => same(item, y[index]))) return true;
  return (
    x.every((item) => y.some((other) => same(item, other))) &&
    y.every((item) => x.some((other) => same(other, item)))
  );
}
