/** Statements of check functions, indented for a function body. */

import { LINE_WIDTH } from "./literal.js";
import { all, operands, type Term } from "./terms.js";

/** A block with its head; the body is indented once more. */
export function block(head: string, body: readonly string[]): string[] {
  return [`  ${head}`, ...body.map((line) => (line === "" ? "" : `  ${line}`)), "  }"];
}

/** Leaves by `refusal` when one of the conditions is wrong. */
export function statement(terms: readonly Term[], refusal: string): string[] {
  return ifLines(all(terms).wrong, refusal);
}

/** `if (condition) then`, broken where it is too long for a line. */
export function ifLines(condition: string, then: string): string[] {
  const line = `  if (${condition}) ${then}`;
  // Deeper blocks shift the line; four columns of room keep it within the width.
  if (line.length <= LINE_WIDTH - 4) return [line];
  const sum = condition.split(" + ");
  const { operator, parts } = condition.startsWith("Number(")
    ? { operator: "+", parts: sum }
    : operands(condition);
  if (parts.length === 1 || condition.length <= LINE_WIDTH - 12) {
    return [`  if (${condition}) {`, `    ${then}`, "  }"];
  }
  const broken = parts.map((part, index) => `    ${part}${index < parts.length - 1 ? ` ${operator}` : ""}`);
  return ["  if (", ...broken, "  ) {", `    ${then}`, "  }"];
}

/** A call after `head`, its arguments on lines of their own where one line is too short. */
export function callLines(head: string, name: string, args: readonly string[]): string[] {
  const line = `${head}${name}(${args.join(", ")});`;
  if (line.length <= LINE_WIDTH - 4) return [line];
  const indent = head.slice(0, head.length - head.trimStart().length);
  const shown = args.map((arg) =>
    arg.startsWith("[[") ? arg.replaceAll("], [", `],\n${indent}    [`) : arg,
  );
  const broken = shown.map((arg) =>
    arg.includes("\n") ? `[\n${indent}    ${arg.slice(1, -1)},\n${indent}  ]` : arg,
  );
  return [`${head}${name}(`, ...broken.flatMap((arg) => `${indent}  ${arg},`.split("\n")), `${indent});`];
}
