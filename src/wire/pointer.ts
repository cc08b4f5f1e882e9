/** The value at a JSON pointer (RFC 6901), `undefined` when it is absent. Own properties only, so `__proto__` is data. */
export function valueAt(value: unknown, pointer: string): unknown {
  let current = value;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, name)) return undefined;
    // An object with that own property, as the line above found.
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}
