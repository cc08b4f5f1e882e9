import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createJudge } from "./judge.js";
import { createRun, type Lease, type Run } from "./run.js";
import { createSubject } from "./server/subject.js";
import { sampleContract, sampleEndpoint } from "./test-subject.js";
import type { LagWatch } from "./time.js";
import { createWaiting } from "./waiting.js";

const endpoint = {
  ...sampleEndpoint,
  address: "/rooms/{room}",
  parameters: { room: { examples: ["a", "b"] } },
  protocol: {
    ...sampleEndpoint.protocol,
    audience: [{ messages: ["said"], to: "address", same: [] } as const],
  },
};

const punctual: LagWatch = { recent: () => 0, worst: () => 0, lost: () => 0, stop: () => undefined };

function run(given: { lag?: LagWatch; maxCases?: number; audience?: boolean } = {}): Run {
  const used = given.audience === false ? { ...endpoint, protocol: sampleEndpoint.protocol } : endpoint;
  return createRun({
    judge: createJudge(sampleContract(used), used),
    subject: createSubject({ url: "ws://127.0.0.1:1", endpoint: used }),
    seed: 1,
    runs: 1,
    timeScale: 0.01,
    userAgent: "wireproof/test",
    clock: () => 0,
    lag: given.lag ?? punctual,
    signal: new AbortController().signal,
    newUuid: randomUUID,
    ...(given.maxCases === undefined ? {} : { maxCases: given.maxCases }),
  });
}

const settled = async (lease: Promise<Lease>): Promise<Lease | "waits"> =>
  Promise.race([lease, new Promise<"waits">((resolve) => setImmediate(() => resolve("waits")))]);

describe("the places of a run", () => {
  it("are as many as there are addresses, where events go to a whole address", async () => {
    const { lease } = run();
    const [one, two, three] = [lease(), lease(), lease()];
    expect((await one).parameters).toEqual({ room: "a" });
    expect((await two).parameters).toEqual({ room: "b" });
    expect(await settled(three)).toBe("waits");
    (await one).release();
    expect((await three).parameters).toEqual({ room: "a" });
  });

  it("are as many as may live at once, where events go to one connection", async () => {
    const { lease } = run({ audience: false, maxCases: 2 });
    await Promise.all([lease(), lease()]);
    expect(await settled(lease())).toBe("waits");
  });

  it("are given back once", async () => {
    const place = await run().lease();
    place.release();
    expect(() => place.release()).toThrow("twice");
  });
});

describe("the patience of a run", () => {
  it("is never under a second for an answer, whatever the time scale", () => {
    expect(run().answerMs).toBe(1000);
  });

  it("watches a negative for five times the slow answers, between 300 ms and 2 s", () => {
    const one = run();
    expect(one.quietMs()).toBe(300);
    for (let turn = 0; turn < 20; turn += 1) one.answered(100);
    expect(one.quietMs()).toBe(500);
    one.answered(900);
    expect(one.quietMs()).toBe(500);
    for (let turn = 0; turn < 20; turn += 1) one.answered(900);
    expect(one.quietMs()).toBe(2000);
  });

  it("charges the subject with no lag of the kit's own", () => {
    const late = run({ lag: { ...punctual, recent: () => 150 } });
    for (let turn = 0; turn < 20; turn += 1) late.answered(200);
    expect(late.quietMs()).toBe(300);
  });

  it("gives whoever waits the time back that the kit's loop has lost", async () => {
    let lost = 0;
    const waiting = createWaiting(new AbortController().signal, () => lost);
    const start = performance.now();
    const answer = waiting.until(() => (performance.now() - start > 60 ? "came" : undefined), 30);
    lost = 100;
    setTimeout(() => waiting.changed(), 80);
    expect(await answer).toBe("came");
  });
});
