import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { requirementOf, requirements } from "../requirements.js";
import type { LaunchMode } from "./check.js";
import { LAUNCH_MODES, type Observable, observableIn } from "./observable.js";

const SIGNS: Readonly<Record<Observable, string>> = {
  all: "✓",
  part: "part",
  half: "wire",
  none: "–",
  hidden: "n/a",
};

describe("what of a row can be seen", () => {
  it.each<[string, LaunchMode, Observable]>([
    ["C-HS-02", "spawn", "all"],
    ["C-HS-01", "browser", "part"],
    ["C-RB-02", "browser", "hidden"],
    ["C-CD-02", "spawn", "none"],
    ["C-CD-02", "attach", "none"],
    ["C-CD-02", "driver", "all"],
    ["C-CD-07", "attach", "half"],
    ["C-CD-07", "adapter", "all"],
    ["C-FR-09", "browser", "part"],
    ["C-FR-09", "spawn", "half"],
  ])("of %s in mode %s: %s", (id, mode, seen) => {
    const requirement = requirementOf(id);
    if (requirement === undefined) throw new Error(`${id} is gone`);
    expect(observableIn(requirement, mode)).toBe(seen);
  });

  it("stands in docs/checking-clients.md as it is", () => {
    const page = readFileSync(new URL("../../docs/checking-clients.md", import.meta.url), "utf8");
    const rows = page.split("\n").filter((line) => /^\| C-/.test(line));
    const wanted = requirements
      .filter(({ role }) => role === "client")
      .map((requirement) => {
        const signs = LAUNCH_MODES.map((mode) => SIGNS[observableIn(requirement, mode)]);
        return `| ${requirement.id} | ${requirement.title} | ${signs.join(" | ")} |`;
      });
    expect(rows).toEqual(wanted);
  });
});
