import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ROOT, requirement } from "./requirement.js";

/** Asks for Go on a machine that has nothing on its PATH. */
function askWithoutPath(wanted: string): { code: number | null; said: string } {
  const script =
    'import { requirement } from "./test/requirement.ts"; console.log(requirement("go").available);';
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", script],
    {
      cwd: ROOT,
      encoding: "utf8",
      env: { PATH: "", WIREPROOF_REQUIRE: wanted },
    },
  );
  return { code: status, said: stdout + stderr };
}

describe("what a machine lacks", () => {
  it("is said, with the reason and how to get it, and the tests go on", () => {
    const { code, said } = askWithoutPath("");
    expect(said).toMatch(/not tested here \(go\): Go is not installed; on Debian: apt-get install/);
    expect(said).toMatch(/^false$/m);
    expect(code).toBe(0);
  });

  it("fails the tests under WIREPROOF_REQUIRE=all", () => {
    const { code, said } = askWithoutPath("all");
    expect(said).toContain("Needed by WIREPROOF_REQUIRE=all: Go is not installed");
    expect(code).not.toBe(0);
  });

  it("is asked once", () => {
    expect(requirement("documents")).toBe(requirement("documents"));
  });
});
