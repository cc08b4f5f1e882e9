/** A course of two ends as a sequence diagram in text: the client on the left, the server on the right, time downwards. */

import type { Action } from "./explore.js";

/** One line: what an end did, and the state in which it is then. */
export interface DrawnAction extends Action {
  readonly after: string;
}

// An arrow has at least so many strokes on either side of its label.
const STROKES = 2;

/** Draws a course. A message that is received next after it was sent takes one line, one that crosses another two. */
export function drawCourse(initial: string, actions: readonly DrawnAction[]): string {
  const left = Math.max("client".length, initial.length, ...statesOf(actions, "client"));
  const rows = rowsOf(actions);
  // Two halves meet at the dot in the middle; an arrow that goes all the way may need more than both.
  const longest = (kinds: readonly Row["kind"][]) =>
    Math.max(0, ...rows.filter(({ kind }) => kinds.includes(kind)).map(({ label }) => label.length));
  const half = longest(["first half", "second half"]) + 2 * STROKES + 4;
  const width = Math.max(2 * half + 1, longest(["whole"]) + 2 * STROKES + 3);
  const line = (client: string, middle: string, server: string) =>
    `${client.padEnd(left)}  ${middle.padEnd(width)}  ${server}`.trimEnd();
  return [
    line("client", "", "server"),
    line(initial, "", initial),
    ...rows.map(({ client, server, label, kind, toRight }) => {
      if (kind === "whole") return line(client, arrowOf(label, width, toRight, true), server);
      const size = Math.floor(width / 2);
      const drawn = arrowOf(label, size - 1, toRight, kind === "second half");
      // The client's half lies at the left, the server's at the right.
      const atLeft = (kind === "first half") === toRight;
      return line(client, atLeft ? `${drawn} ·` : `· ${drawn}`.padStart(width), server);
    }),
  ].join("\n");
}

interface Row {
  readonly kind: "whole" | "first half" | "second half";
  readonly label: string;
  readonly toRight: boolean;
  /** The states that the ends are in then; empty where nothing was done. */
  readonly client: string;
  readonly server: string;
}

function rowsOf(actions: readonly DrawnAction[]): Row[] {
  const rows: Row[] = [];
  let onTheWay = 0;
  for (let index = 0; index < actions.length; index++) {
    const action = actions[index];
    if (action === undefined) break;
    const { end, kind, after } = action;
    const next = actions[index + 1];
    const { label } = action.letter;
    const toRight = (end === "client") === (kind === "send");
    const [client, server] = end === "client" ? [after, ""] : ["", after];
    if (kind === "send" && onTheWay === 0 && next?.kind === "receive") {
      const both = end === "client" ? { client, server: next.after } : { client: next.after, server };
      rows.push({ kind: "whole", label, toRight, ...both });
      index++;
      continue;
    }
    onTheWay += kind === "send" ? 1 : -1;
    rows.push({ kind: kind === "send" ? "first half" : "second half", label, toRight, client, server });
  }
  return rows;
}

function statesOf(actions: readonly DrawnAction[], end: Action["end"]): number[] {
  return actions.filter((action) => action.end === end).map(({ after }) => after.length);
}

function arrowOf(label: string, width: number, toRight: boolean, hasHead: boolean): string {
  const strokes = width - label.length - 2;
  const first = Math.floor(strokes / 2);
  const [one, two] = ["─".repeat(first), "─".repeat(strokes - first)];
  const arrow = `${one} ${label} ${two}`;
  if (!hasHead) return arrow;
  return toRight ? `${arrow.slice(0, -1)}▶` : `◀${arrow.slice(1)}`;
}
