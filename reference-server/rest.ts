import type { IncomingMessage, ServerResponse } from "node:http";
import type { RestAnswer } from "./channel.js";

/** Bytes of a request body. */
const BODY_BYTES = 256 * 1024;

/** Reads a body and parses it as JSON: `undefined` when there is none or it is none; refused when it is too long. */
export async function readBody(
  request: IncomingMessage,
): Promise<{ ok: true; body: unknown } | { ok: false }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    // Without an encoding a request stream yields Buffers.
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > BODY_BYTES) return { ok: false };
    chunks.push(part);
  }
  try {
    return { ok: true, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    return { ok: true, body: undefined };
  }
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  answer: RestAnswer,
  headers: Record<string, string> = {},
): void {
  send(response, answer.status, "application/json; charset=utf-8", JSON.stringify(answer.body), headers);
}

/** Answers with a text and the headers that keep a browser from guessing. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(text);
}
