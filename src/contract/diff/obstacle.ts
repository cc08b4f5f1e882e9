/** What keeps a value of a writer from a reader, and the comparison that looks for it. */

import type { JsonSchema, Pointer } from "../contract.js";
import { shorten } from "../discriminate.js";
import { formatPointer } from "../pointer.js";
import type { Side } from "./side.js";

/** Something that keeps a value of the writer from the reader. */
export interface Obstacle {
  /** Place in the payload; `*` stands for any item, or any member that nothing names. */
  readonly pointer: Pointer;
  /**
   * The keyword that differs; `field-unknown`: the reader refuses a field of the writer; `field-lacking`: the writer does
   * not describe a field of the reader, which may be absent; `schema`: the whole cannot be compared.
   */
  readonly keyword: string;
  /** False where neither containment nor its contrary could be proved. */
  readonly certain: boolean;
  /** What the writer's schema says there, and the reader's. */
  readonly writer: string;
  readonly reader: string;
}

/** A place of a payload, as parts of a pointer. */
export type Path = readonly (string | number)[];

/** One comparison of two schemas and of all that they consist of. */
export interface Walk {
  readonly writer: Side;
  readonly reader: Side;
  /** The reader counts on fields that it describes: `field-lacking` weighs as much as what is refused. */
  readonly promised: boolean;
  /** Pairs that wait for their own answer: values are finite, so a pair may rely on itself one level deeper. */
  readonly open: Map<JsonSchema, Set<JsonSchema>>;
  steps: number;
  /** The obstacles between a schema of the writer and one of the reader at a place. */
  compare(a: JsonSchema, b: JsonSchema, path: Path): Obstacle[];
}

/** True when all values are taken: a field that is only lacking keeps none of them back. */
export function isTaken(walk: Pick<Walk, "promised">, found: readonly Obstacle[]): boolean {
  return hardOnes(walk, found) === 0;
}

/** How many obstacles weigh. */
export function hardOnes({ promised }: Pick<Walk, "promised">, found: readonly Obstacle[]): number {
  return found.filter(({ keyword }) => promised || keyword !== "field-lacking").length;
}

export function obstacleAt(
  path: Path,
  keyword: string,
  texts: { readonly writer: string; readonly reader: string },
  certain = true,
): Obstacle {
  return { pointer: formatPointer(path), keyword, certain, ...texts };
}

/** True for a schema that plainly allows nothing. */
export function isNothing(side: Side, schema: JsonSchema): boolean {
  return schema === false || side.alternatives(schema).length === 0;
}

/** A value or schema in at most 80 characters. */
export const text = shorten;
