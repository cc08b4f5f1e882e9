/** Makes elements: the page has no framework, and its policy lets no markup run from text. */

type Attribute = string | number | boolean | undefined;

/** An element with its attributes (`true`: present, `false` and `undefined`: absent) and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** Text as documents write it: what stands between backticks is code. */
export function prose(text: string): (Node | string)[] {
  return text.split("`").map((part, index, { length }) => {
    // The last backtick of an odd number begins nothing.
    const code = index % 2 === 1 && (index < length - 1 || length % 2 === 1);
    return code ? element("code", {}, part) : index % 2 === 1 ? `\`${part}` : part;
  });
}

let ids = 0;

/** An id that no other element has. */
export function newId(): string {
  ids += 1;
  return `w${ids}`;
}

/** The element of `index.html` with this id, which has to be a `type`. */
export function part<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${type.name} #${id}.`);
}

/** A button that does something. */
export function button(
  label: string,
  action: () => void,
  attributes: Readonly<Record<string, Attribute>> = {},
) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}
