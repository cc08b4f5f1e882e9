/** Text that comes in pieces, read line by line; a line has a bound. */

/** The longest line (UTF-16 units): an event of the longest message that a contract is likely to allow, escaped. */
export const LONGEST_LINE = 64 * 1024 * 1024;

/** Takes the pieces; `line` gets each line without its end, `tooLong` the beginning of one that never ends. */
export function createLineReader(
  line: (text: string) => void,
  tooLong: (beginning: string) => void,
  longest = LONGEST_LINE,
): (piece: string) => void {
  let parts: string[] = [];
  let length = 0;
  let skipping = false;

  function end(): void {
    const text = parts.join("");
    parts = [];
    length = 0;
    if (!skipping) line(text.endsWith("\r") ? text.slice(0, -1) : text);
    skipping = false;
  }

  function keep(part: string): void {
    if (skipping) return;
    parts.push(part);
    length += part.length;
    if (length <= longest) return;
    const [beginning = ""] = parts;
    parts = [];
    skipping = true;
    tooLong(beginning);
  }

  return (piece) => {
    const [first = "", ...others] = piece.split("\n");
    keep(first);
    for (const next of others) {
      end();
      keep(next);
    }
  };
}
