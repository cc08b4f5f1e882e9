/**
 * From a template to its regular expression.
 *
 * A template looks like the JSON that it fits: `{"event":"said","text":$text(,"at":$time)?}`. A `$part` is captured,
 * `( … )?` may be absent, `( … | … )` is a choice, `"(a|b)"` one text of a few. `;` in place of a comma stands between
 * members that may all be absent. Behind each separator there may be a space, as Python writes it.
 *
 * Each class leaves out what ends it, so that no two ways lead through one text; `unambiguous.ts` proves it of each
 * expression that is made here.
 */

/** A free text without escapes, and one that may have some. `src/wire/codec/fast-read.ts` makes the second of the first. */
export const RAW = '[^"\\\\\\x00-\\x1f]*';
export const ESCAPED = `${RAW}(?:\\\\(?:["\\\\/bfnrt]|u[\\da-fA-F]{4})${RAW})*`;

const DAY = "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)";
const TIME = "(?:[01]\\d|2[0-3])(?::[0-5]\\d){2}(?:\\.\\d+)?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
const INTEGER = "-?(?:0|[1-9]\\d{0,14})";

const SYMBOLS: { readonly [symbol: string]: string } = {
  "{": "\\{",
  "}": "\\}",
  "[": "\\[",
  "]": "\\]",
  "(": "(?:",
  ":": ": ?",
  ",": ", ?",
  // A comma with a member behind it, or the end.
  ";": '(?:, ?(?=")|(?=\\}))',
  // Captures that what it stands before is there.
  $here: "()",
  $integer: `(${INTEGER})`,
  $number: `(${INTEGER}(?:\\.\\d+)?)`,
  $boolean: "(?:(t)rue|(f)alse)",
  // The date-times that are one whatever the year is: leap days and leap seconds are left to the check.
  $time: `"(\\d{4}-${DAY}T${TIME})"`,
  $uuid: '"([\\da-fA-F]{8}-(?:[\\da-fA-F]{4}-){3}[\\da-fA-F]{12})"',
};

const TOKEN = /"(?:[^"\\]|\\.)*"|\$[a-z]+|[^"$]/g;

/** The source of the expression in which a free text is what `body` matches. */
export function expressionOf(template: string, body: string): string {
  const source = template.replace(TOKEN, (token) => {
    if (token === "$text") return `"(${body})"`;
    if (token === "$texts") return `\\[((?:"${body}"(?:, ?"${body}")*)?)\\]`;
    if (token.startsWith('"(')) return token.replace(/[\\^$.*+?[\]{}/]/g, "\\$&");
    if (token.startsWith('"')) return token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    return SYMBOLS[token] ?? token;
  });
  return `^${source}$`;
}
