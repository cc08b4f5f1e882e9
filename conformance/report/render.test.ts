import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import type { Progress } from "../execution.js";
import { adviceOf } from "./advice.js";
import { createNdjsonStream } from "./ndjson.js";
import { REPORT_KINDS, renderReportAs } from "./render.js";
import type { Report } from "./report.js";
import { failedOutcome, sampleOutcome, sampleOutcomes, sampleReport } from "./test-report.js";

const schema = JSON.parse(readFileSync(new URL("../../schemas/report.json", import.meta.url), "utf8"));
const ajv = new Ajv({ allErrors: true });
addFormats.default(ajv);
const isReport = ajv.compile(schema);

/** An element of XML that was read. */
interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Reads XML strictly: what is not well-formed throws. */
function readXml(xml: string): Element {
  const body = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "");
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  for (const [, close, name, attributes, self, text] of body.matchAll(
    /<(\/?)([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+|<)/g,
  )) {
    const top = open.at(-1);
    if (top === undefined) throw new Error("An element is closed that was never opened.");
    if (text !== undefined) {
      if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(text)) throw new Error(`Not escaped: ${text}`);
      top.text += text;
    } else if (close === "/") {
      if (top.name !== name) throw new Error(`</${name}> closes <${top.name}>.`);
      open.pop();
    } else {
      const element: Element = {
        name: name ?? "",
        attributes: Object.fromEntries(
          [...(attributes ?? "").matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [
            key,
            value,
          ]),
        ),
        children: [],
        text: "",
      };
      top.children.push(element);
      if (self !== "/") open.push(element);
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is never closed.`);
  const [only] = root.children;
  if (only === undefined || root.children.length > 1) throw new Error("There is not one root.");
  return only;
}

/** The usual schema (junit-10.xsd of Jenkins): the children of each element in their order, and its attributes. */
const JUNIT: Readonly<
  Record<string, { readonly children: readonly string[]; readonly attributes: readonly string[] }>
> = {
  testsuites: {
    children: ["testsuite"],
    attributes: ["name", "tests", "failures", "errors", "skipped", "time"],
  },
  testsuite: {
    children: ["properties", "testcase"],
    attributes: ["name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"],
  },
  properties: { children: ["property"], attributes: [] },
  property: { children: [], attributes: ["name", "value"] },
  testcase: {
    children: ["skipped", "error", "failure", "system-out"],
    attributes: ["name", "classname", "time"],
  },
  skipped: { children: [], attributes: ["message"] },
  error: { children: [], attributes: ["message", "type"] },
  failure: { children: [], attributes: ["message", "type"] },
  "system-out": { children: [], attributes: [] },
};

function mustFit(element: Element): void {
  const rule = JUNIT[element.name];
  expect(rule, `<${element.name}>`).toBeDefined();
  if (rule === undefined) return;
  expect(rule.attributes).toEqual(expect.arrayContaining(Object.keys(element.attributes)));
  const order = element.children.map(({ name }) => rule.children.indexOf(name));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order).not.toContain(-1);
  for (const child of element.children) mustFit(child);
}

const cases = (element: Element): Element[] =>
  element.name === "testcase" ? [element] : element.children.flatMap(cases);

describe("a report in a file", () => {
  it.each(REPORT_KINDS)("ends with one line feed and holds no control character: %s", (kind) => {
    const text = renderReportAs(kind, sampleReport());
    expect(text).toMatch(/[^\n]\n$/);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  });

  it("is JSON that fits its schema", () => {
    isReport(JSON.parse(renderReportAs("json", sampleReport())));
    expect(isReport.errors ?? []).toEqual([]);
  });
});

describe("JUnit XML", () => {
  const root = readXml(renderReportAs("junit", sampleReport()));

  it("has the elements and attributes that CI systems know, in their order", () => mustFit(root));

  it("counts what it holds", () => {
    const all = cases(root);
    const having = (name: string): number =>
      all.filter(({ children }) => children.some((child) => child.name === name)).length;
    expect(root.attributes).toMatchObject({
      tests: String(all.length),
      failures: String(having("failure")),
      skipped: String(having("skipped")),
      errors: "0",
    });
    expect(all).toHaveLength(5);
  });

  it("says of a row that was not decided why, and of a warning what it warns of", () => {
    const of = (id: string): Element | undefined =>
      cases(root).find(({ attributes }) => attributes["name"]?.startsWith(id));
    expect(of("S-CD-11")?.children[0]?.attributes["message"]).toBe("untestable: blocked by S-CD-09");
    expect(of("S-HB-03")?.children[0]?.attributes["message"]).toBe("inconclusive: needs 75 s");
    expect(of("S-FR-16")?.children.map(({ name }) => name)).toEqual(["system-out"]);
    expect(of("S-FR-16")?.children[0]?.text).toContain("warning: the server left TCP open");
    expect(of("S-CD-09")?.children[0]?.text).toContain("mend: Rename the field");
    expect(of("S-CD-09")?.children[0]?.text).toContain("--only S-CD-09 --seed 7");
  });

  it("tells a fault of the kit as an error", () => {
    const faulty = sampleReport(sampleOutcomes, {
      harnessFaults: [{ check: "kit", message: 'no "file" <here>' }],
      exitCode: 2,
    });
    const xml = readXml(renderReportAs("junit", faulty));
    mustFit(xml);
    expect(xml.attributes["errors"]).toBe("1");
  });
});

describe("markdown for a CI summary", () => {
  const text = renderReportAs("markdown", sampleReport());

  it("says first what came of it, and what to do next", () => {
    expect(text.split("\n").slice(0, 5).join("\n")).toContain("1 of 2 checks failed");
    expect(text).toContain("**Next:** Fix S-CD-09 first, then run again");
  });

  it("counts by family", () => {
    expect(text).toMatch(/\| frames \| 1 \| {2}\| 1 \|/);
    expect(text).toMatch(/\| \*\*all\*\* \| 1 \| 1 \| 1 \| 1 \| 1 \|/);
  });

  it("lists what was not decided with its reason", () => {
    expect(text).toContain("| S-CD-11 text comes back unharmed | untestable | blocked by S-CD-09 |");
    expect(text).toContain("| S-HB-03 silence ends | inconclusive | needs 75 s |");
    expect(text).not.toContain("S-HB-02");
  });

  it("lets no markup of the server through", () => {
    expect(text.replace(/`+[^`]*`+/g, "")).not.toContain("<script>");
  });

  it("keeps to what GitHub takes", () => {
    const many = Array.from({ length: 400 }, () => ({ ...failedOutcome, got: "long ".repeat(2000) }));
    expect(renderReportAs("markdown", sampleReport(many)).length).toBeLessThan(1_000_000);
  });
});

describe("NDJSON", () => {
  it("is one object a line while it runs, and a summary at the end", () => {
    const lines: string[] = [];
    const stream = createNdjsonStream((line) => lines.push(line));
    const outcome = sampleOutcome();
    const told: Progress[] = [
      { kind: "started", id: "S-FR-01", done: 0, total: 1 },
      { kind: "finished", outcome, done: 1, total: 1 },
    ];
    for (const progress of told) stream.progress(progress);
    expect(lines).toHaveLength(2);
    stream.finish(sampleReport([outcome]));
    const values = lines.map((line) => JSON.parse(line));
    expect(values.map(({ kind }) => kind)).toEqual(["started", "outcome", "summary"]);
    expect(values[2]).toMatchObject({ exitCode: 1, verdicts: { "S-FR-01": "pass" } });
    expect(lines.join("")).not.toContain("\n");
  });

  it("holds the same outcomes when it is written at the end", () => {
    const values = renderReportAs("ndjson", sampleReport())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(values.filter(({ kind }) => kind === "outcome").map(({ outcome }) => outcome)).toEqual(
      sampleOutcomes,
    );
    expect(values.at(-1).kind).toBe("summary");
  });
});

describe("the HTML page", () => {
  const html = renderReportAs("html", sampleReport());

  it("needs nothing but itself", () => {
    expect(html).not.toMatch(/<(?:script|link|img|iframe)\b/);
    expect(html).not.toMatch(/url\(|@import|src=/);
    expect(html).toContain("default-src 'none'");
  });

  it("shows the evidence: sentence, clause, expected, got, mend, replay, diagram and bytes", () => {
    for (const part of [
      "A command padded with white space",
      'href="https://www.rfc-editor.org/rfc/rfc6455#section-5.2"',
      "Rename the field <code>type</code>",
      "--only S-CD-09 --seed 7",
      "<svg",
      "RSV1 1 ⚠",
      "opcode 0xb reserved ⚠",
      "MASK 1, key 01020304",
    ]) {
      expect(html).toContain(part);
    }
  });

  it("tells a frame of any shape by what is special in its header", () => {
    const frames = [{ fin: false, rsv: 2, opcode: 11, length: 0, lengthBits: 7 }] as const;
    const entry = { atMs: 0, connection: 0, direction: "sent", kind: "raw", text: "" } as const;
    const row = sampleOutcome({ verdict: "fail", transcript: [{ ...entry, frames }] });
    expect(renderReportAs("html", sampleReport([row]))).toContain(
      "RAW reserved opcode 0xb, FIN 0, RSV2, unmasked, 0 bytes<",
    );
  });

  it("lets no markup of the server through", () => {
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("&lt;script&gt;");
  });
});

describe("the advice at the end", () => {
  const undecided = (given: Partial<Report>): Report =>
    sampleReport([sampleOutcome({ verdict: "untestable" })], { exitCode: 3, ...given });
  const { run } = sampleReport();
  const { witness, ...withoutWitness } = run;

  it.each([
    ["the root cause first", sampleReport(), "Fix S-CD-09 first, then run again: 1 row waits for it."],
    ["how to declare a witness", undecided({ run: withoutWitness }), "tagged `witness`"],
    ["what to look at when no witness came", undecided({}), "--channel and the credentials"],
    ["a replay", sampleReport([failedOutcome]), "`wireproof replay`"],
    ["whose fault it is", undecided({ harnessFaults: [{ check: "kit", message: "x" }] }), "not the server"],
  ])("is %s", (_, report, words) => expect(adviceOf(report)).toContain(words));

  it("is none where there is nothing to do", () => {
    expect(adviceOf(sampleReport([sampleOutcome()], { exitCode: 0 }))).toBeUndefined();
  });
});
