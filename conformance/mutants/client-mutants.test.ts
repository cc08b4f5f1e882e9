/**
 * What must hold of the client mutants as a list, and of some of each kind in fact: the selftest tries them all, which
 * takes a minute, and this takes seconds.
 */

import { describe, expect, it } from "vitest";
import { requirements } from "../requirements.js";
import { clientHalf } from "./client-half.js";
import { clientMutants } from "./client-mutants.js";
import type { Wrong } from "./half.js";
import { serverMutants } from "./server-mutants.js";
import { bench, story } from "./test-bench.js";
import { tryMutant, tryPeer, tryShortCircuit } from "./trial.js";

describe("the list of client mutants", () => {
  it("has at least forty-five, and gives every check that is built one to kill", () => {
    expect(clientMutants.length).toBeGreaterThanOrEqual(45);
    const killers = new Set(clientMutants.map(({ killedBy }) => killedBy));
    const idle = clientHalf.checks.filter((id) => !killers.has(id));
    expect(idle.filter((id) => !clientHalf.withoutMutant.includes(id))).toEqual([]);
  });

  it("names each once among all mutants, by a requirement of clients, with a fault in one sentence", () => {
    const names = clientMutants.map(({ name }) => name);
    const others = serverMutants.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index || others.includes(name))).toEqual([]);
    const known = new Set(requirements.filter(({ role }) => role === "client").map(({ id }) => id));
    for (const { name, killedBy, fault } of clientMutants) {
      expect(known, name).toContain(killedBy);
      expect(fault, name).toMatch(/^[A-Z].*\.$/);
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    }
  });
});

describe("a client mutant is killed by the check that owns its rule, which a right client passes", () => {
  // One for each way of altering a client: its contract, its options, its socket, the bytes below, its application.
  const ways = [
    "type-for-cmd",
    "any-octets-are-text",
    "same-key",
    "unoffered-subprotocol-taken",
    "delivers-twice",
  ];
  const rows = ways.flatMap((way) => clientHalf.mutants.filter(({ name }) => name === way));

  it.concurrent.each(rows.map((mutant): [string, Wrong] => [mutant.name, mutant]))(
    "%s",
    async (_name, mutant) => {
      const result = await tryMutant(clientHalf, mutant, bench, 0);
      const told = `${result.verdict}: ${result.reason}\n${story(result.alarms, result.harnessFaults)}`;
      expect(result.killed, told).toBe(true);
    },
    60_000,
  );

  it("and no check of these fails on the client that they alter", async () => {
    expect(rows).toHaveLength(ways.length);
    const [peer] = clientHalf.peers(bench.contract);
    if (peer === undefined) throw new Error("There is no right client.");
    const only = [...new Set(rows.map(({ owner }) => owner))];
    const { exitCode, findings, harnessFaults } = await tryPeer(clientHalf, peer, bench, only);
    expect(findings, story(findings, harnessFaults)).toEqual([]);
    expect(exitCode).toBe(0);
  }, 60_000);
});

describe("a client that keeps no contract passes nothing for want of evidence", () => {
  const empties = clientHalf.empties(bench.contract).map(([first]) => first);
  it.each(["never-connects", "connects-and-says-nothing"])(
    "%s",
    async (name) => {
      const one = empties.find((empty) => empty?.name === name);
      if (one === undefined) throw new Error(`There is no ${name}.`);
      const { findings, harnessFaults, exitCode } = await tryShortCircuit(clientHalf, one, bench);
      expect(findings, story(findings, harnessFaults)).toEqual([]);
      expect(exitCode).not.toBe(0);
    },
    60_000,
  );
});
