/** The pages of docs/rules: one for each rule, and what they show is true. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../test/requirement.js";
import { ownFindings, writeDocument } from "../test-support/documents.js";
import { LINT_RULES } from "./rules.js";

const FOLDER = join(ROOT, "docs/rules");
const page = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");

it("there is a page for each rule, and a line for each in the list, in their order", () => {
  const pages = readdirSync(FOLDER).filter((name) => name !== "README.md");
  expect(pages).toEqual(LINT_RULES.map(({ name }) => `${name}.md`).sort());
  const rows = [...page("README.md").matchAll(/^\| \[(.+?)\]\((.+?)\.md\) \| (.+?) \| .+ \|$/gm)];
  expect(rows.map(([, name, link, says]) => [name, link, says])).toEqual(
    LINT_RULES.map(({ name, says }) => [name, name, says]),
  );
});

describe.each(LINT_RULES)("the page of $name", ({ name, says }) => {
  const text = page(`${name}.md`);
  const examples = [...text.matchAll(/^## (Wrong|Right)\n[^#]*?```yaml\n(.*?)^```$/gms)];
  const example = (title: string) => examples.find(([, found]) => found === title)?.[2] ?? "";

  it("says what, why, and what a document is like that keeps it", () => {
    expect(text.startsWith(`# ${name}\n\n${says} (`)).toBe(true);
    expect(oneLine(text)).toMatch(/\*\*What\.\*\* \S.*\*\*Why\.\*\* \S/);
    expect(examples.map(([, title]) => title)).toEqual(["Wrong", "Right"]);
  });

  it("shows a document that trips this rule and no other", async () => {
    const findings = await ownFindings(writeDocument(example("Wrong")));
    expect([...new Set(findings.map(({ rule }) => rule))]).toEqual([name]);
  });

  it("shows a document that trips none", async () => {
    expect(await ownFindings(writeDocument(example("Right")))).toEqual([]);
  });
});
