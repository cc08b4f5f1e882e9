/** What a busy machine is too late for is no evidence, and what it is in time for still is. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Check } from "./check.js";
import { resultOf, runProperty } from "./property.js";
import type { Outcome } from "./report/report.js";
import { checkServer } from "./server/check-server.js";
import { sampleContract } from "./test-subject.js";

/** Holds the loop of this process up, as other processes would. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A handshake that may take 600 ms, and so long (milliseconds) of which this process does nothing. */
const handshake = (blockedMs: number): Check => ({
  id: "S-HS-01",
  run: async (context) => {
    const property = await runProperty(context, {
      label: "handshake",
      examples: ["one"],
      script: async (_, scene) => {
        const timer = setTimeout(() => block(blockedMs), 300);
        const tester = await scene.connect({ bare: true, handshakeMs: 600 });
        clearTimeout(timer);
        if (tester.handshake.kind !== "timeout") return { verdict: "pass" };
        return { verdict: "fail", expected: "a response", got: tester.handshake.message };
      },
    });
    return resultOf(property, { pass: "answered" });
  },
});

/** What a check says of a server that takes connections and answers nothing. */
async function saidOfSilence(check: Check): Promise<Outcome | undefined> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => socket.destroy()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    // A listening TCP server has an AddressInfo.
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const report = await checkServer({ contract: sampleContract(), url, seed: 1, checks: [check] });
    return report.outcomes[0];
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe("a handshake without an answer", () => {
  it("is no evidence where the machine was late itself", async () => {
    expect(await saidOfSilence(handshake(250))).toMatchObject({
      verdict: "inconclusive",
      reason: expect.stringMatching(/no response .* but this machine was \d+ ms late itself/),
    });
  }, 60_000);
});
