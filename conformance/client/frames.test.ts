import { afterAll, describe, expect, it } from "vitest";
import type { Outcome } from "../report/report.js";
import { sampleContract } from "../test-subject.js";
import { checkClient } from "./check-client.js";
import { createPrograms } from "./launch/test-launch.js";
import { type BareFaults, bareProgram, clientProgram, reconnectingEndpoint } from "./test-programs.js";

const programs = createPrograms();
afterAll(() => programs.remove());

/** Judges a program by one row. */
async function judge(text: string, id: string, only: readonly string[] = [id]): Promise<Outcome> {
  const name = `client-${Math.random().toString(36).slice(2)}.mjs`;
  const report = await checkClient({
    contract: sampleContract(reconnectingEndpoint),
    command: [process.execPath, programs.write(name, text)],
    seed: 1,
    runs: 2,
    time: "option",
    timeScale: 0.05,
    only,
  });
  expect(report.harnessFaults).toEqual([]);
  const outcome = report.outcomes.find((one) => one.id === id);
  if (outcome === undefined) throw new Error(`${id} was not run`);
  return outcome;
}

describe("a client on a library that keeps RFC 6455", () => {
  it.each(["C-FR-02", "C-FR-03", "C-FR-05", "C-FR-06", "C-FR-07"])(
    "passes %s",
    async (id) => {
      expect((await judge(clientProgram(), id)).verdict).toBe("pass");
    },
    60_000,
  );
});

describe("a client that takes whatever it gets", () => {
  it.each<[string, BareFaults, RegExp]>([
    ["C-FR-02", {}, /stays open and answers pings/],
    ["C-FR-03", {}, /stays open and answers pings/],
    ["C-FR-05", { pong: "payload.subarray(0, 100)" }, /no such pong; the last one has 100 bytes/],
    ["C-FR-06", { onClose: "" }, /stays open/],
    ["C-FR-06", { onClose: "send(8, payload); send(1, Buffer.from('late'));" }, /behind the Close frame/],
    ["C-FR-07", {}, /closed the connection/],
  ])(
    "fails %s",
    async (id, faults, got) => {
      const outcome = await judge(bareProgram(faults), id);
      expect(outcome).toMatchObject({ verdict: "fail", got: expect.stringMatching(got) });
    },
    60_000,
  );

  it("is warned in C-FR-06 where it resets TCP after its answer", async () => {
    const onClose = "send(8, payload); setTimeout(() => socket.resetAndDestroy(), 50);";
    expect(await judge(bareProgram({ onClose }), "C-FR-06")).toMatchObject({
      verdict: "warn",
      got: expect.stringMatching(/reset/),
    });
  }, 60_000);
});
