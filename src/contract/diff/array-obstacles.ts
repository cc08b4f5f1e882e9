/** What keeps arrays of one alternative from another. */

import type { JsonSchema } from "../contract.js";
import { isSchema } from "../payload.js";
import { isNothing, isTaken, type Obstacle, obstacleAt, type Path, type Walk } from "./obstacle.js";
import { lengthObstacles } from "./scalar-obstacles.js";
import type { Alternative } from "./side.js";
import { lengthsOf } from "./sizes.js";

export function arrayObstacles(walk: Walk, one: Alternative, other: Alternative, path: Path): Obstacle[] {
  const tuple = Math.max(tupleLength(one), tupleLength(other));
  const lengths = lengthsOf(one.layers, "minItems", "maxItems");
  let most = lengths.most;
  for (let index = 0; index <= tuple; index++) {
    if (isNothing(walk.writer, walk.writer.item(one, index))) most = Math.min(most, index);
  }
  const found = lengthObstacles(
    one,
    other,
    path,
    { least: "minItems", most: "maxItems", of: "items" },
    { least: lengths.least, most },
  );
  const unique = ({ layers }: Alternative) => layers.some(({ uniqueItems }) => uniqueItems === true);
  if (unique(other) && !unique(one) && most > 1) {
    found.push(obstacleAt(path, "uniqueItems", { writer: "equal items allowed", reader: "no equal items" }));
  }
  for (let index = 0; index <= tuple && index < most; index++) {
    const at = [...path, tuple === 0 || index === tuple ? "*" : index];
    found.push(...walk.compare(walk.writer.item(one, index), walk.reader.item(other, index), at));
  }
  for (const wanted of contained(other))
    found.push(...containsObstacles(walk, one, wanted, lengths.least, path));
  return found;
}

function containsObstacles(
  walk: Walk,
  one: Alternative,
  wanted: JsonSchema,
  least: number,
  path: Path,
): Obstacle[] {
  const own = contained(one);
  const fits = (schema: JsonSchema) => isTaken(walk, walk.compare(schema, wanted, path));
  if (own.some(fits) || (least > 0 && fits(walk.writer.item(one, 0)))) return [];
  const texts = {
    writer: own.length === 0 ? "no item that must be there" : "another item",
    reader: "one item of its own kind",
  };
  return [obstacleAt(path, "contains", texts, false)];
}

function contained({ layers }: Alternative): JsonSchema[] {
  return layers.map(({ contains }) => contains).filter(isSchema);
}

/** How many items have a schema of their own position. */
function tupleLength({ layers }: Alternative): number {
  return Math.max(0, ...layers.map(({ items }) => (Array.isArray(items) ? items.length : 0)));
}
