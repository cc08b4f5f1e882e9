/** What the kit owes a subject: beats where only they prove life, and acknowledgements where a subject asks for one. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Endpoint } from "../src/contract/contract.js";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import type { Check } from "./check.js";
import { OPCODE } from "./frames/frame.js";
import { resultOf, runProperty } from "./property.js";
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

/** Any frame is a sign of life for 600 ms. */
const breathing: Endpoint = {
  ...sampleEndpoint,
  heartbeat: {
    mode: "application",
    initiator: "client",
    intervalMs: 300,
    timeoutMs: 1000,
    ping: "ping",
    pong: "pong",
    patience: { ms: 600, graceMs: 100, life: "any", close: 4408, level: "SHOULD" },
  },
};

/** Gives a connection up that was silent for 900 ms; one that is deaf hears no ping frames. */
const impatient = (deaf: boolean) => (socket: WebSocket) => {
  const giveUp = (): NodeJS.Timeout => setTimeout(() => socket.close(4408), 900);
  let timer = giveUp();
  for (const sign of ["message", ...(deaf ? [] : ["ping"])]) {
    socket.on(sign, () => {
      clearTimeout(timer);
      timer = giveUp();
    });
  }
  socket.once("close", () => clearTimeout(timer));
  keepContract()(socket);
};

describe("a slow case", () => {
  it("sends ping frames where any frame proves that it lives, between fragments as well", async () => {
    const server = await serveSample(impatient(false));
    const slow: Check = {
      id: "S-HS-01",
      run: (context) =>
        context.inCase("slow", async (scene) => {
          const tester = await scene.connect();
          const text = Buffer.from('{"cmd":"say","text":"slow"}');
          tester.frame({ opcode: OPCODE.text, fin: false, payload: text.subarray(0, 9) });
          await tester.wait(2000);
          tester.tell("command", { names: ["say"], payload: JSON.parse(String(text)) });
          tester.frame({ opcode: OPCODE.continuation, payload: text.subarray(9) });
          const said = await tester.next(({ names }) => names.includes("said"), 2000);
          return { verdict: said ? "pass" : "fail", reason: said ? "answered" : "silence", cases: 1 };
        }),
    };
    try {
      const run = checkServer({
        contract: sampleContract(breathing),
        url: server.url,
        seed: 1,
        checks: [slow],
      });
      expect((await run).outcomes[0]).toMatchObject({ verdict: "pass", reason: "answered" });
    } finally {
      await server.close();
    }
  }, 30_000);

  it("is no evidence where the server gave it up for silence, whatever the case says", async () => {
    const server = await serveSample(impatient(true));
    const slow: Check = {
      id: "S-HS-01",
      run: async (context) => {
        const property = await runProperty(context, {
          label: "slow",
          examples: ["a case that idles"],
          script: async (_, scene) => {
            const tester = await scene.connect();
            await tester.wait(1500);
            if (tester.end === undefined) return { verdict: "pass" };
            return { verdict: "fail", expected: "open", got: "closed" };
          },
        });
        return resultOf(property, { pass: "open" });
      },
    };
    try {
      const run = checkServer({
        contract: sampleContract(breathing),
        url: server.url,
        seed: 1,
        checks: [slow],
      });
      expect((await run).outcomes[0]).toMatchObject({
        verdict: "inconclusive",
        reason: expect.stringMatching(/the kit's own silence \(.*4408/),
      });
    } finally {
      await server.close();
    }
  }, 60_000);
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
