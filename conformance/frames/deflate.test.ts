/** Compression of our own against that of `ws`, and both halves against each other. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type PerMessageDeflateOptions, WebSocketServer } from "ws";
import { seededRandom } from "../random.js";
import { monotonic } from "../time.js";
import { createDeflater, createInflater, type DeflateTerms } from "./deflate.js";
import { judgeExtensions, parseExtensions } from "./extensions.js";
import { OPCODE } from "./frame.js";
import { upgradeHeaders } from "./handshake.js";
import type { WireMessage } from "./message.js";
import { openFrameSocket } from "./socket.js";

const TERMS: DeflateTerms = {
  serverNoContext: false,
  clientNoContext: false,
  serverWindowBits: 15,
  clientWindowBits: 15,
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("compression", () => {
  it("reads the examples of RFC 7692", () => {
    const inflate = createInflater(TERMS, 1000);
    const hello = bytes("Hello");
    // §7.2.3.1, then §7.2.3.2 with the window kept, §7.2.3.3 without compression, §7.2.3.4 with BFINAL
    for (const hexadecimal of [
      "f248cdc9c90700",
      "f200110000",
      "000500faff48656c6c6f00",
      "f348cdc9c9070000",
    ]) {
      const result = inflate(Buffer.from(hexadecimal, "hex"));
      expect("bytes" in result && Buffer.from(result.bytes).equals(hello), hexadecimal).toBe(true);
    }
  });

  it.each([8, 9, 12, 15])("gives back what went in, message after message, with a window of 2^%d", (bits) => {
    const terms = { ...TERMS, clientWindowBits: bits, serverWindowBits: bits };
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.string({ minLength: 300, maxLength: 3000, unit: fc.constantFrom("a", "b") }),
          ),
          {
            maxLength: 6,
          },
        ),
        fc.boolean(),
        (texts, forgets) => {
          const deflate = createDeflater({ ...terms, clientNoContext: forgets });
          const inflate = createInflater({ ...terms, serverNoContext: forgets }, 1_000_000);
          for (const text of texts) {
            const result = inflate(deflate(bytes(text)));
            expect("bytes" in result ? new TextDecoder().decode(result.bytes) : result).toBe(text);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("stops at its limit, and says what does not inflate", () => {
    const bomb = createDeflater(TERMS)(new Uint8Array(1_000_000));
    expect(bomb.length).toBeLessThan(2000);
    expect(createInflater(TERMS, 65_536)(bomb)).toMatchObject({ fault: "too-large" });
    expect(createInflater(TERMS, 1000)(Buffer.from("ffffff", "hex"))).toMatchObject({
      fault: "deflate-data",
    });
  });

  it("finds a window that was to be forgotten, or smaller", () => {
    const text = bytes("0123456789abcdefghijklmnopqrstuvwxyz".repeat(3));
    const keeps = createDeflater(TERMS);
    keeps(text);
    const second = keeps(text);
    expect(createInflater({ ...TERMS, serverNoContext: true }, 10_000)(second)).toMatchObject({
      fault: "deflate-data",
    });
  });
});

describe("extensions", () => {
  it.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, undefined, undefined],
    [undefined, "", undefined],
    [undefined, "permessage-deflate", "no extension, for none was offered"],
    ["permessage-deflate", undefined, undefined],
    ["permessage-deflate", "permessage-deflate", undefined],
    ["permessage-deflate", "x-other", "only what was offered"],
    ["permessage-deflate", "permessage-deflate, permessage-deflate", "once"],
    ["permessage-deflate", "permessage-deflate; server_no_context_takeover", undefined],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits=10", undefined],
    ["permessage-deflate", 'permessage-deflate; server_max_window_bits="10"', undefined],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits=16", "from 8 to 15"],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits", "from 8 to 15"],
    ["permessage-deflate", "permessage-deflate; client_max_window_bits=10", "the client did not offer it"],
    [
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; client_max_window_bits=10",
      undefined,
    ],
    [
      "permessage-deflate; client_max_window_bits=9",
      "permessage-deflate; client_max_window_bits=10",
      "at most 9",
    ],
    ["permessage-deflate; server_no_context_takeover", "permessage-deflate", "as it was asked for"],
    [
      "permessage-deflate; server_max_window_bits=10",
      "permessage-deflate; server_max_window_bits=12",
      "at most 10",
    ],
    ["permessage-deflate; server_max_window_bits=10, permessage-deflate", "permessage-deflate", undefined],
    ["permessage-deflate", "permessage-deflate; mystery=1", "not mystery"],
    ["permessage-deflate", "permessage-deflate; server_no_context_takeover=1", "without a value"],
    ["permessage-deflate", "permessage-deflate; ; ;=", "a list"],
  ])("offered %s, answered %s: %s", (offer, answer, complaint) => {
    const faults = judgeExtensions(answer, offer);
    if (complaint === undefined) expect(faults).toEqual([]);
    else expect(faults[0]?.expected).toContain(complaint);
  });

  it("are read with their parameters in order", () => {
    expect(parseExtensions('a; b=1;c ,d;e="f"')).toEqual([
      {
        name: "a",
        parameters: [
          ["b", "1"],
          ["c", undefined],
        ],
      },
      { name: "d", parameters: [["e", "f"]] },
    ]);
  });
});

describe("a compressed connection to ws", () => {
  it.each<[string, PerMessageDeflateOptions]>([
    ["permessage-deflate", { threshold: 0 }],
    ["permessage-deflate; client_max_window_bits", { threshold: 0, clientMaxWindowBits: 10 }],
    ["permessage-deflate; server_max_window_bits=9", { threshold: 0 }],
    ["permessage-deflate; server_no_context_takeover; client_no_context_takeover", { threshold: 0 }],
  ])("is read and written: %s", async (extensions, perMessageDeflate) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
    await once(server, "listening");
    server.on("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.on("message", (data, binary) => socket.send(data, { binary }));
    });
    // The address of a listening TCP server is an AddressInfo.
    const { port } = server.address() as AddressInfo;
    const messages: WireMessage[] = [];
    const faults: string[] = [];
    const random = seededRandom(1);
    const socket = openFrameSocket({
      target: { host: "127.0.0.1", port },
      request: {
        target: "/",
        headers: [
          ...upgradeHeaders({ host: "127.0.0.1", key: "dGhlIHNhbXBsZSBub25jZQ==" }),
          ["Sec-WebSocket-Extensions", extensions],
        ],
      },
      clock: monotonic,
      drawMask: () => random.bytes(4),
      timeoutMs: 3000,
      offersDeflate: true,
      listener: {
        frame: () => undefined,
        message: (message) => messages.push(message),
        fault: ({ message }) => faults.push(message),
        ended: () => undefined,
      },
    });
    cleanups.push(async () => {
      socket.reset();
      await socket.closed;
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    });
    const outcome = await socket.handshake;
    expect(outcome.kind).toBe("accepted");
    const { deflate } = socket;
    if (deflate === undefined) throw new Error("not agreed");
    const texts = ["short", "", "long ".repeat(2000), "long ".repeat(2000), "ünïcödé"];
    for (const text of texts) {
      const compressed = deflate(bytes(text));
      const middle = Math.floor(compressed.length / 2);
      socket.send({ opcode: OPCODE.text, rsv: 4, fin: false, payload: compressed.subarray(0, middle) });
      socket.send({ opcode: OPCODE.continuation, payload: compressed.subarray(middle) });
    }
    await expect.poll(() => messages.length, { timeout: 5000 }).toBe(texts.length);
    expect(messages.map(({ text }) => text)).toEqual(texts);
    expect(messages.some(({ compressedBytes }) => compressedBytes !== undefined)).toBe(true);
    expect(faults).toEqual([]);
  });
});
