/** JSON pointers (RFC 6901): `/data/items/0`, with `~1` for `/` and `~0` for `~`. */

/** Splits a pointer into its unescaped parts; `""` gives none. Throws SyntaxError when it does not start with `/`. */
export function parsePointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) {
    throw new SyntaxError(`A JSON pointer starts with "/": got "${pointer}". Write "/${pointer}".`);
  }
  return pointer.slice(1).split("/").map(unescapePart);
}

/** Joins parts to a pointer, escaping each. */
export function formatPointer(parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * The value at a pointer, or `undefined` where there is none.
 *
 * Only own properties count: `/toString` and `/__proto__` are absent from a value that does not hold them as data.
 */
export function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of parsePointer(pointer)) {
    at = memberOf(at, part);
    if (at === undefined) return undefined;
  }
  return at;
}

const ARRAY_INDEX = /^(?:0|[1-9][0-9]*)$/;

/** The member of an object or array by its name or index, own properties only. */
export function memberOf(value: unknown, part: string): unknown {
  if (Array.isArray(value)) return ARRAY_INDEX.test(part) ? value[Number(part)] : undefined;
  if (!isObject(value)) return undefined;
  return Object.hasOwn(value, part) ? value[part] : undefined;
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// `~1` before `~0`, so that `~01` becomes `~1` and not `/` (RFC 6901 section 4).
function unescapePart(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
