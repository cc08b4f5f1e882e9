/** What the kit owes a subject: beats where only they prove life, and acknowledgements where a subject asks for one. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../src/contract/contract.js";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import type { Check } from "./check.js";
import { checkServer } from "./server/check-server.js";
import { keepContract, sampleContract, sampleEndpoint, serveSample } from "./test-subject.js";

/** A check that does nothing for a while. */
const idle = (ms: number): Check => ({
  id: "S-HS-01",
  run: (context) =>
    context.inCase("idle", async (scene) => {
      const tester = await scene.connect();
      await tester.wait(ms);
      const open = tester.end === undefined;
      return { verdict: open ? "pass" : "fail", reason: open ? "still open" : "closed", cases: 1 };
    }),
});

describe("an idle connection of the kit", () => {
  it("sends pings where nothing else proves that it lives", async () => {
    const endpoint: Endpoint = {
      ...sampleEndpoint,
      heartbeat: {
        mode: "application",
        initiator: "client",
        intervalMs: 300,
        timeoutMs: 1000,
        ping: "ping",
        pong: "pong",
        patience: { ms: 600, graceMs: 100, life: "ping", level: "MUST" },
      },
    };
    const server = await serveSample((socket) => {
      let timer = setTimeout(() => socket.close(4408), 900);
      socket.on("message", (data) => {
        if (!String(data).includes('"ping"')) return;
        clearTimeout(timer);
        timer = setTimeout(() => socket.close(4408), 900);
      });
      socket.once("close", () => clearTimeout(timer));
      keepContract()(socket);
    });
    try {
      const contract = sampleContract(endpoint);
      const report = await checkServer({ contract, url: server.url, seed: 1, checks: [idle(2500)] });
      expect(report.outcomes[0]).toMatchObject({ verdict: "pass", reason: "still open" });
    } finally {
      await server.close();
    }
  }, 30_000);
});

describe("a Socket.IO event that asks for an acknowledgement", () => {
  it("gets one", async () => {
    const http = createServer();
    const io = new Server(http);
    const acknowledged = new Promise<boolean>((resolve) => {
      io.on("connection", (socket) => {
        socket.timeout(5000).emit("hello", { text: "x" }, (error: unknown) => resolve(error === null));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const endpoint = inlineEndpoint({
      events: { hello: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } },
      protocol: { transport: "socket.io", answerMs: 1000 },
      endpoint: { address: "/socket.io/" },
    });
    try {
      // A listening TCP server has an AddressInfo.
      const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
      const run = checkServer({ contract: sampleContract(endpoint), url, seed: 1, checks: [idle(500)] });
      expect(await acknowledged).toBe(true);
      expect((await run).harnessFaults).toEqual([]);
    } finally {
      await io.close();
    }
  }, 30_000);
});
