/** What a part of a template leaves to be asked of a value, as conditions of generated code. */

import { type Context, kindTerms, leafTerms, sizeTerms, typeTerm } from "../leaf.js";
import { hasCombiners, type Kind, numberOf } from "../schema.js";
import { holds, type Term } from "../terms.js";
import type { LeafShape, ListShape, Part } from "./shape.js";

/** The kind of JSON value that a part reads. */
export function kindOfPart(part: Part): Kind {
  if (part === "integer" || part === "number") return "number";
  return part === "boolean" || part === "null" ? part : "string";
}

/** The conditions on `x`, a value that a part of the leaf has read; of its type already where there is one part. */
export function leafConditions(leaf: LeafShape, x: string, context: Context, where: string): readonly Term[] {
  const [part] = leaf.parts;
  if (leaf.parts.length > 1 || isWhole(leaf)) return leafTerms(leaf.rest, x, context, where) ?? [];
  const kind = kindOfPart(part ?? "null");
  if (typeof leaf.rest === "boolean" || (kind !== "string" && kind !== "number")) return [];
  return kindTerms(leaf.rest, kind, x, context, where);
}

/** The same where `x` was read by a template, which takes no number of more than fifteen digits before its point. */
export function readConditions(leaf: LeafShape, x: string, context: Context, where: string): readonly Term[] {
  if (typeof leaf.rest === "boolean" || isWhole(leaf)) return leafConditions(leaf, x, context, where);
  const rest = { ...leaf.rest };
  if ((numberOf(rest, "maximum") ?? 0) >= 1e15) delete rest["maximum"];
  if ((numberOf(rest, "minimum") ?? 0) <= -1e15) delete rest["minimum"];
  return leafConditions({ ...leaf, rest }, x, context, where);
}

/** True where all of the schema is to be asked of a value, whose type the compiler is not to know. */
export function isWhole(leaf: LeafShape): boolean {
  const { rest } = leaf;
  return (
    typeof rest === "boolean" ||
    leaf.parts.length > 1 ||
    ["$ref", "anyOf", "enum", "const"].some((keyword) => rest[keyword] !== undefined)
  );
}

/** The conditions on `x`, a list of texts. */
export function listConditions({ schema }: ListShape, x: string, { imports }: Context): readonly Term[] {
  const terms = [...sizeTerms(schema, `${x}.length`, "Items")];
  if (schema["uniqueItems"] === true) {
    // As the judge does: where the schema says by itself that all are texts, `__proto__` is never a duplicate.
    const items = schema["items"];
    const areTexts = typeof items === "object" && items !== null && "type" in items;
    terms.push(holds(`${imports.use(areTexts ? "areUnique" : "isUnique")}(${x})`));
  }
  return terms;
}

/** The conditions on `x`, a text of a list. */
export function itemConditions(
  { item }: ListShape,
  x: string,
  context: Context,
  where: string,
): readonly Term[] {
  if (item["enum"] === undefined && item["const"] === undefined && !hasCombiners(item))
    return kindTerms(item, "string", x, context, where);
  return leafTerms(item, x, context, where) ?? [];
}

/** That `x` is of the type of a part. */
export function typeCondition(part: Part, x: string, context: Pick<Context, "imports">): Term {
  return typeTerm(part === "integer" ? part : kindOfPart(part), x, context);
}
