/** Sessions of Socket.IO over each transport, against the real socket.io. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { describe, expect, it } from "vitest";
import type { Contract } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import type { Check } from "../check.js";
import type { Outcome } from "../report/report.js";
import { checkServer } from "./check-server.js";
import { judgeEngineIo } from "./engine-io.js";

const text = { type: "string", maxLength: 1000 } as const;
const endpoint = inlineEndpoint({
  receive: "$event",
  send: "$event",
  commands: {
    say: { type: "object", properties: { text }, required: ["text"], additionalProperties: false },
  },
  events: { said: { type: "object", properties: { text }, required: ["text"] } },
  protocol: { transport: "socket.io", answerMs: 1000 },
  endpoint: {
    address: "/socket.io/",
    operations: [
      { name: "talk", action: "receive", messages: ["say"], reply: { messages: ["said"], ack: false } },
    ],
    exchanges: {
      domain: [],
      list: [
        {
          name: "echo",
          tags: ["witness", "echo"],
          steps: [{ send: { message: "say", payload: { text: "$text" } } }],
          ordered: false,
          expect: [{ message: "said", field: "/text", equals: "$text", join: false }],
          until: { message: "said" },
        },
      ],
    },
  },
});
const contract: Contract = {
  format: 1,
  title: "Talk",
  asyncapi: "3.1.0",
  version: "1",
  sha256: "0",
  perspective: "server",
  definitions: {},
  endpoints: [endpoint],
};

/** The check alone: its own row tries other things besides. */
const engineIo: Check = {
  id: "S-HS-09",
  run: async (context) =>
    (await judgeEngineIo(context, "S-HS-09")) ?? { verdict: "fail", reason: "no Socket.IO", cases: 0 },
};

interface Faults {
  readonly transports?: ("polling" | "websocket")[];
  /** Text that came by long polling is eaten. */
  readonly eatsPolled?: boolean;
  /** Text that comes after an upgrade is eaten. */
  readonly eatsUpgraded?: boolean;
}

async function judge(faults: Faults): Promise<Outcome> {
  const http = createServer();
  const io = new Server(http, { transports: faults.transports ?? ["polling", "websocket"] });
  io.on("connection", (socket) => {
    let upgraded = false;
    socket.conn.on("upgrade", () => {
      upgraded = true;
    });
    socket.on("say", (payload: { text: string }) => {
      const polled = socket.conn.transport.name === "polling";
      const eaten = (faults.eatsPolled === true && polled) || (faults.eatsUpgraded === true && upgraded);
      socket.emit("said", { text: eaten ? "" : payload.text });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  // Listening on a host, not on a pipe: the address is an object.
  const { port } = http.address() as AddressInfo;
  try {
    const report = await checkServer({
      contract,
      url: `ws://127.0.0.1:${port}`,
      seed: 5,
      runs: 3,
      checks: [engineIo],
    });
    expect(report.harnessFaults).toEqual([]);
    const [outcome] = report.outcomes;
    if (outcome === undefined) throw new Error("No outcome.");
    return outcome;
  } finally {
    await io.close();
  }
}

describe("a session of Engine.IO", () => {
  it("is equivalent over long polling, upgraded, and over a WebSocket", async () => {
    const outcome = await judge({});
    expect(outcome).toMatchObject({ verdict: "pass" });
    expect(outcome.cases).toBeGreaterThanOrEqual(4);
    expect(outcome.notes?.join()).not.toContain("not offered");
  });

  it("may be offered over a WebSocket alone", async () => {
    const outcome = await judge({ transports: ["websocket"] });
    expect(outcome).toMatchObject({ verdict: "pass" });
    expect(outcome.notes?.join()).toContain("not offered");
  });

  it("that loses what came by long polling fails", async () => {
    expect(await judge({ eatsPolled: true })).toMatchObject({ verdict: "fail" });
  });

  it("that loses what comes after an upgrade fails", async () => {
    expect(await judge({ eatsUpgraded: true })).toMatchObject({ verdict: "fail" });
  });
});
