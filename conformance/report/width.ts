/** Text in columns. Widths count code points, which is right for the signs that the report uses itself. */

// The escape sequences of colours take no column.
const ESCAPES = /\u001b\[[0-9;]*m/g;

/** How many columns a text takes. */
export function visibleWidth(text: string): number {
  return [...text.replace(ESCAPES, "")].length;
}

/** Fills up with spaces; a text that is too long stays as it is, with one space behind it. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const missing = width - visibleWidth(text);
  if (missing <= 0) return align === "left" ? `${text} ` : ` ${text}`;
  const spaces = " ".repeat(missing);
  return align === "left" ? text + spaces : spaces + text;
}

/** Cuts to a width, with an ellipsis where something is lost. */
export function cut(text: string, width: number): string {
  const signs = [...text];
  if (signs.length <= width) return text;
  return `${signs.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Cuts out the middle, so that beginning and end of a frame stay readable. */
export function cutMiddle(text: string, width: number): string {
  const signs = [...text];
  if (signs.length <= width) return text;
  const tail = Math.floor(width / 4);
  return `${signs.slice(0, width - tail - 1).join("")}…${signs.slice(signs.length - tail).join("")}`;
}

/** Breaks at spaces; a word longer than the width is broken anywhere. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of printable(text).split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      let rest = [...word];
      if (visibleWidth(line) + 1 + rest.length <= width && line !== "") {
        line += ` ${word}`;
        continue;
      }
      if (line !== "") lines.push(line);
      while (rest.length > width) {
        lines.push(rest.slice(0, width).join(""));
        rest = rest.slice(width);
      }
      line = rest.join("");
    }
    lines.push(line);
  }
  return lines;
}

/** Control characters of a subject must not reach the terminal: they are shown as escapes. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
