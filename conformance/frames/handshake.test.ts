import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acceptFor,
  createResponseReader,
  type HandshakeResponse,
  judgeResponse,
  upgradeHeaders,
  writeRequest,
} from "./handshake.js";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const head = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  `Sec-WebSocket-Accept: ${acceptFor(key)}`,
].join("\r\n");

function response(text: string): HandshakeResponse {
  const result = createResponseReader().push(Buffer.from(`${text}\r\n\r\n`), 0);
  if (result === undefined || "broken" in result) throw new Error("no response");
  return result.response;
}

describe("the opening handshake", () => {
  it("accepts the key of RFC 6455 section 1.3 by the value given there", () => {
    expect(acceptFor(key)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });

  it("is written in the order given", () => {
    const request = writeRequest({ target: "/ws?a=1", headers: upgradeHeaders({ host: "h:1", key }) });
    expect(request.split("\r\n").slice(0, 3)).toEqual([
      "GET /ws?a=1 HTTP/1.1",
      "Host: h:1",
      "Connection: Upgrade",
    ]);
    expect(request.endsWith("\r\n\r\n")).toBe(true);
  });

  it("finds nothing wrong with a correct response", () => {
    expect(judgeResponse(response(head), key, [])).toEqual([]);
  });

  it.each([
    ["another status", head.replace("101 Switching Protocols", "200 OK"), "status 101"],
    ["no Upgrade", head.replace("Upgrade: websocket\r\n", ""), "Upgrade: websocket"],
    ["no Connection token", head.replace("Connection: Upgrade", "Connection: close"), "Connection: Upgrade"],
    ["a wrong accept", head.replace(acceptFor(key), acceptFor("x")), "Sec-WebSocket-Accept"],
    ["a subprotocol that was not offered", `${head}\r\nSec-WebSocket-Protocol: b`, "subprotocol"],
    ["an extension that was not offered", `${head}\r\nSec-WebSocket-Extensions: x`, "extension"],
  ])("names %s", (_, text, expected) => {
    expect(
      judgeResponse(response(text), key, ["a"])
        .map((fault) => fault.expected)
        .join(),
    ).toContain(expected);
  });

  it("reads a response cut anywhere and hands on the bytes behind it", () => {
    const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), Buffer.from("8100", "hex")]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 2 }), (cut) => {
        const reader = createResponseReader();
        const first = reader.push(bytes.subarray(0, cut), 0);
        const result = first ?? reader.push(bytes.subarray(cut), 0);
        expect(result).toMatchObject({ response: { status: 101 } });
        expect(result !== undefined && "rest" in result && Buffer.from(result.rest).toString("hex")).toBe(
          first === undefined ? "8100" : "",
        );
      }),
    );
  });

  it.each([
    ["garbage", Buffer.from("SSH-2.0-OpenSSH")],
    ["a status line without a status", Buffer.from("HTTP/1.1 hello\r\n\r\n")],
    ["a head without end", Buffer.from(`HTTP/1.1 101 x\r\n${"a: b\r\n".repeat(20_000)}`)],
  ])("gives up on %s", (_, bytes) => {
    expect(createResponseReader().push(bytes, 0)).toHaveProperty("broken");
  });
});
