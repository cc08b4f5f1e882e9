/** The numbers of several layers taken together: ranges, lengths, multiples. */

import { isInteger, type Layer } from "./side.js";

/** What numbers are allowed: `from` and `to` belong to the range unless it says otherwise. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly fromIsOut: boolean;
  readonly toIsOut: boolean;
}

/** The range of numbers that all layers allow; of whole numbers with the ends that count. */
export function rangeOf(layers: readonly Layer[]): Range {
  const [minimum, above] = [most(layers, "minimum"), most(layers, "exclusiveMinimum")];
  const [maximum, below] = [least(layers, "maximum"), least(layers, "exclusiveMaximum")];
  if (isInteger(layers)) {
    const from = Math.max(Math.ceil(minimum), Math.floor(above) + 1);
    const to = Math.min(Math.floor(maximum), Math.ceil(below) - 1);
    return { from, to, fromIsOut: false, toIsOut: false };
  }
  return {
    from: Math.max(minimum, above),
    to: Math.min(maximum, below),
    fromIsOut: above >= minimum && Number.isFinite(above),
    toIsOut: below <= maximum && Number.isFinite(below),
  };
}

/** Lengths that all layers allow, by the keywords that say them. */
export function lengthsOf(
  layers: readonly Layer[],
  leastKeyword: string,
  mostKeyword: string,
): { readonly least: number; readonly most: number } {
  return { least: Math.max(0, most(layers, leastKeyword)), most: least(layers, mostKeyword) };
}

/** The values of a keyword in all layers that have it as a number. */
export function numbersOf(layers: readonly Layer[], keyword: string): number[] {
  return layers.flatMap((layer) => {
    const value = layer[keyword];
    return typeof value === "number" ? [value] : [];
  });
}

/** The values of a keyword in all layers that have it as a text. */
export function textsOf(layers: readonly Layer[], keyword: string): string[] {
  const texts = layers.flatMap((layer) => {
    const value = layer[keyword];
    return typeof value === "string" ? [value] : [];
  });
  return [...new Set(texts)];
}

function most(layers: readonly Layer[], keyword: string): number {
  return Math.max(Number.NEGATIVE_INFINITY, ...numbersOf(layers, keyword));
}

function least(layers: readonly Layer[], keyword: string): number {
  return Math.min(Number.POSITIVE_INFINITY, ...numbersOf(layers, keyword));
}
