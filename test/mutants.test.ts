/** Each mutant is killed by the check that owns its rule, and nothing passes against a server that keeps no contract. */

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Mutant } from "../conformance/mutants/mutant.js";
import { serverMutants, shortCircuits } from "../conformance/mutants/server-mutants.js";
import type { Outcome, Report } from "../conformance/report/report.js";
import { requirements } from "../conformance/requirements.js";
import { serverChecks } from "../conformance/server/catalogue.js";
import { checkServer } from "../conformance/server/check-server.js";
import type { RunningServer } from "../reference-server/running-server.js";
import { startServer } from "../reference-server/server.js";
import { readContract } from "../src/document/read-contract.js";

const contract = readContract(readFileSync(new URL("../generated/contract.json", import.meta.url), "utf8"));
const TIME_SCALE = 0.05;

/** Rows that need no evidence of the channel: handshake and frames have a witness of their own. */
const OF_THE_TRANSPORT = /^S-(?:HS|FR)-/;

async function judge(url: string, channel: string, only: readonly string[] = []): Promise<Report> {
  return checkServer({
    contract,
    channel,
    url,
    timeScale: TIME_SCALE,
    seed: 7,
    ...(only.length === 0 ? {} : { only }),
  });
}

function outcomeOf(report: Report, id: string): Outcome {
  const found = report.outcomes.find((outcome) => outcome.id === id);
  if (found === undefined) throw new Error(`The report has no ${id}.`);
  return found;
}

/** What a failing test shows: one line for each row that is not green. */
function story(report: Report): string {
  return report.outcomes
    .filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable")
    .map(
      ({ id, verdict, reason, replay }) => `${id} ${verdict}: ${reason} (${replay?.command ?? "no replay"})`,
    )
    .concat(report.harnessFaults.map(({ check, message }) => `${check} harness fault: ${message}`))
    .join("\n");
}

describe("a mutant is killed by the check that owns its rule", () => {
  it.concurrent.each(serverMutants.map((mutant): [string, Mutant] => [mutant.name, mutant]))(
    "%s",
    async (_name, mutant) => {
      const server = await mutant.start({ timeScale: TIME_SCALE, seed: 1 });
      try {
        const report = await judge(server.url, mutant.channel, [mutant.killedBy, ...(mutant.needs ?? [])]);
        const owner = outcomeOf(report, mutant.killedBy);
        expect(owner.verdict, story(report)).toBe("fail");
        expect(report.exitCode, story(report)).toBe(1);
        for (const text of [owner.expected, owner.got, owner.mend]) expect(text).toBeTruthy();
        expect(owner.transcript.length).toBeGreaterThan(0);
      } finally {
        await server.close();
      }
    },
    90_000,
  );

  it("and every check that is built kills one", () => {
    const killers = new Set(serverMutants.map(({ killedBy }) => killedBy));
    const idle = serverChecks.map(({ id }) => id).filter((id) => !killers.has(id));
    expect(idle).toEqual([]);
  });

  it("whose requirement exists", () => {
    const known = new Set(requirements.map(({ id }) => id));
    for (const { name, killedBy } of serverMutants) expect(known, name).toContain(killedBy);
  });
});

describe("a server that says `type` for `event`", () => {
  it("is told the field rule, the frame and the mend, and other rows are blocked by that one", async () => {
    const mutant = serverMutants.find(({ name }) => name === "key-type-for-event");
    if (mutant === undefined) throw new Error("There is no such mutant.");
    const server = await mutant.start({ timeScale: TIME_SCALE, seed: 1 });
    try {
      const report = await judge(server.url, mutant.channel);
      const rule = outcomeOf(report, "S-CD-09");
      expect(rule.verdict).toBe("fail");
      expect(rule.expected).toMatch(/field `event`/);
      expect(rule.got).toMatch(/in the frame \{"type":"/);
      expect(rule.mend).toMatch(
        /names its events with `event`; the frame has `type`: ".+"\. Rename the field\./,
      );
      expect(report.exitCode).toBe(1);
      const failing = report.outcomes.filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
      expect(failing, story(report)).toEqual(["S-CD-09"]);
      const others = report.outcomes.filter(
        ({ id, verdict }) => verdict === "untestable" && !OF_THE_TRANSPORT.test(id),
      );
      expect(others.length).toBeGreaterThan(3);
      for (const { id, reason } of others) expect(`${id} ${reason}`).toBe(`${id} blocked by S-CD-09`);
    } finally {
      await server.close();
    }
  }, 120_000);
});

describe("a server that keeps no contract passes nothing for want of evidence", () => {
  it.concurrent.each(shortCircuits.map((one) => [one.name, one] as const))(
    "%s",
    async (_name, shortCircuit) => {
      const server = await shortCircuit.start();
      try {
        const report = await judge(server.url, "workflow");
        expect(report.exitCode, story(report)).not.toBe(0);
        const passed = report.outcomes.filter(({ verdict }) => verdict === "pass").map(({ id }) => id);
        const allowed = new Set(shortCircuit.passes);
        expect(passed.filter((id) => !allowed.has(id))).toEqual([]);
        expect(report.harnessFaults).toEqual([]);
      } finally {
        await server.close();
      }
    },
    120_000,
  );
});

describe("the unaltered reference server", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ port: 0, timeScale: TIME_SCALE, seed: 1 });
  });
  afterAll(() => server.close());

  it.concurrent.each(contract.endpoints.map(({ name }) => name))(
    "keeps every rule of %s",
    async (channel) => {
      const report = await judge(server.url, channel);
      const broken = report.outcomes.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
      expect(
        broken.map(({ id }) => id),
        story(report),
      ).toEqual([]);
      expect(report.harnessFaults).toEqual([]);
      expect(report.exitCode, story(report)).toBe(0);
      // Handshake and frames alone would prove nothing about the channel.
      const proved = report.outcomes.filter(
        ({ id, verdict }) => verdict === "pass" && !OF_THE_TRANSPORT.test(id),
      );
      expect(proved.length).toBeGreaterThan(4);
    },
    120_000,
  );
});
