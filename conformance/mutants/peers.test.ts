/** No check fails on a correct server; nothing passes on one that keeps no contract. */

import { describe, expect, it } from "vitest";
import { checkServer } from "../server/check-server.js";
import type { Peer } from "./peers.js";
import { serverPeers } from "./peers.js";
import { planTrials } from "./selftest.js";
import { serverHalf } from "./server-half.js";
import { serverMutants } from "./server-mutants.js";
import { bench, story } from "./test-bench.js";
import { tryShortCircuit } from "./trial.js";

describe("the unaltered reference server", () => {
  it.concurrent.each(serverPeers.map((peer): [string, Peer] => [peer.name, peer]))(
    "keeps every rule of %s",
    async (name, peer) => {
      // As a selftest does it: a variant meets the checks that it adds.
      const options = { ...bench, drawn: 0, only: [name] };
      const trial = planTrials(options).find(({ id }) => id === `server peer ${name}`);
      const result = await trial?.run();
      if (result?.kind !== "peer") throw new Error(`Nothing was tried on ${name}.`);
      const { findings, harnessFaults, exitCode, counts } = result;
      expect(findings, story(findings, harnessFaults)).toEqual([]);
      expect(harnessFaults).toEqual([]);
      expect(result.ok).toBe(true);
      if (peer.variant !== undefined) return;
      expect(exitCode).toBe(0);
      // Handshake and frames alone would prove nothing about the channel.
      expect(counts.pass).toBeGreaterThan(20);
    },
    120_000,
  );
});

describe("a server that keeps no contract passes nothing for want of evidence", () => {
  const rows = serverHalf
    .empties(bench.contract)
    .flatMap((channels, index) => channels.slice(index % channels.length).slice(0, 1));
  it.concurrent.each(rows.map((one) => [one.name, one.channel, one] as const))(
    "%s on %s",
    async (_name, _channel, one) => {
      const { findings, harnessFaults, exitCode } = await tryShortCircuit(serverHalf, one, bench);
      expect(findings, story(findings, harnessFaults)).toEqual([]);
      expect(harnessFaults).toEqual([]);
      expect(exitCode).not.toBe(0);
    },
    120_000,
  );
});

describe("a server that says `type` for `event`", () => {
  it("is told the field rule, the frame and the mend, and other rows are blocked by that one", async () => {
    const mutant = serverMutants.find(({ name }) => name === "key-type-for-event");
    if (mutant === undefined) throw new Error("There is no such mutant.");
    const { contract, timeScale, seed } = bench;
    const server = await mutant.start({ timeScale, seed });
    try {
      const report = await checkServer({
        contract,
        channel: mutant.channel,
        url: server.url,
        timeScale,
        seed,
        only: ["S-HS-01", "S-CD", "S-RR", "S-SM"],
      });
      const rule = report.outcomes.find(({ id }) => id === "S-CD-09");
      expect(rule).toMatchObject({
        verdict: "fail",
        expected: expect.stringMatching(/field `event`/),
        got: expect.stringMatching(/in the frame \{"type":"/),
        mend: expect.stringMatching(
          /names its events with `event`; the frame has `type`: ".+"\. Rename the field\./,
        ),
      });
      expect(report.exitCode).toBe(1);
      const failing = report.outcomes.filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
      expect(failing).toEqual(["S-CD-09"]);
      const others = report.outcomes.filter(({ verdict }) => verdict === "untestable");
      expect(others.length).toBeGreaterThan(3);
      for (const { id, reason } of others) expect(`${id} ${reason}`).toBe(`${id} blocked by S-CD-09`);
    } finally {
      await server.close();
    }
  }, 120_000);
});
