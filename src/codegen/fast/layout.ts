/** From a shape to its template (`template.ts`), and which capture reads which part of it. */

import type { LeafShape, MemberShape, ObjectShape, Part, Shape } from "./shape.js";

/** A template, and where its captures go. */
export interface Layout {
  readonly template: string;
  /** The number of the first capture of a shape. */
  readonly captureOf: ReadonlyMap<Shape, number>;
  /** The number of the capture that says that a member is there, where its own do not. */
  readonly presenceOf: ReadonlyMap<MemberShape, number>;
  /** The numbers of the captures that are free texts. */
  readonly texts: readonly number[];
}

/** The captures of a part, in their order: `boolean` has one for true and one for false. */
const CAPTURES: { readonly [part in Part]: number } = {
  text: 1,
  time: 1,
  uuid: 1,
  integer: 1,
  number: 1,
  boolean: 2,
  null: 0,
};

/** The captures of the parts of a leaf. */
export function capturesOf(leaf: LeafShape, first: number): { part: Part; capture: number }[] {
  let capture = first;
  return leaf.parts.map((part) => {
    const at = { part, capture };
    capture += CAPTURES[part];
    return at;
  });
}

/** How many captures a choice, a list or a leaf has. */
export function capturesIn(shape: Shape): number {
  return shape.kind === "leaf" ? shape.parts.reduce((sum, part) => sum + CAPTURES[part], 0) : 1;
}

/** The layout of a message. `eventName`: under Socket.IO the message is the second element of an array, behind its name. */
export function layoutOf(shape: ObjectShape, eventName?: string): Layout {
  const printer = new TemplatePrinter();
  const body = printer.shape(shape);
  const template = eventName === undefined ? body : `[${JSON.stringify(eventName)},${body}]`;
  const { captureOf, presenceOf, texts } = printer;
  return { template, captureOf, presenceOf, texts };
}

class TemplatePrinter {
  readonly captureOf = new Map<Shape, number>();
  readonly presenceOf = new Map<MemberShape, number>();
  readonly texts: number[] = [];
  private next = 1;

  shape(shape: Shape): string {
    this.captureOf.set(shape, this.next);
    switch (shape.kind) {
      case "object":
        return this.object(shape);
      case "constant":
        return JSON.stringify(shape.value);
      case "choice":
        this.next++;
        return `"(${shape.values.join("|")})"`;
      case "list":
        this.next++;
        return "$texts";
      case "leaf": {
        const parts = shape.parts.map((part) => (part === "null" ? "null" : `$${part}`));
        for (const part of shape.parts) {
          if (part === "text") this.texts.push(this.next);
          this.next += CAPTURES[part];
        }
        return parts.length === 1 ? (parts[0] ?? "") : `(${parts.join("|")})`;
      }
    }
  }

  private object({ members }: ObjectShape): string {
    const first = members.findIndex((member) => member.required);
    const texts = members.map((member, index) => {
      const text = this.member(member);
      if (member.required) return index > first ? `,${text}` : text;
      // Before the first that is always there the comma stands behind, after it before; else only between two.
      if (index < first) return `(${text},)?`;
      if (first >= 0) return `(,${text})?`;
      return index === members.length - 1 ? `(${text})?` : `(${text};)?`;
    });
    return `{${texts.join("")}}`;
  }

  private member(member: MemberShape): string {
    const name = JSON.stringify(member.name);
    if (member.required || showsItself(member.shape)) return `${name}:${this.shape(member.shape)}`;
    this.presenceOf.set(member, this.next++);
    return `${name}:$here${this.shape(member.shape)}`;
  }
}

/** True where one of the captures of a shape is there whenever the shape is. */
function showsItself(shape: Shape): boolean {
  if (shape.kind === "choice" || shape.kind === "list") return true;
  return shape.kind === "leaf" && shape.parts.every((part) => CAPTURES[part] > 0);
}
