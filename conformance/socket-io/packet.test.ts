import { describe, expect, it } from "vitest";
import { type Packet, parsePacket, writeEvent } from "./packet.js";

describe("a packet of Engine.IO and Socket.IO", () => {
  it.each<[string, string, Packet]>([
    [
      "the open packet",
      '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
      {
        kind: "open",
        handshake: { sid: "a", pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 },
      },
    ],
    ["Engine.IO's close", "1", { kind: "engine-close" }],
    ["the server's ping", "2", { kind: "ping", data: "" }],
    ["a probe", "3probe", { kind: "pong", data: "probe" }],
    ["the answer to a connect", '40{"sid":"b"}', { kind: "connected", sid: "b" }],
    ["a refused connect", '44{"message":"no"}', { kind: "connect-error", message: "no" }],
    ["a disconnect", "41", { kind: "disconnect" }],
    ["an event", '42["a",{"b":1}]', { kind: "event", json: '["a",{"b":1}]' }],
    ["an event that asks for an acknowledgement", '4212["a"]', { kind: "event", json: '["a"]', id: 12 }],
    ["an event with a line feed inside", '42["a\n"]', { kind: "event", json: '["a\n"]' }],
    ["an event of the root namespace by name", '42/,["a"]', { kind: "event", json: '["a"]' }],
    ["an acknowledgement", '4312[{"ok":true}]', { kind: "ack", json: '[{"ok":true}]', id: 12 }],
  ])("can be %s", (_, text, packet) => {
    expect(parsePacket(text)).toEqual(packet);
  });

  it.each([
    "",
    "9",
    '{"event":"x"}',
    "0nothing",
    "40",
    '42/admin,["a"]',
    '451-["a",{"_placeholder":true,"num":0}]',
    '43["x"]',
    "47",
  ])("is none: %j", (text) => {
    expect(parsePacket(text).kind).toBe("broken");
  });

  it("is written around the array of an event", () => {
    expect([writeEvent('["a"]'), writeEvent('["a"]', 3)]).toEqual(['42["a"]', '423["a"]']);
  });
});
