/** Reads what a client asks for in its opening handshake, and holds it against RFC 6455 §4.1 without mercy. */
import { parseExtensions } from "../frames/extensions.js";
import { MAX_HEAD } from "../frames/handshake.js";
import type { UpgradeRequest } from "./check.js";

/** What is wrong with a request: a clause, what it wants, what was there. */
export type RequestFault = UpgradeRequest["faults"][number];

/** Reads a request head from any chunks. */
export interface RequestReader {
  /** Undefined until the head is complete; then the request and the bytes that follow it, or why it is none. */
  push(
    chunk: Uint8Array,
    atMs: number,
  ):
    | { readonly request: UpgradeRequest; readonly rest: Uint8Array }
    | { readonly broken: string }
    | undefined;
}

/** What any request starts with: a method and a blank. */
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: |$)/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5: visible characters, blanks and what is not ASCII; no control character. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Opens a reader; `authority` is the host and port that the client was sent to, as its Host header must have them. */
export function createRequestReader(authority: string, maxHead = MAX_HEAD): RequestReader {
  let buffered = Buffer.alloc(0);
  let searched = 0;
  return {
    push(chunk, atMs) {
      buffered = Buffer.concat([buffered, chunk]);
      const end = buffered.indexOf("\r\n\r\n", Math.max(0, searched - 3));
      searched = buffered.length;
      if (end < 0) {
        if (buffered.length > maxHead) return { broken: `a request head of more than ${maxHead} bytes` };
        // A method is what any request starts with: what begins otherwise is known at once.
        const start = buffered.subarray(0, 32).toString("latin1");
        if (!METHOD.test(start) && !TOKEN.test(start)) return { broken: noRequest(buffered) };
        if (buffered.includes("\n\n")) return { broken: "a request head whose lines end in LF alone" };
        return undefined;
      }
      const request = parseRequest(buffered.subarray(0, end).toString("latin1"), authority, atMs);
      if (request === undefined) return { broken: noRequest(buffered) };
      return { request, rest: buffered.subarray(end + 4) };
    },
  };
}

function noRequest(bytes: Buffer): string {
  return `no HTTP request: it starts with ${JSON.stringify(bytes.subarray(0, 40).toString("latin1"))}`;
}

function parseRequest(head: string, authority: string, atMs: number): UpgradeRequest | undefined {
  const [requestLine = "", ...lines] = head.split("\r\n");
  const [method = "", target = "", version = "", ...more] = requestLine.split(" ");
  const httpVersion = /^HTTP\/(\d+\.\d+)$/.exec(version)?.[1];
  if (httpVersion === undefined || more.length > 0 || !TOKEN.test(method) || target === "") return undefined;

  const faults: RequestFault[] = [];
  const headerLines: { readonly name: string; readonly value: string }[] = [];
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) {
      faults.push({
        clause: "RFC 6455 4.1",
        expected:
          "header lines `name: value` as HTTP has them (RFC 9112 §5), without folding and control characters",
        got: JSON.stringify(line.slice(0, 80)),
      });
      continue;
    }
    headerLines.push({ name, value });
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const request = { method, target, httpVersion, headerLines, headers, atMs };
  return { ...request, faults: [...faults, ...faultsOf(request, authority)] };
}

/** Everything that §4.1 asks of a request, in its order. */
export function faultsOf(request: Omit<UpgradeRequest, "faults">, authority: string): RequestFault[] {
  const { method, target, httpVersion, headerLines } = request;
  const faults: RequestFault[] = [];
  const say = (expected: string, got: string, clause = "RFC 6455 4.1"): void => {
    faults.push({ clause, expected, got });
  };
  const valuesOf = (name: string): string[] =>
    headerLines.filter((line) => line.name.toLowerCase() === name).map(({ value }) => value);
  /** The value of a header that must be there exactly once. */
  const only = (name: string): string | undefined => {
    const values = valuesOf(name.toLowerCase());
    const [first] = values;
    if (values.length === 1) return first;
    say(
      `exactly one ${name} header`,
      values.length === 0 ? "none" : `${values.length}: ${values.join(" | ")}`,
    );
    return undefined;
  };
  const tokensOf = (name: string): string[] =>
    valuesOf(name.toLowerCase()).flatMap((value) => value.split(",").map((one) => one.trim().toLowerCase()));

  if (method !== "GET") say("the method GET", method);
  // Digits decide, not text: 1.10 would be later than 1.9.
  const [major = 0, minor = 0] = httpVersion.split(".").map(Number);
  if (major < 1 || (major === 1 && minor < 1)) say("HTTP/1.1 or later", `HTTP/${httpVersion}`);
  if (!/^(?:\/|https?:\/\/)[^\s#]*$/i.test(target)) {
    say("a path that begins with `/`, or an absolute http URI, without a fragment", target, "RFC 6455 3");
  }
  const host = only("Host");
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) {
    say(`Host: ${authority}`, `Host: ${host}`);
  }
  for (const [name, token] of [
    ["Upgrade", "websocket"],
    ["Connection", "upgrade"],
  ] as const) {
    if (tokensOf(name).includes(token)) continue;
    const values = valuesOf(name.toLowerCase());
    say(`a header ${name} with the token "${token}"`, values.length === 0 ? "none" : values.join(", "));
  }
  const key = only("Sec-WebSocket-Key");
  if (key !== undefined && !isKey(key)) say("a Sec-WebSocket-Key of 16 bytes in base64", key);
  const version = only("Sec-WebSocket-Version");
  if (version !== undefined && version !== "13") say("Sec-WebSocket-Version: 13", version);
  const origins = valuesOf("origin");
  if (origins.length > 1) say("at most one Origin header", origins.join(" | "));
  const offered = valuesOf("sec-websocket-protocol").flatMap((value) => value.split(","));
  const names = offered.map((name) => name.trim());
  if (!names.every((name) => TOKEN.test(name)) || new Set(names).size < names.length) {
    say("subprotocols that are tokens, each once", `Sec-WebSocket-Protocol: ${names.join(", ")}`);
  }
  for (const extensions of valuesOf("sec-websocket-extensions")) {
    const parsed = parseExtensions(extensions);
    if (parsed === undefined || parsed.length === 0) {
      say("a list of extensions with parameters", `Sec-WebSocket-Extensions: ${extensions}`, "RFC 6455 9.1");
    }
  }
  return faults;
}

/** Sixteen bytes as base64 writes them: the bits that the last character does not need are zero (RFC 4648 §3.5). */
function isKey(key: string): boolean {
  const bytes = Buffer.from(key, "base64");
  return bytes.length === 16 && bytes.toString("base64") === key;
}
