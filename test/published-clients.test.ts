/**
 * Published clients as they are, each against a document that states its own documented policy (`examples/clients`): what
 * they do otherwise is in their baselines with the reason, and nothing else is. docs/clients.md tells it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Baseline } from "../conformance/baseline.js";
import type { WantedTime } from "../conformance/client/open-clients.js";
import { checkClient } from "../conformance/index.js";
import { loadContract } from "../src/document/load.js";
import { type RequirementName, ROOT, requirement } from "./requirement.js";

const built = mkdtempSync(join(tmpdir(), "wireproof-published-"));
afterAll(() => rmSync(built, { recursive: true, force: true }));

interface Published {
  readonly folder: string;
  /** The document and its channel, where the folder has none of its own. */
  readonly document?: readonly [file: string, channel: string];
  readonly needs: readonly RequirementName[];
  readonly command: () => readonly string[];
  readonly time: WantedTime;
  /** The checks that tell most of it in a few seconds; `--only` left away judges all. */
  readonly only: readonly string[];
}

const inFolder = (name: string, file = ""): string => join(ROOT, "examples/clients", name, file);
const node = (name: string) => (): string[] => [process.execPath, inFolder(name, "client.js")];

const CLIENTS: readonly Published[] = [
  {
    folder: "partysocket",
    needs: ["libfaketime"],
    command: node("partysocket"),
    time: "faketime",
    only: ["C-HS-04", "C-RC-01"],
  },
  {
    folder: "reconnecting-websocket",
    needs: ["libfaketime"],
    command: node("reconnecting-websocket"),
    time: "faketime",
    only: ["C-RC-01", "C-RC-02"],
  },
  {
    folder: "graphql-ws",
    needs: ["libfaketime"],
    command: node("graphql-ws"),
    time: "faketime",
    only: ["C-CD-01", "C-RC-01", "C-RC-05"],
  },
  {
    folder: "socket-io",
    document: [join(ROOT, "asyncapi.yaml"), "conversation"],
    needs: ["libfaketime"],
    command: node("socket-io"),
    time: "faketime",
    only: ["C-CD-01", "C-HB-07", "C-RC-01"],
  },
  {
    folder: "python-websockets",
    needs: ["python", "libfaketime"],
    command: () => ["python3", inFolder("python-websockets", "client.py")],
    time: "faketime",
    only: ["C-FR-06", "C-HS-04", "C-RC-01"],
  },
  {
    folder: "go-backoff",
    needs: ["go"],
    command() {
      const program = join(built, "go-backoff");
      const cwd = inFolder("go-backoff");
      const { status, stderr } = spawnSync("go", ["build", "-o", program, "."], {
        cwd,
        encoding: "utf8",
        timeout: 300_000,
      });
      if (status !== 0) throw new Error(`go build in ${cwd}: ${stderr}`);
      return [program];
    },
    time: "real",
    only: ["C-FR-02", "C-FR-03", "C-RC-01"],
  },
];

describe("published clients keep what their documentation promises, but for their baselines", () => {
  for (const { folder, document, needs, command, only, time } of CLIENTS) {
    const isMissing = needs.some((name) => !requirement(name).available);
    it.skipIf(isMissing)(`${folder}: ${only.join(", ")}`, { timeout: 300_000 }, async () => {
      const [file, channel] = document ?? [inFolder(folder, "asyncapi.yaml")];
      const report = await checkClient({
        contract: await loadContract(file),
        ...(channel === undefined ? {} : { channel }),
        command: command(),
        only,
        time,
        baseline: baselineOf(folder),
        strict: true,
        // On a busy machine a delay may be too short to be judged: that is no finding.
        minCoverage: 0,
        seed: 1,
        runs: 5,
      });
      const broken = report.outcomes.filter(
        ({ verdict, baseline }) => (verdict === "fail" || verdict === "warn") && baseline?.state !== "known",
      );
      expect(broken.map(({ id, got, reason }) => `${id}: ${reason} (${got})`)).toEqual([]);
      // What is known of it is found again, and of one of which nothing is known something is proved.
      const told = baselineOf(folder).length > 0;
      const seen = report.outcomes.filter((one) =>
        told ? one.baseline?.state === "known" : one.verdict === "pass",
      );
      expect(seen).not.toEqual([]);
      expect({ exit: report.exitCode, why: report.conclusion }).toMatchObject({ exit: 0 });
    });
  }
});

describe("docs/clients.md", () => {
  const text = readFileSync(join(ROOT, "docs/clients.md"), "utf8");

  it.each([
    ["partysocket", "partysocket"],
    ["reconnecting-websocket", "reconnecting-websocket"],
    ["graphql-ws", "graphql-ws"],
    ["socket.io-client", "socket-io"],
  ])("names the version of %s that is judged", (name, folder) => {
    const manifest = readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8");
    const version = versionOf(JSON.parse(manifest));
    const wanted: unknown = JSON.parse(readFileSync(inFolder(folder, "package.json"), "utf8"));
    expect(wanted).toMatchObject({ dependencies: { [name]: version } });
    expect(text).toContain(`\`${name}\` ${version}`);
  });

  it.each(CLIENTS)("tells every finding of $folder, and no other", ({ folder }) => {
    const row = text
      .split("\n")
      .find((line) => line.startsWith("|") && line.includes(`(../examples/clients/${folder})`));
    const told = row?.match(/C-[A-Z]{2}-\d{2}/g) ?? [];
    expect(told.sort()).toEqual(
      baselineOf(folder)
        .map(({ check }) => check)
        .sort(),
    );
  });
});

function versionOf(manifest: unknown): string {
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}

/** What a client is known to do otherwise, and why. */
function baselineOf(folder: string): Baseline {
  const file = inFolder(folder, "baseline.json");
  // `schemas/baseline.json` describes the file, and the kit refuses ids that are none.
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Baseline) : [];
}
