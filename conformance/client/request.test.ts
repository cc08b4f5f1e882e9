import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { upgradeHeaders, writeRequest } from "../frames/handshake.js";
import type { UpgradeRequest } from "./check.js";
import { createRequestReader } from "./request.js";

const AUTHORITY = "127.0.0.1:4711";
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

const HEADERS = upgradeHeaders({ host: AUTHORITY, key: KEY });

function read(text: string): UpgradeRequest {
  const answer = createRequestReader(AUTHORITY).push(Buffer.from(text, "latin1"), 1);
  if (answer === undefined || "broken" in answer) throw new Error(`not read: ${JSON.stringify(answer)}`);
  return answer.request;
}

/** A head in which some lines are others; undefined leaves one out. */
function head(
  change: Readonly<Record<string, string | undefined>> = {},
  line = "GET /a?b=c HTTP/1.1",
): string {
  const kept = HEADERS.filter(([name]) => !Object.hasOwn(change, name)).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const added = Object.entries(change).flatMap(([name, value]) =>
    value === undefined ? [] : value.split("\n").map((one) => `${name}: ${one}`),
  );
  return `${[line, ...kept, ...added].join("\r\n")}\r\n\r\n`;
}

describe("an upgrade request", () => {
  it("is read with its lines as they came and without a fault", () => {
    const request = read(head({ "X-Twice": "1\n2", "Sec-WebSocket-Protocol": "a, b" }));
    expect(request).toMatchObject({
      method: "GET",
      target: "/a?b=c",
      httpVersion: "1.1",
      faults: [],
      atMs: 1,
    });
    expect(request.headers["x-twice"]).toBe("1, 2");
    expect(request.headerLines.slice(-3)).toEqual([
      { name: "X-Twice", value: "1" },
      { name: "X-Twice", value: "2" },
      { name: "Sec-WebSocket-Protocol", value: "a, b" },
    ]);
  });

  it.each([
    ["another method", head({}, "POST / HTTP/1.1"), "the method GET"],
    ["an old version", head({}, "GET / HTTP/1.0"), "HTTP/1.1 or later"],
    ["a target that is no path", head({}, "GET chat HTTP/1.1"), "a path that begins with `/`"],
    ["a fragment", head({}, "GET /a#b HTTP/1.1"), "a path that begins with `/`"],
    ["no Host", head({ Host: undefined }), "exactly one Host header"],
    ["a Host without its port", head({ Host: "127.0.0.1" }), `Host: ${AUTHORITY}`],
    ["two Hosts", head({ Host: `${AUTHORITY}\n${AUTHORITY}` }), "exactly one Host header"],
    ["no Upgrade", head({ Upgrade: undefined }), 'a header Upgrade with the token "websocket"'],
    ["another Upgrade", head({ Upgrade: "h2c" }), 'a header Upgrade with the token "websocket"'],
    ["no Connection", head({ Connection: undefined }), 'a header Connection with the token "upgrade"'],
    [
      "a Connection that is kept alive",
      head({ Connection: "keep-alive" }),
      'a header Connection with the token "upgrade"',
    ],
    ["no key", head({ "Sec-WebSocket-Key": undefined }), "exactly one Sec-WebSocket-Key header"],
    ["a short key", head({ "Sec-WebSocket-Key": "c2hvcnQ=" }), "a Sec-WebSocket-Key of 16 bytes in base64"],
    [
      "a key that is no base64",
      head({ "Sec-WebSocket-Key": "!".repeat(24) }),
      "a Sec-WebSocket-Key of 16 bytes in base64",
    ],
    [
      "a key with loose bits",
      head({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZR==" }),
      "a Sec-WebSocket-Key of 16 bytes in base64",
    ],
    ["two keys", head({ "Sec-WebSocket-Key": `${KEY}\n${KEY}` }), "exactly one Sec-WebSocket-Key header"],
    ["version 12", head({ "Sec-WebSocket-Version": "12" }), "Sec-WebSocket-Version: 13"],
    ["no version", head({ "Sec-WebSocket-Version": undefined }), "exactly one Sec-WebSocket-Version header"],
    ["two origins", head({ Origin: "http://a\nhttp://b" }), "at most one Origin header"],
    [
      "a subprotocol twice",
      head({ "Sec-WebSocket-Protocol": "a, b, a" }),
      "subprotocols that are tokens, each once",
    ],
    [
      "an empty subprotocol",
      head({ "Sec-WebSocket-Protocol": "" }),
      "subprotocols that are tokens, each once",
    ],
    ["an extension without a name", head({ "Sec-WebSocket-Extensions": ";x" }), "a list of extensions"],
    ["white space before a colon", head({ "X-Y ": "1" }), "header lines `name: value`"],
    ["a folded line", head({ "X-Y": "1\r\n folded" }), "header lines `name: value`"],
    ["a control character", head({ "X-Y": "a\0b" }), "header lines `name: value`"],
  ])("with %s has one fault, with clause and what was there", (_, text, expected) => {
    const { faults } = read(text);
    expect(faults.map((fault) => fault.expected)).toEqual([expect.stringContaining(expected)]);
    expect(faults[0]?.clause).toMatch(/^RFC 6455 [34]|^RFC 6455 9\.1/);
    expect(faults[0]?.got).not.toBe("");
  });

  it.each([
    ["TLS", Buffer.from([0x16, 3, 1, 0, 200])],
    ["garbage", Buffer.from("{}\r\n\r\n")],
    ["a response", Buffer.from("HTTP/1.1 200 OK\r\n\r\n")],
    ["lone line feeds", Buffer.from("GET / HTTP/1.1\nHost: a\n\n")],
    ["a head without end", Buffer.alloc(70 * 1024, "a")],
  ])("is not what %s is", (_, bytes) => {
    expect(createRequestReader(AUTHORITY).push(bytes, 0)).toMatchObject({ broken: expect.any(String) });
  });

  test.prop([fc.array(fc.nat(400), { maxLength: 12 }), fc.uint8Array({ maxLength: 40 })])(
    "reads the same from any chunks, and gives back what follows",
    (cuts, rest) => {
      const request = Buffer.from(writeRequest({ target: "/a", headers: HEADERS }), "latin1");
      const bytes = Buffer.concat([request, rest]);
      const offsets = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
        (a, b) => a - b,
      );
      const reader = createRequestReader(AUTHORITY);
      const following: Uint8Array[] = [];
      let seen: UpgradeRequest | undefined;
      for (const [index, from] of offsets.slice(0, -1).entries()) {
        const chunk = bytes.subarray(from, offsets[index + 1]);
        if (seen !== undefined) {
          following.push(chunk);
          continue;
        }
        const answer = reader.push(chunk, 0);
        if (answer === undefined || "broken" in answer) {
          expect(answer).toBeUndefined();
          continue;
        }
        seen = answer.request;
        following.push(answer.rest);
      }
      expect(seen?.faults).toEqual([]);
      expect(Buffer.concat(following)).toEqual(Buffer.from(rest));
    },
  );
});
