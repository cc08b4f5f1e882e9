/** The values that break one keyword at one place, the nearest misses first. */

import type { Json } from "../contract/contract.js";
import { isObject } from "../contract/pointer.js";
import type { Flat } from "./flatten.js";
import { kindOf } from "./json-kind.js";
import { codePoints } from "./scalar.js";
import { REMOVED, UNEXPECTED, type ViolationSite } from "./violation-site.js";

/** What is to stand at the site instead, and what that is in words. */
export interface Miss {
  /** The place below the site that is changed; empty: the site itself. */
  readonly member?: string;
  readonly value: Json | typeof REMOVED;
  readonly what: string;
}

/** What could be put at a site that holds `found`. Not all of it need be refused: another branch may accept it. */
export function misses(site: ViolationSite, found: Json): Miss[] {
  return site.flats.flatMap((flat) => missesOf(site, flat, found));
}

function missesOf(site: ViolationSite, flat: Flat, found: Json): Miss[] {
  switch (site.keyword) {
    case "type":
      return WRONG_TYPES.filter(({ value }) => wrongType(flat, value));
    case "null":
      return isObject(found) ? [{ value: null, what: "null for an object" }] : [];
    case "const":
    case "enum":
      return otherValues(found);
    case "pattern":
    case "format":
    case "minLength":
    case "maxLength":
      return typeof found === "string" ? textMisses(site.keyword, flat, found) : numberFormat(site, found);
    case "minItems":
    case "maxItems":
    case "uniqueItems":
    case "contains":
    case "additionalItems":
      return Array.isArray(found) ? itemMisses(site.keyword, flat, found) : [];
    default:
      if (typeof found === "number") return numberMisses(site.keyword, flat, found);
      return isObject(found) ? memberMisses(site, flat, found) : [];
  }
}

const WRONG_TYPES: readonly (Miss & { readonly value: Json })[] = [
  { value: "1", what: "a number as a string" },
  { value: 1, what: "a number" },
  { value: null, what: "null" },
  { value: 1.5, what: "a fraction" },
  { value: true, what: "a boolean" },
  { value: [], what: "an array" },
  { value: {}, what: "an object" },
  { value: "true", what: "a boolean as a string" },
];

function wrongType(flat: Flat, value: Json): boolean {
  const kind = kindOf(value);
  return !flat.kinds.has(kind) || (flat.integer && kind === "number" && !Number.isInteger(value));
}

function otherValues(found: Json): Miss[] {
  const texts =
    typeof found === "string"
      ? [`${found}_`, found.toUpperCase(), found.toLowerCase(), ` ${found}`, ""].filter(
          (text) => text !== found,
        )
      : [];
  const values: Json[] =
    typeof found === "number"
      ? [found + 1, -found - 1, found + 0.5]
      : typeof found === "boolean"
        ? [!found]
        : [];
  return [...texts, ...values, "none of these"].map((value) => ({ value, what: "a value off the list" }));
}

function textMisses(keyword: string, flat: Flat, found: string): Miss[] {
  const characters = [...found];
  if (keyword === "minLength") {
    const value = characters.slice(0, Math.max(0, flat.minLength - 1)).join("");
    return [{ value, what: `${codePoints(value)} characters` }];
  }
  if (keyword === "maxLength") {
    const length = (flat.maxLength ?? 0) + 1;
    return ["a", "é", "😀"].map((filler) => ({
      value: found + filler.repeat(Math.max(0, length - characters.length)),
      what: `${length} characters`,
    }));
  }
  const texts = [
    `${found} `,
    ` ${found}`,
    found.slice(0, -1),
    `${found}\n`,
    found.toUpperCase(),
    found.toLowerCase(),
    `${found}!`,
    `not a ${flat.formats[0] ?? "match"}`,
    "",
    "😀",
  ].filter((text) => text !== found);
  // One thing at a time: the length stays as it must be, where that can be.
  const fits = (text: string) =>
    codePoints(text) >= flat.minLength && codePoints(text) <= (flat.maxLength ?? Number.POSITIVE_INFINITY);
  return [...texts.filter(fits), ...texts.filter((text) => !fits(text))].map((value) => ({
    value,
    what: keyword === "format" ? `no ${flat.formats.join(", ")}` : "text that does not match",
  }));
}

function numberFormat(site: ViolationSite, found: Json): Miss[] {
  if (site.keyword !== "format" || typeof found !== "number") return [];
  return [2 ** 31, -(2 ** 31) - 1, 0.5].map((value) => ({ value, what: "a number outside of the format" }));
}

function numberMisses(keyword: string, flat: Flat, found: number): Miss[] {
  const step = flat.multiples[0] ?? 1;
  const miss = (values: readonly number[], what: string): Miss[] => values.map((value) => ({ value, what }));
  switch (keyword) {
    case "minimum":
      return miss(around(flat.minimum ?? 0, -step, flat.integer), "below the minimum");
    case "maximum":
      return miss(around(flat.maximum ?? 0, step, flat.integer), "above the maximum");
    case "exclusiveMinimum":
      return miss([flat.exclusiveMinimum ?? 0, (flat.exclusiveMinimum ?? 0) - step], "not above the bound");
    case "exclusiveMaximum":
      return miss([flat.exclusiveMaximum ?? 0, (flat.exclusiveMaximum ?? 0) + step], "not below the bound");
    case "multipleOf":
      return miss([found + step / 2, found - step / 2, found + step / 3], "between two multiples");
    default:
      return [];
  }
}

/** The first values beyond a bound: a step further, much further, and for fractions a hair. */
function around(bound: number, step: number, integer: boolean): number[] {
  const far = [bound + step, bound + 1000 * step, bound * 2 + step];
  return integer ? far : [...far, bound + step * 1e-6];
}

function itemMisses(keyword: string, flat: Flat, found: readonly Json[]): Miss[] {
  switch (keyword) {
    case "minItems":
      return [{ value: found.slice(0, flat.minItems - 1), what: `${flat.minItems - 1} items` }];
    case "maxItems": {
      const length = (flat.maxItems ?? 0) + 1;
      const items = Array.from({ length }, (_, index) => found[index % Math.max(1, found.length)] ?? null);
      return [{ value: items, what: `${length} items` }];
    }
    case "uniqueItems": {
      const [first = null, ...rest] = found;
      const misses: Miss[] = [{ value: [first, ...rest, first], what: "an item twice" }];
      if (rest.length > 0)
        misses.push({ value: [first, ...rest.slice(0, -1), first], what: "an item twice" });
      return misses;
    }
    case "contains":
      return [
        { value: found.slice(0, 0), what: "none of the wanted items" },
        { value: found.map(() => null), what: "none of the wanted items" },
      ];
    default: {
      const tuple = Math.max(0, ...flat.items.map((shape) => shape.tuple.length));
      const full = found.length >= tuple ? [{ value: [...found, null], what: "an item too many" }] : [];
      return full;
    }
  }
}

function memberMisses(site: ViolationSite, flat: Flat, found: { readonly [name: string]: unknown }): Miss[] {
  // What was generated as JSON has JSON members.
  const members = found as { readonly [name: string]: Json };
  const { member = "" } = site;
  switch (site.keyword) {
    case "required":
      return Object.hasOwn(members, member) ? [{ member, value: REMOVED, what: "missing" }] : [];
    case "renamed":
      return Object.hasOwn(members, member) ? renamed(members, member) : [];
    case "false schema":
      return [{ member, value: true, what: "a member that must not be there" }];
    case "additionalProperties":
      return ([UNEXPECTED, "x", "Extra"] as const)
        .filter((name) => !Object.hasOwn(members, name))
        .map((name) => ({ member: name, value: true, what: `an extra field \`${name}\`` }));
    case "propertyNames":
      return ["", "a b", "ключ", "A", "a", "1", "x".repeat(300)]
        .filter((name) => !Object.hasOwn(members, name))
        .map((name) => ({ member: name, value: true, what: `a member named "${name.slice(0, 20)}"` }));
    case "minProperties": {
      const kept = Object.entries(members).slice(0, flat.minProperties - 1);
      return [{ value: Object.fromEntries(kept), what: `${kept.length} members` }];
    }
    case "maxProperties": {
      const more = { ...members };
      for (let i = 0; Object.keys(more).length <= (flat.maxProperties ?? 0); i++) more[`extra${i}`] = true;
      return [{ value: more, what: `${Object.keys(more).length} members` }];
    }
    default:
      return [];
  }
}

/** The same member under a name in another case, in the same position. */
function renamed(members: { readonly [name: string]: Json }, member: string): Miss[] {
  return otherCases(member)
    .filter((name) => !Object.hasOwn(members, name))
    .map((name) => ({
      value: Object.fromEntries(
        Object.entries(members).map(([key, value]) => [key === member ? name : key, value]),
      ),
      what: `\`${name}\` for \`${member}\``,
    }));
}

function otherCases(name: string): string[] {
  const snake = name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const camel = name.replaceAll(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const capital = name.slice(0, 1).toUpperCase() + name.slice(1);
  return [...new Set([camel, snake, capital, name.toUpperCase(), name.toLowerCase()])].filter(
    (other) => other !== name,
  );
}
