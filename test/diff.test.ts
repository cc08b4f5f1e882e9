import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createProgram } from "../src/cli/program.js";
import type { Terminal } from "../src/cli/terminal.js";
import { loadContract } from "../src/document/load.js";
import { ROOT } from "./requirement.js";

const folder = mkdtempSync(join(tmpdir(), "wireproof-diff-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const page = readFileSync(join(ROOT, "docs/diff.md"), "utf8");
for (const [, name = "", text = ""] of page.matchAll(/^`(\w+\.yaml)`[^\n]*:\n\n```yaml\n([\s\S]*?)^```$/gm)) {
  writeFileSync(join(folder, name), text);
}

/** The commands of the page that begin with `$`, each with what it prints there. */
const commands = [...page.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
  block.split(/^\$ npx wireproof /m).slice(1),
);

async function run(args: readonly string[]): Promise<{ code: number | undefined; stdout: string }> {
  const lines: string[] = [];
  let code: number | undefined;
  const terminal: Terminal = {
    result: (line) => lines.push(line),
    progress: () => undefined,
    status: () => undefined,
    live: false,
    colors: false,
    width: undefined,
  };
  const program = createProgram(terminal, (exitCode) => {
    code = exitCode;
  });
  const named = args.map((word) => (word.endsWith(".yaml") ? join(folder, word) : word));
  await program.parseAsync(named, { from: "user" });
  return { code, stdout: lines.join("\n").replaceAll(`${folder}${sep}`, "") };
}

const [first = "", ...others] = commands;

describe("docs/diff.md", () => {
  it("shows what its first command prints", async () => {
    const [line = "", ...printed] = first.trimEnd().split("\n");
    const { code, stdout } = await run(line.split(" "));
    expect(stdout).toBe(printed.join("\n"));
    expect(code).toBe(1);
  });

  it.each(others.map((command) => command.trimEnd()))(
    "npx wireproof %s says the same in its form",
    async (command) => {
      const { code, stdout } = await run(command.split(" "));
      expect(code).toBe(1);
      for (const said of ["enum", "/role", "muted", "joined"]) expect(stdout).toContain(said);
      const json = command.endsWith("json") ? JSON.parse(stdout) : undefined;
      if (json !== undefined)
        expect(json).toMatchObject({ verdict: "breaking", bump: "major", changes: { length: 2 } });
      if (command.endsWith("markdown"))
        expect(stdout).toMatch(/^## The new contract: breaking\n\n\| verdict \|/);
      if (command.endsWith("github"))
        expect(stdout).toMatch(/^::error file=[^,]*new\.yaml,line=23,title=breaking%3A enum::/m);
      expect(stdout).toMatch(/old\.yaml/);
    },
  );

  it("of a document with itself there is nothing to say, and the exit code is 0", async () => {
    const { code, stdout } = await run(["diff", "old.yaml", "old.yaml"]);
    expect(stdout).toBe("old.yaml → old.yaml: no difference on the wire; version: none");
    expect(code).toBe(0);
  });

  it("leads to the rule, the channel or the message that is gone, each in the document where it stands", async () => {
    const beat =
      "    x-ws-heartbeat: { mode: frame, initiator: client, intervalMs: 30000, timeoutMs: 9000 }\n";
    const old = readFileSync(join(folder, "old.yaml"), "utf8").replace(
      "    messages:\n",
      `${beat}    messages:\n`,
    );
    const address = old.replace("address: /rooms", "address: /lobby").replace("30000", "5000");
    writeFileSync(join(folder, "c.yaml"), old);
    writeFileSync(
      join(folder, "d.yaml"),
      address.replace(/ {6}joined:\n[\s\S]*(?=operations:)/, "").replace(/ {2}sendJoined.*\n/, ""),
    );
    const { stdout } = await run(["diff", "c.yaml", "d.yaml"]);
    expect(stdout.split("\n").filter((line) => /^\S/.test(line))).toEqual([
      "d.yaml:6 breaking address: rooms: connection",
      "c.yaml:17 breaking message-removed: rooms: event `joined`",
      "c.yaml:6 breaking operation-removed: rooms: connection",
      "d.yaml:8 breaking heartbeat.intervalMs: rooms: connection",
      "c.yaml → d.yaml: 4 breaking; version: major (1.4.0 → 2.0.0; the new document says the same)",
    ]);
  });

  it("a contract that was compiled with a release stands for its document, whatever side the other was written from", async () => {
    const turned = readFileSync(join(folder, "old.yaml"), "utf8").replace(
      /action: (receive|send)/g,
      (_, action) => (action === "send" ? "action: receive" : "action: send"),
    );
    writeFileSync(join(folder, "turned.yaml"), turned);
    const contract = join(folder, "contract.json");
    writeFileSync(
      contract,
      JSON.stringify(await loadContract(join(folder, "old.yaml"), { cacheDir: false })),
    );
    const { code, stdout } = await run(["diff", contract, "turned.yaml", "--as", "client"]);
    expect(stdout).toMatch(/no difference on the wire/);
    expect(code).toBe(0);
    expect((await run(["diff", contract, "new.yaml"])).code).toBe(1);
    await expect(run(["diff", contract, contract, "--as", "client"])).rejects.toThrow(
      /already knows its side/,
    );
  });

  it("what may break exits 1, unless that is allowed", async () => {
    const old = readFileSync(join(folder, "old.yaml"), "utf8");
    writeFileSync(join(folder, "a.yaml"), old.replace("maxLength: 64", "pattern: '^[a-z]'"));
    writeFileSync(join(folder, "b.yaml"), old.replace("maxLength: 64", "pattern: '^[a-y]'"));
    const strict = await run(["diff", "a.yaml", "b.yaml"]);
    expect(strict.stdout).toMatch(/^b\.yaml:15 may break pattern: rooms: command `join` \/room$/m);
    expect(strict.code).toBe(1);
    expect((await run(["diff", "a.yaml", "b.yaml", "--allow-may-break"])).code).toBe(0);
    expect((await run(["diff", "old.yaml", "new.yaml", "--allow-may-break"])).code).toBe(1);
  });
});
