import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../src/contract/contract.js";
import { watchAftermath } from "./aftermath.js";
import { inCase } from "./case.js";
import { createJudge } from "./judge.js";
import { createRun, type Run } from "./run.js";
import { createSubject } from "./server/subject.js";
import { sampleContract, sampleEndpoint, serveSample } from "./test-subject.js";
import { monotonic, watchLag } from "./time.js";

const heardBy = (to: "address" | "connection"): Endpoint => ({
  ...sampleEndpoint,
  protocol: { ...sampleEndpoint.protocol, audience: [{ to, messages: ["number", "counted"], same: [] }] },
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that counts for everybody, and takes its time. */
async function runAgainst(endpoint: Endpoint): Promise<Run> {
  const everybody = new Set<WebSocket>();
  const tell = (event: unknown): void => {
    for (const socket of everybody) socket.send(JSON.stringify(event));
  };
  const server = await serveSample((socket) => {
    everybody.add(socket);
    socket.once("close", () => everybody.delete(socket));
    socket.on("message", () => {
      setTimeout(() => tell({ event: "number", value: 1 }), 60);
      setTimeout(() => tell({ event: "counted" }), 120);
    });
  });
  const lag = watchLag();
  cleanups.push(server.close, () => lag.stop());
  return createRun({
    judge: createJudge(sampleContract(endpoint), endpoint),
    subject: createSubject({ url: server.url, endpoint }),
    seed: 1,
    runs: 1,
    timeScale: 1,
    userAgent: "wireproof/test",
    clock: monotonic,
    lag,
    signal: new AbortController().signal,
    newUuid: randomUUID,
    maxCases: 1,
  });
}

/** What a case hears that asks for nothing, right after one that has not waited for what it asked for. */
async function heardNext(endpoint: Endpoint): Promise<readonly string[]> {
  const run = await runAgainst(endpoint);
  await inCase(run, "S-CD-01", "asks", async (scene) => {
    (await scene.connect()).command("count", { cmd: "count", to: 1 });
  });
  return inCase(run, "S-CD-01", "listens", async (scene) => {
    const tester = await scene.connect();
    await tester.wait(200);
    return tester.messages.map(({ text }) => text);
  });
}

describe("a case at an address where all hear all", () => {
  it("hears nothing of what the one before it has asked for", async () => {
    expect(await heardNext(heardBy("address"))).toEqual([]);
  });

  it("would hear it, were the address given on at once", async () => {
    expect(await heardNext(heardBy("connection"))).not.toEqual([]);
  });
});

describe("what a case leaves behind", () => {
  it("is what others may hear: neither the reply of a request nor the answer to a beat", () => {
    const aftermath = watchAftermath(heardBy("address"));
    aftermath.sent(["ping"], 1);
    aftermath.sent(["say"], 2);
    aftermath.received(["said"], 3);
    expect(aftermath.lastMs).toBeUndefined();
    aftermath.sent(["count"], 4);
    expect(aftermath.lastMs).toBe(4);
    aftermath.received(["number"], 5);
    expect(aftermath.lastMs).toBe(5);
  });

  it("is nothing where each connection has its events for itself", () => {
    const aftermath = watchAftermath(heardBy("connection"));
    aftermath.sent(["count"], 1);
    aftermath.received(["number"], 2);
    expect(aftermath.lastMs).toBeUndefined();
  });
});
