import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Contract, Endpoint } from "./contract.js";
import { inlineEndpoint } from "./inline-endpoint.js";
import { protocolOf } from "./protocol-of.js";

const is = (field: string, value: unknown) => ({
  type: "object",
  required: [field],
  properties: { [field]: { const: value } },
});

describe("the protocol of an endpoint", () => {
  it("names each message as it stands on the wire, one value for each naming field", () => {
    const endpoint = inlineEndpoint({
      commands: { ask: is("cmd", "Ask!") },
      events: { answer: is("event", 7) },
      receive: "/cmd",
      send: "/event",
    });
    const { commands, events, discriminator } = protocolOf(endpoint);
    expect(commands).toEqual([{ name: "ask", wire: ["Ask!"] }]);
    expect(events).toEqual([{ name: "answer", wire: [7] }]);
    expect(discriminator).toEqual({ receive: ["/cmd"], send: ["/event"] });
  });

  it("gives no wire name to a message that is told by shape, or by one of several values", () => {
    const byShape = inlineEndpoint({ commands: { ask: { type: "object" } } });
    expect(protocolOf(byShape).commands).toEqual([{ name: "ask", wire: [] }]);
    const rows = [{ message: "ask", values: [["a", "b"], ["c"]] }];
    const bySeveral: Endpoint = {
      ...byShape,
      protocol: {
        ...byShape.protocol,
        receive: { origin: "declared", fields: ["/x", "/y"], rows, presence: [] },
      },
    };
    expect(protocolOf(bySeveral).commands).toEqual([{ name: "ask", wire: [] }]);
  });

  it("keeps the replies of what the server receives, and where correlation ids stand", () => {
    const endpoint = inlineEndpoint({
      endpoint: {
        commands: ["ask", "__proto__"].map((name) => ({
          name,
          payload: true,
          correlation: "/id",
          examples: [],
          source: { file: "inline", line: 1 },
        })),
        operations: [
          {
            name: "talk",
            action: "receive",
            messages: ["ask", "__proto__"],
            reply: { messages: ["answer"], ack: false },
          },
          { name: "call", action: "send", messages: ["answer"], reply: { messages: ["ask"], ack: false } },
          { name: "listen", action: "receive", messages: ["other"] },
        ],
      },
    });
    const { replies, correlation } = protocolOf(endpoint);
    expect(Object.keys(replies)).toEqual(["ask", "__proto__"]);
    expect(Object.entries(correlation)).toEqual([
      ["ask", "/id"],
      ["__proto__", "/id"],
    ]);
  });

  it("leaves out what the document does not declare", () => {
    const silent = protocolOf(inlineEndpoint({ commands: { ask: is("cmd", "ask") }, receive: "/cmd" }));
    for (const name of [
      "maxBytes",
      "reject",
      "first",
      "heartbeat",
      "reconnect",
      "rate",
      "origins",
      "unknown",
    ]) {
      expect(Object.keys(silent)).not.toContain(name);
    }
    expect(silent.closeCodes).toEqual({});
  });

  it("is plain data for every endpoint of the committed contract", () => {
    const text = readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8");
    // The file is the compiled contract that a test of the document holds to its schema.
    const contract = JSON.parse(text) as Contract;
    for (const endpoint of contract.endpoints) {
      const protocol = protocolOf(endpoint);
      expect(JSON.parse(JSON.stringify(protocol))).toEqual(protocol);
      expect(protocol.commands.map(({ name }) => name)).toEqual(endpoint.commands.map(({ name }) => name));
      expect(protocol.lifecycles).toBe(endpoint.lifecycles);
    }
  });
});
