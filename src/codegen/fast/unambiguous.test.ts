import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Contract } from "../../contract/contract.js";
import { messagesOf } from "../../contract/discriminate.js";
import { layoutOf } from "./layout.js";
import { shapeOf } from "./shape.js";
import { ESCAPED, expressionOf, RAW } from "./template.js";
import { assertUnambiguous, automatonOf } from "./unambiguous.js";

const root = new URL("../../../", import.meta.url);
// The committed contract, as the document was compiled.
const contract = JSON.parse(readFileSync(new URL("generated/contract.json", root), "utf8")) as Contract;
const templates = contract.endpoints.flatMap((endpoint) =>
  (["event", "command"] as const).flatMap((direction) =>
    messagesOf(endpoint, direction).flatMap((message) => {
      const found = shapeOf(message.payload, contract.definitions, []);
      return "why" in found ? [] : [[message.name, layoutOf(found.shape).template] as const];
    }),
  ),
);

describe("the proof that no two ways lead through one text", () => {
  it.each([
    ["^a*b$"],
    ['^"[^"\\\\]*"$'],
    ["^(?:ab|ac)d$"],
    ["^(?:a(?:, ?|(?=b)))?b$"],
    ["^\\d{0,3}x$"],
    ["^(?:\\d{2}){2}$"],
    ["^(?:01|02|0[3-9])Z$"],
  ])("is found for %s", (source) => {
    expect(() => assertUnambiguous(source)).not.toThrow();
  });

  it.each([
    ["^a*a*b$", "two loops over the same"],
    ["^(?:a|a)b$", "two branches that begin alike and end alike"],
    ['^"[^\\\\]*"[^\\\\]*"$', "a class that does not leave out what ends it"],
    ["^(?:a*)*b$", "a loop in a loop"],
    ["^(?:[ab]*a)*$", "a loop that can be left at each turn"],
    ["^\\d{0,3}\\d*$", "a count that runs into its like"],
    ["^(?:ab|a)b*$", "a branch that is the beginning of another, and a loop over the rest"],
    ["^a.b$", "a construct that the proof does not know"],
  ])("fails for %s: %s", (source) => {
    expect(() => assertUnambiguous(source)).toThrow();
  });

  it("is found for every template of the committed contract, with and without escapes", () => {
    expect(templates.length).toBeGreaterThan(20);
    for (const [, template] of templates) {
      assertUnambiguous(expressionOf(template, RAW));
      assertUnambiguous(expressionOf(template, ESCAPED));
    }
  });

  it("finds a free text that may hold its own end", () => {
    const broken = templates.map(([, template]) => expressionOf(template, "[^\\\\\\x00-\\x1f]*"));
    const failed = broken.filter((source) => {
      try {
        assertUnambiguous(source);
        return false;
      } catch {
        return true;
      }
    });
    expect(failed.length).toBeGreaterThan(templates.length / 3);
  });
});

describe("an engine that tries every way", () => {
  it("comes to each place of a template at most once, on texts of up to 1 kB that almost fit", () => {
    let long = 0;
    for (const [, template] of templates) {
      for (const source of [expressionOf(template, RAW), expressionOf(template, ESCAPED)]) {
        for (const text of nearMisses(source)) {
          const { steps, places } = waysThrough(source, text);
          expect(steps, `${source} on ${text}`).toBe(places);
          if (steps > 900) long++;
        }
      }
    }
    expect(long).toBeGreaterThan(templates.length);
  });

  it("comes to places again and again where the proof fails", () => {
    const { steps, places } = waysThrough("^a*a*a*b$", "a".repeat(100));
    expect(steps).toBeGreaterThan(places * 100);
  });
});

/** The steps of an engine that tries every way through a text, and the different places that it comes to. */
function waysThrough(source: string, text: string): { steps: number; places: number } {
  const { units, next } = automatonOf(source);
  const seen = new Set<number>();
  let steps = 0;
  const waiting: [position: number, at: number][] = [[0, 0]];
  for (let way = waiting.pop(); way !== undefined; way = waiting.pop()) {
    const [position, at] = way;
    const unit = text.charCodeAt(at);
    for (const to of next[position] ?? []) {
      if (!units[to]?.some(([low, high]) => unit >= low && unit <= high)) continue;
      steps++;
      seen.add(to * (text.length + 1) + at);
      waiting.push([to, at + 1]);
    }
  }
  return { steps, places: seen.size };
}

/** Texts of a kilobyte that fit an expression but for their last unit, made by walking through it. */
function nearMisses(source: string): string[] {
  const { units, next } = automatonOf(source);
  return [0, 1, 2].map((turn) => {
    let text = "";
    let position = 0;
    for (let step = 0; text.length < 1023; step++) {
      const choices = [...(next[position] ?? [])];
      // To stay where it is where it can, else by turns: long texts, and all branches.
      const to =
        choices.includes(position) && step % 90 !== 0 ? position : choices[(step + turn) % choices.length];
      if (to === undefined) break;
      const [range] = units[to] ?? [];
      text += String.fromCharCode(Math.max(range?.[0] ?? 0, Math.min(range?.[1] ?? 0, 0x61)));
      position = to;
    }
    return `${text}\u0001`;
  });
}
