/** Each server mutant is killed by the check that owns its rule, and each check kills one. */

import { describe, expect, it } from "vitest";
import { requirements } from "../requirements.js";
import { serverChecks } from "../server/catalogue.js";
import type { Wrong } from "./half.js";
import { serverHalf } from "./server-half.js";
import { serverMutants } from "./server-mutants.js";
import { bench, story } from "./test-bench.js";
import { tryMutant } from "./trial.js";

const alone = new Set(serverChecks.filter((check) => check.alone === true).map(({ id }) => id));
const rows = (wanted: boolean): [string, string, Wrong][] =>
  serverHalf.mutants
    .filter(({ owner }) => alone.has(owner) === wanted)
    .map((mutant) => [mutant.name, mutant.owner, mutant]);

async function isKilled(mutant: Wrong): Promise<void> {
  const result = await tryMutant(serverHalf, mutant, bench, 0);
  const told = `${result.verdict}: ${result.reason}\n${story(result.alarms, result.harnessFaults)}`;
  expect(result.killed, told).toBe(true);
  expect(result.harnessFaults).toEqual([]);
}

describe("a mutant is killed by the check that owns its rule", () => {
  it.concurrent.each(rows(false))("%s by %s", (_name, _owner, mutant) => isKilled(mutant), 90_000);

  // These measure time, or load the machine: one after another.
  it.each(rows(true))("%s by %s, alone", (_name, _owner, mutant) => isKilled(mutant), 90_000);
});

describe("the list of mutants", () => {
  it("gives every check that is built one to kill", () => {
    const killers = new Set(serverMutants.map(({ killedBy }) => killedBy));
    const idle = serverHalf.checks.filter((id) => !killers.has(id));
    expect(idle.filter((id) => !serverHalf.withoutMutant.includes(id))).toEqual([]);
  });

  it("names each once, by a requirement that exists, with a fault in one sentence", () => {
    const names = serverMutants.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const known = new Set(requirements.map(({ id }) => id));
    for (const { name, killedBy, fault } of serverMutants) {
      expect(known, name).toContain(killedBy);
      expect(fault, name).toMatch(/^[A-Z].*\.$/);
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    }
  });

  it("covers all five channels", () => {
    const channels = new Set(serverMutants.map(({ channel }) => channel));
    expect([...channels].sort()).toEqual(bench.contract.endpoints.map(({ name }) => name).sort());
  });
});
