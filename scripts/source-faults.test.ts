import { describe, expect, it } from "vitest";
import { lockFaults, MAX_LINES, sourceFaults } from "./source-faults.js";

const long = (lines: number, head = ""): string => `${head}\n${"const a = 1;\n".repeat(lines)}`;

describe("what must not stand in a file", () => {
  it.each([
    ["src/a.ts", `// ${"TO"}${"DO"}: later`, "left-over"],
    ["src/a.test.ts", `it.${"skip"}('works', () => {});`, "test-left-out"],
    ["src/a.test.ts", `describe.${"only"}('works', () => {});`, "test-left-out"],
    ["src/a.ts", `// @ts-${"ig"}${"nore"}`, "unchecked"],
    ["README.md", `https://${"registry"}.example.org/x`, "registry-address"],
    ["README.md", `see ${"/ho"}${"me"}/me/project`, "machine-path"],
    ["src/a.ts", long(MAX_LINES + 1), "length"],
  ])("is found in %s: %s", (file, text, rule) => {
    expect(sourceFaults(file, text).join()).toContain(` ${rule}: `);
  });

  it.each([
    ["generated/a.ts", long(MAX_LINES + 1)],
    ["src/a.test.ts", "describe.skipIf(!chromium.available)('works', () => {});"],
    ["README.md", "ws://host/work/ws and ./src/home/ and https://example.org/root/x"],
    ["src/a.ts", long(MAX_LINES + 1, "/** This file is long because its table is one. */")],
    ["src/a.ts", long(MAX_LINES - 2)],
  ])("is not seen where it is not, in %s", (file, text) => {
    expect(sourceFaults(file, text)).toEqual([]);
  });

  it("is, in the lock file, the address of a registry", () => {
    expect(lockFaults('{\n  "resolved": "https://r.example/a.tgz"\n}').join()).toContain(
      "package-lock.json:2 resolved",
    );
    expect(lockFaults('{\n  "version": "1.0.0"\n}')).toEqual([]);
  });

  it("is, in the lock file, the lack of a package for another platform", () => {
    const tool = { version: "1.0.0", optionalDependencies: { "tool-here": "1.0.0", "tool-there": "1.0.0" } };
    const packages = { "node_modules/tool": tool, "node_modules/tool-here": { version: "1.0.0" } };
    expect(lockFaults(JSON.stringify({ packages })).join()).toContain("lacks tool-there");
    const whole = { ...packages, "node_modules/tool/node_modules/tool-there": { version: "1.0.0" } };
    expect(lockFaults(JSON.stringify({ packages: whole }))).toEqual([]);
  });
});
