/** What a caller wants to stand at places of a generated payload, as a tree that the generator walks along. */

import type { Json, Pointer } from "../contract/contract.js";
import { parsePointer } from "../contract/pointer.js";

/** What is to stand at one place. */
export interface Placement {
  /** The only values to use there, those that are valid; an empty list leaves the place out where that is allowed. */
  readonly values?: readonly Json[];
  /** The place, and all that it lies in, must be there. An item of an array can be asked for at index 0 only. */
  readonly required?: boolean;
}

/** The placements below one level of a payload. */
export interface PlacementTree {
  readonly values?: readonly Json[];
  /** This place, or one below it, must be there. */
  readonly required: boolean;
  /** Some place below it must be there. */
  readonly requiresMembers: boolean;
  /** Levels down to the deepest place that must be there. */
  readonly depth: number;
  readonly children: ReadonlyMap<string, PlacementTree>;
}

/** Sorts placements by the level at which they matter. */
export function placementTree(at: Readonly<Record<Pointer, Placement>>): PlacementTree {
  return grow(Object.entries(at).map(([pointer, placement]) => [parsePointer(pointer), placement]));
}

function grow(placements: readonly (readonly [readonly string[], Placement])[]): PlacementTree {
  const here = placements.find(([parts]) => parts.length === 0)?.[1];
  const names = new Set(placements.flatMap(([parts]) => parts.slice(0, 1)));
  const children = new Map(
    [...names].map((name) => [
      name,
      grow(
        placements.flatMap(([parts, placement]) =>
          parts[0] === name ? [[parts.slice(1), placement] as const] : [],
        ),
      ),
    ]),
  );
  const below = [...children.values()].filter((child) => child.required);
  return {
    ...(here?.values === undefined ? {} : { values: here.values }),
    required: here?.required === true || below.length > 0,
    requiresMembers: below.length > 0,
    depth: Math.max(0, ...below.map((child) => child.depth + 1)),
    children,
  };
}
