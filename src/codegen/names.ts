/** Names for generated code: identifiers made of the document's words, each used once. */

/** Words of JavaScript and TypeScript that cannot name a constant or a type. */
const RESERVED = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends
  false finally for function if implements import in instanceof interface let new null package private protected
  public return static super switch this throw true try typeof undefined var void while with yield any bigint
  boolean never number object string symbol unknown Infinity NaN`.split(/\s+/),
);

/** `user:was_seen` → `UserWasSeen`. Never empty, never starts with a digit. */
export function pascalCase(text: string): string {
  const words = text
    .normalize("NFKC")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    // A word in capitals is a word like any other: `ERROR_EVENT` → `ErrorEvent`; `URLPath` stays.
    .map((word) =>
      /^[\p{Lu}\p{N}]+$/u.test(word) && word.length > 1 ? word[0] + word.slice(1).toLowerCase() : word,
    )
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const name = words.join("");
  if (name === "") return "Unnamed";
  return /^\p{ID_Start}/u.test(name) ? name : `_${name}`;
}

/** `user:was_seen` → `userWasSeen`. */
export function camelCase(text: string): string {
  const name = pascalCase(text);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** True for a name that can be written without quotes: `value.name`, `{ name: 1 }`. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** The file name, without its ending, of an endpoint. */
export function fileName(endpoint: string): string {
  const name = endpoint.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  return name === "" ? "channel" : name;
}

/** Gives each name once; a second taker gets a number. */
export class NameSet {
  private readonly taken = new Set<string>();

  constructor(reserved: Iterable<string> = []) {
    for (const name of reserved) this.taken.add(name);
  }

  /** `proposed`, or the first of `proposed2`, `proposed3` … that is free. */
  take(proposed: string): string {
    let name = proposed;
    for (let n = 2; this.taken.has(name) || RESERVED.has(name); n++) name = `${proposed}${n}`;
    this.taken.add(name);
    return name;
  }
}
