import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createRawReader, type RawInput, type RawReading } from "./raw-reader.js";
import { type RawFaults, startRawServer } from "./raw-server.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A client of a raw server before an echo server. */
async function through(faults: RawFaults = {}): Promise<WebSocket> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  server.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const front = await startRawServer(address.port, faults);
  cleanups.push(() => front.close());
  const client = new WebSocket(`ws://127.0.0.1:${front.port}/path?query=1`, { perMessageDeflate: false });
  client.on("error", () => undefined);
  cleanups.push(() => client.terminate());
  await once(client, "open");
  return client;
}

describe("the raw server", () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 300_000])("hands %d bytes on and back", async (length) => {
    const client = await through();
    const text = "é".repeat(Math.floor(length / 2)) + "x".repeat(length % 2);
    client.send(text);
    const [answer] = await once(client, "message");
    expect(String(answer)).toBe(text);
  });

  it("answers pings and Close frames itself", async () => {
    const client = await through();
    client.ping("payload");
    expect(String((await once(client, "pong"))[0])).toBe("payload");
    client.close(4321, "bye");
    expect((await once(client, "close"))[0]).toBe(4321);
  });

  it("closes with the right code, with another one, or without a word", async () => {
    const code = async (faults: RawFaults): Promise<unknown> => {
      const client = await through(faults);
      client.send(Buffer.from([1, 2, 3]));
      return (await once(client, "close"))[0];
    };
    expect(await code({})).toBe(1003);
    expect(await code({ failureCode: 1011 })).toBe(1011);
    expect(await code({ failureCode: null })).toBe(1006);
  });
});

const frame = (hex: string): Buffer => Buffer.from(hex, "hex");

/** What a reader makes of frames that come in one chunk. */
function read(hex: string, reading: RawReading = {}): readonly string[] {
  const words = (input: RawInput): string => {
    switch (input.kind) {
      case "message":
        return input.text;
      case "broken":
        return `${input.rule} ${input.code}`;
      default:
        return `${input.kind} ${input.payload.toString("hex")}`;
    }
  };
  return createRawReader(reading, 1000)(frame(hex)).map(words);
}

describe("the reader of the raw server", () => {
  it.each<[string, string, RawReading["tolerates"], string[], string[]]>([
    ["unmasked frame", "810161", ["unmasked"], ["unmasked 1002"], ["a"]],
    ["reserved bit", "c1810000000061", ["reserved-bits"], ["reserved-bits 1002"], ["a"]],
    ["reserved opcode", "83810000000061", ["reserved-opcode"], ["reserved-opcode 1002"], []],
    ["fragmented ping", "09810000000061", ["control-fragmented"], ["control-fragmented 1002"], ["ping 61"]],
    ["orphan", "80810000000061", ["orphan-continuation"], ["orphan-continuation 1002"], ["a"]],
    [
      "message in a message",
      "0181000000006181810000000062",
      ["interrupted-message"],
      ["interrupted-message 1002"],
      ["b"],
    ],
    ["not UTF-8", "818100000000ff", ["invalid-utf8"], ["invalid-utf8 1007"], ["\ufffd"]],
    ["binary", "82810000000061", ["binary"], ["binary 1003"], ["a"]],
    ["top bit", "81ff80000000000000010000000061", ["length-top-bit"], ["length-top-bit 1002"], ["a"]],
    ["too large", "81fe03e900000000", ["too-large"], ["too-large 1009"], []],
    ["Close 1005", "88820000000003ed", ["close-code"], ["close-code 1002"], ["close 03ed"]],
  ])(
    "refuses a frame that is wrong (%s), unless it is told to take it",
    (_, hex, tolerates, strict, lenient) => {
      expect(read(hex)).toEqual(strict);
      expect(read(hex, { ...(tolerates === undefined ? {} : { tolerates }) })).toEqual(lenient);
    },
  );

  it("joins fragments and chunks", () => {
    const reader = createRawReader({}, 1000);
    const bytes = frame("0181000000006180810000000062");
    const inputs = [...bytes].flatMap((byte) => reader(Buffer.from([byte])));
    expect(inputs).toEqual([{ kind: "message", text: "ab" }]);
  });
});
