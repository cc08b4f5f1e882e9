/** What happened, in order: what was sent, what came, what went wrong. Bounded, and drawn at most once a frame. */

import { button, element, prose } from "./element.js";

export type Kind = "event" | "command" | "state" | "error" | "fault";

/** One thing that happened. */
export interface Entry {
  readonly kind: Kind;
  readonly name: string;
  /** One line. */
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Shown as JSON when somebody looks into it. */
  readonly value?: unknown;
}

export interface Timeline {
  add(entry: Entry): void;
  clear(): void;
}

/** Entries of one kind and name in a row are one line; this many of the latest can be looked into. */
const MAX_IN_GROUP = 50;
/** Lines that are kept. */
const MAX_GROUPS = 200;
/** How near to its end the list counts as being there (pixels). */
const NEAR = 48;
const MAX_JSON = 20_000;

const SIGNS: Readonly<Record<Kind, { readonly sign: string; readonly says: string }>> = {
  event: { sign: "↓", says: "received" },
  command: { sign: "↑", says: "sent" },
  state: { sign: "●", says: "state" },
  error: { sign: "!", says: "error" },
  fault: { sign: "⚡", says: "broken on purpose" },
};

interface Group {
  readonly kind: Kind;
  readonly name: string;
  readonly at: number;
  count: number;
  readonly latest: { readonly entry: Entry; readonly at: number }[];
  readonly row: Row;
}

interface Row {
  readonly element: HTMLLIElement;
  readonly count: HTMLElement;
  readonly text: HTMLElement;
  readonly hint: HTMLElement;
  readonly details: HTMLDetailsElement;
  readonly body: HTMLElement;
}

/** Draws into `list`, which scrolls by itself; `newest` is shown while its end is out of sight. */
export function createTimeline(list: HTMLElement, newest: HTMLElement): Timeline {
  const groups: Group[] = [];
  const changed = new Set<Group>();
  let since = performance.now();
  let waiting = false;

  const atEnd = (): boolean => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  const toEnd = (): void => list.scrollTo({ top: list.scrollHeight });
  const showNewest = button("↓ Newest", toEnd);
  newest.append(showNewest);
  newest.hidden = true;
  // What scrolls has to be in reach of the keys that scroll.
  list.tabIndex = 0;
  list.addEventListener("scroll", () => {
    newest.hidden = atEnd();
  });

  function draw(): void {
    waiting = false;
    const follow = atEnd();
    for (const group of changed) {
      const { row, count, latest } = group;
      const last = latest.at(-1);
      row.count.textContent = count > 1 ? `×${count}` : "";
      const text = last?.entry.text ?? "";
      row.text.replaceChildren(...(group.kind === "error" ? prose(text) : [text]));
      row.hint.replaceChildren(...prose(last?.entry.hint ?? ""));
      if (row.details.open) look(group);
      if (row.element.parentElement === null) list.append(row.element);
    }
    changed.clear();
    if (follow) toEnd();
    else newest.hidden = false;
  }

  /** Shows what is inside a line. */
  function look({ row, count, latest, at }: Group): void {
    const parts = latest.flatMap((one) => [
      ...(count > 1 ? [element("p", { class: "about" }, `+${((one.at - at) / 1000).toFixed(3)} s`)] : []),
      element("pre", {}, pretty(one.entry.value)),
    ]);
    const left = count - latest.length;
    if (left > 0) parts.unshift(element("p", { class: "about" }, `${left} before these are no longer kept.`));
    row.body.replaceChildren(...parts);
  }

  function begin(entry: Entry, at: number): Group {
    const { sign, says } = SIGNS[entry.kind];
    const [count, text, hint, body] = [
      element("span", { class: "count" }),
      element("span", { class: "text" }),
      element("span", { class: "hint" }),
      element("div", { class: "inside" }),
    ];
    const head = [
      element("time", {}, ((at - since) / 1000).toFixed(3)),
      element("span", { class: "sign", role: "img", "aria-label": says }, sign),
      element("span", { class: "what" }, element("b", {}, entry.name), " ", count, " ", text),
      hint,
    ];
    const details = element("details", {}, element("summary", { class: "line" }, ...head), body);
    const line = entry.value === undefined ? element("div", { class: "line" }, ...head) : details;
    const made: Group = {
      kind: entry.kind,
      name: entry.name,
      at,
      count: 0,
      latest: [],
      row: {
        element: element("li", { class: entry.kind, "data-name": entry.name }, line),
        count,
        text,
        hint,
        details,
        body,
      },
    };
    details.addEventListener("toggle", () => (details.open ? look(made) : body.replaceChildren()));
    return made;
  }

  return {
    add(entry) {
      const at = performance.now();
      let group = groups.at(-1);
      if (
        group === undefined ||
        group.name !== entry.name ||
        group.kind !== entry.kind ||
        entry.kind === "state"
      ) {
        group = begin(entry, at);
        groups.push(group);
        if (groups.length > MAX_GROUPS) {
          const oldest = groups.shift();
          oldest?.row.element.remove();
          if (oldest !== undefined) changed.delete(oldest);
        }
      }
      group.count += 1;
      group.latest.push({ entry, at });
      if (group.latest.length > MAX_IN_GROUP) group.latest.shift();
      changed.add(group);
      if (!waiting) requestAnimationFrame(draw);
      waiting = true;
    },
    clear() {
      groups.length = 0;
      changed.clear();
      list.replaceChildren();
      newest.hidden = true;
      since = performance.now();
    },
  };
}

function pretty(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value));
  return text.length > MAX_JSON
    ? `${text.slice(0, MAX_JSON)}\n… ${text.length - MAX_JSON} characters more`
    : text;
}

const MAX_BRIEF = 240;

/** A value in one line: its fields without their nesting, but for those in `without`. */
export function brief(value: unknown, without: ReadonlySet<string>): string {
  const parts: string[] = [];
  const visit = (part: unknown, key: string): void => {
    if (parts.length > 12) return;
    if (typeof part === "object" && part !== null && !Array.isArray(part)) {
      for (const [name, inner] of Object.entries(part)) if (!without.has(name)) visit(inner, name);
    } else {
      const text = JSON.stringify(part) ?? "";
      const said = key === "" ? text : `${key}: ${text}`;
      if (!parts.includes(said)) parts.push(said);
    }
  };
  visit(value, "");
  const text = parts.join("  ");
  return text.length > MAX_BRIEF ? `${text.slice(0, MAX_BRIEF)}…` : text;
}
