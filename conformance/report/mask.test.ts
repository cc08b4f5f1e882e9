import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract/contract.js";
import { encodeFrame } from "../frames/encode.js";
import type { TranscriptEntry } from "../transcript.js";
import { createMask, maskOutcome } from "./mask.js";
import { sampleOutcome } from "./test-report.js";

const token = 'k9!"tök+/en 42';
const mask = createMask({ token });
const hex = (text: string | Uint8Array): string => Buffer.from(text).toString("hex");

describe("a mask", () => {
  it.each([
    ["as it is", `token ${token} refused`],
    ["in a URL", `/ws?token=${encodeURIComponent(token)}`],
    ["in a form", `token=${encodeURIComponent(token).replaceAll("%20", "+")}&x=1`],
    ["in JSON", JSON.stringify({ text: token })],
    ["in JSON in JSON", JSON.stringify({ text: JSON.stringify({ token }) })],
    ["in base64", `Basic ${Buffer.from(`user:${token}:x`).toString("base64")}`],
    ["in base64 at another place", Buffer.from(`ab${token}`).toString("base64")],
    ["in base64url", Buffer.from(`abc?${token}`).toString("base64url")],
    ["in hexadecimal", hex(token)],
    ["cut off", `the token was k9!"tö…`],
    ["cut off at its beginning", "…/en 42 is no token"],
  ])("replaces a secret %s", (_, text) => {
    const masked = mask.text(text);
    expect(masked).toContain("‹secret:token›");
    expect(masked).not.toContain(token);
    expect(masked).not.toMatch(/k9!|en 42|k9%21|tök/);
  });

  it("leaves everything else as it is", () => {
    const text = '{"event":"said","text":"no secret here … not at all"}';
    expect(mask.text(text)).toBe(text);
    expect(createMask().text(text)).toBe(text);
  });

  it("knows what a header's value is made of", () => {
    const header = createMask({
      Authorization: "Bearer abc-token-1",
      "Proxy-Authorization": `Basic ${Buffer.from("ann:pa-ss-wo-rd").toString("base64")}`,
      Cookie: "sid=session-value-7; theme=dark",
    });
    expect(header.text("abc-token-1, pa-ss-wo-rd, session-value-7, dark")).toBe(
      "‹secret:Authorization›, ‹secret:Proxy-Authorization›, ‹secret:Cookie›, dark",
    );
  });

  it("masks what is short or an ordinary word only beside its name", () => {
    const ordinary = createMask({ v: "1", transport: "websocket" });
    expect(ordinary.text("v=1&transport=websocket, 1 websocket")).toBe(
      "v=‹secret:v›&transport=‹secret:transport›, 1 websocket",
    );
    expect(ordinary.text('{"v":"1","n":1}')).toBe('{"v":"‹secret:v›","n":1}');
    expect(createMask({ password: "swordfish" }).text("no swordfish here")).toBe("no ‹secret:password› here");
  });

  it("keeps the moves of a walk for a replay, unless they hold a secret", () => {
    const moves = (payload: Json) => [
      { name: "say", payload, legality: "legal", seen: 0, pauseMs: 0, gapMs: 0 } as const,
    ];
    const replayOf = (payload: Json) =>
      maskOutcome(mask, sampleOutcome({ replay: { seed: 1, command: "replay", moves: moves(payload) } }))
        .replay;
    expect(replayOf({ text: "hello" })).toEqual({
      seed: 1,
      command: "replay",
      moves: moves({ text: "hello" }),
    });
    expect(replayOf({ text: token })).toEqual({ seed: 1, command: "replay" });
  });

  it("masks every text of a value, keys as well", () => {
    expect(mask.value({ a: [token, 1, null], [token]: true })).toEqual({
      a: ["‹secret:token›", 1, null],
      "‹secret:token›": true,
    });
  });

  it("takes another secret at any time", () => {
    const later = createMask();
    later.add("fresh", "one-of-today");
    expect(later.text("one-of-today")).toBe("‹secret:fresh›");
  });
});

describe("the bytes of a transcript", () => {
  const entry = (given: Partial<TranscriptEntry>): TranscriptEntry => ({
    atMs: 1,
    connection: 0,
    direction: "sent",
    kind: "text",
    text: "a label",
    ...given,
  });
  const framed = (text: string, fin = true, opcode = 1): Uint8Array =>
    encodeFrame({ opcode, fin, payload: Buffer.from(text) }, () => Uint8Array.of(1, 2, 3, 4));
  const unmasked = (bytes: string): string => {
    const raw = Buffer.from(bytes, "hex");
    return Buffer.from(raw.map((byte, at) => byte ^ ([1, 2, 3, 4][(at + 2) & 3] ?? 0))).toString("latin1");
  };

  it("hold stars for a secret in a masked frame, and keep header, length and key", () => {
    const bytes = framed(`{"t":"${"abc-token-1"}"}`);
    const { bytes: masked = "" } = createMask({ t: "abc-token-1" }).entry(entry({ bytes: hex(bytes) }));
    expect(masked).toHaveLength(2 * bytes.length);
    expect(masked.slice(0, 12)).toBe(hex(bytes.subarray(0, 6)));
    expect(unmasked(masked)).toContain("***********");
    expect(unmasked(masked)).not.toContain("abc-token-1");
  });

  it("hold stars where a secret is spread over fragments", () => {
    const parts = [framed("abc-to", false), framed("ken-1", true, 0)];
    const { bytes = "" } = createMask({ t: "abc-token-1" }).entry(
      entry({ bytes: hex(Buffer.concat(parts)) }),
    );
    expect(bytes).not.toBe(hex(Buffer.concat(parts)));
    expect(unmasked(bytes)).not.toContain("abc-to");
  });

  it("are the masked head of a handshake, whatever credential it carries", () => {
    const head = "GET /ws?key=abc-token-1 HTTP/1.1\r\nAuthorization: Bearer other\r\nCookie: a=b\r\n\r\n";
    const masked = createMask({ key: "abc-token-1" }).entry(entry({ kind: "handshake", bytes: hex(head) }));
    expect(Buffer.from(masked.bytes ?? "", "hex").toString("utf8")).toBe(
      "GET /ws?key=‹secret:key› HTTP/1.1\r\nAuthorization: ‹secret:authorization›\r\nCookie: ‹secret:cookie›\r\n\r\n",
    );
  });

  it("are not kept whole where they hold a secret", () => {
    const text = `${" ".repeat(2000)}abc-token-1`;
    const packed = deflateRawSync(framed(text)).toString("base64");
    const bytes = `${hex(framed(text)).slice(0, 1536)}…${hex(framed(text)).slice(-256)}`;
    const masked = createMask({ t: "abc-token-1" }).entry(entry({ text, bytes, packed }));
    expect(masked.packed).toBeUndefined();
    expect(masked.text).toContain("‹secret:t›");
  });

  it("stay as they are where there is no secret", () => {
    const plain = entry({ bytes: hex(framed("hello")), packed: "abc" });
    expect(mask.entry(plain)).toEqual(plain);
  });
});
