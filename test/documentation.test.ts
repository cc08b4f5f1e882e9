import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { requirements } from "../conformance/requirements.js";
import { ROOT } from "./requirement.js";
import { runCli } from "./served.js";

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "PROTOCOL.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

/** The anchors that a page offers: of its headings, as the usual viewers make them, and those that it names itself. */
function anchorsOf(page: string): Set<string> {
  const text = read(page);
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-"),
  );
  const named = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = ""]) => name);
  return new Set([...headings, ...named]);
}

describe("the pages tell the truth", () => {
  it.each(PAGES)("every link of %s leads somewhere", (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)/g)];
    for (const [link, path = "", anchor = ""] of links) {
      const target = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor !== "" && target.endsWith(".md"))
        expect([...anchorsOf(target)], link).toContain(anchor.slice(1));
    }
  });

  it("every rule that the code cites stands in PROTOCOL.md", () => {
    const anchors = anchorsOf("PROTOCOL.md");
    const sources = ["src", "conformance", "reference-server"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(folder, file)),
    );
    const inCode = sources.flatMap((file) =>
      [...read(file).matchAll(/PROTOCOL\.md#([\w-]+)/g)].map(([, anchor = ""]) => ({ file, anchor })),
    );
    const inCatalogue = requirements.flatMap(({ id, clause }) => {
      const [, anchor] = /^PROTOCOL\.md#(.+)$/.exec(clause.url) ?? [];
      return anchor === undefined ? [] : [{ file: `conformance/requirements: ${id}`, anchor }];
    });
    const cited = [...inCode, ...inCatalogue];
    expect(cited.filter(({ anchor }) => !anchors.has(anchor))).toEqual([]);
    expect(inCatalogue.length).toBeGreaterThan(0);
  });

  it("the map of CONTRIBUTING names every folder and file that there is to find, and nothing else", () => {
    const [, map = ""] = /^```\n([\s\S]*?)^```$/m.exec(read("CONTRIBUTING.md")) ?? [];
    const named = map.split("\n").flatMap((line) => /^(\S+)/.exec(line)?.[1] ?? []);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const folders = ["src", "conformance", "reference-server"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${folder}/${entry.name}/`),
    );
    expect(folders.filter((folder) => !named.includes(folder))).toEqual([]);
  });

  it("the README names every verb and every import of the package", () => {
    const readme = read("README.md");
    const verbs = [...runCli(["--help"]).stdout.matchAll(/^ {2}([a-z]+) .*\S$/gm)].map(
      ([, verb = ""]) => verb,
    );
    for (const verb of verbs.filter((name) => name !== "help")) expect(readme).toContain(`| \`${verb}`);
    for (const name of Object.keys(JSON.parse(read("package.json")).exports)) {
      if (name === "./package.json") continue;
      expect(readme, name).toContain(name === "." ? "`wireproof`" : name.slice(1));
    }
  });
});
