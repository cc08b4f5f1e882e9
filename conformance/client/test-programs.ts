/** Clients as programs of their own, for tests: one that keeps the sample contract, and what it may do wrong. */
import type { Endpoint } from "../../src/contract/contract.js";
import { sampleEndpoint } from "../test-subject.js";
import { WS } from "./launch/test-launch.js";

/**
 * The sample contract with a policy: 3, 6, 12 s and so on, the counter reset after 5 s. A pong is waited for so long that
 * it comes in time also in a twentieth of it, on a busy machine.
 */
export const reconnectingEndpoint: Endpoint = {
  ...sampleEndpoint,
  ...(sampleEndpoint.heartbeat === undefined
    ? {}
    : { heartbeat: { ...sampleEndpoint.heartbeat, timeoutMs: 10_000 } }),
  reconnect: {
    strategy: "exponential",
    initialDelayMs: 3000,
    factor: 2,
    maxDelayMs: 48_000,
    jitter: 0,
    maxAttempts: null,
    onCleanClose: false,
    resetAfterMs: 5000,
    connectTimeoutMs: 10_000,
    offline: "reject",
    restore: [],
  },
};

/** What a client may do otherwise than the contract has it: source text of JavaScript in the place of what is right. */
export interface ClientFaults {
  /** Delay of attempt `n` (milliseconds, scaled). */
  readonly delay?: string;
  /** Interval of the heartbeat (milliseconds, scaled). */
  readonly interval?: string;
  /** What is sent as a ping. */
  readonly ping?: string;
  /** Options of the WebSocket, after those that the contract asks for. */
  readonly options?: string;
  /** Done at open. */
  readonly atOpen?: string;
  /** Done at a response that is no 101, before the attempt is given up. */
  readonly onRefusal?: string;
  /** Done at SIGTERM: `last` is the last socket. */
  readonly atEnd?: string;
}

/** A client on `ws` that connects to its last argument and keeps the contract but for its faults. */
export function clientProgram(faults: ClientFaults = {}): string {
  const {
    delay = "Math.min(48000, 3000 * 2 ** n)",
    interval = "30000",
    ping = '{ cmd: "ping", token: String(Math.random()) }',
    options = "{}",
    atOpen = "",
    onRefusal = 'atLeast = 1000 * Number(response.headers["retry-after"] ?? 0);',
    atEnd = 'last.on("close", () => process.exit(0)); last.close(1000);',
  } = faults;
  return `
import { WebSocket } from ${JSON.stringify(WS)};
const scale = Number(process.env.WIREPROOF_TIME_SCALE ?? 1);
let n = 0;
let last;
process.on("SIGTERM", () => { ${atEnd} });
// Real milliseconds that a refused handshake has asked for.
let atLeast = 0;
function connect() {
  let beat, healthy, lost, gaveUp = false;
  const socket = new WebSocket(process.argv.at(-1), {
    handshakeTimeout: 10000 * scale, maxPayload: 100000, ...(${options}),
  });
  last = socket;
  atLeast = 0;
  socket.on("error", () => undefined);
  socket.on("unexpected-response", (_, response) => {
    ${onRefusal}
    socket.terminate();
  });
  socket.on("open", () => {
    healthy = setTimeout(() => { n = 0; }, 5000 * scale);
    beat = setInterval(() => {
      socket.send(JSON.stringify(${ping}));
      lost ??= setTimeout(() => { gaveUp = true; socket.terminate(); }, 10000 * scale);
    }, (${interval}) * scale);
    ${atOpen}
  });
  socket.on("message", (data) => {
    if (!String(data).includes('"pong"')) return;
    clearTimeout(lost);
    lost = undefined;
  });
  socket.on("close", (code) => {
    clearInterval(beat);
    clearTimeout(healthy);
    clearTimeout(lost);
    // No table of close codes: an end with a Close frame is clean, and clean ones are not retried.
    if (code !== 1006 && !gaveUp) return;
    const ms = ${delay};
    n += 1;
    if (Number.isFinite(ms)) setTimeout(connect, Math.max(atLeast, ms * scale));
  });
}
connect();
// One that stays away does not exit.
setInterval(() => undefined, 60_000);
`;
}

/** A client on bare TCP that does only the handshake, always with the same key, and answers pings. */
export const CONSTANT_KEY = `
import { connect } from "node:net";
const url = new URL(process.argv.at(-1));
const key = Buffer.alloc(16, "k").toString("base64");
const socket = connect(Number(url.port), url.hostname);
socket.on("error", () => undefined);
socket.write(\`GET \${url.pathname} HTTP/1.1\\r\\nHost: \${url.host}\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\` +
  \`Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: \${key}\\r\\n\\r\\n\`);
let open = false;
socket.on("data", (chunk) => {
  if (!open) { open = true; return; }
  if ((chunk[0] & 15) !== 9) return;
  const payload = chunk.subarray(2, 2 + chunk[1]);
  const mask = Buffer.from([1, 2, 3, Math.floor(Math.random() * 256)]);
  socket.write(Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length]), mask, payload.map((b, i) => b ^ mask[i % 4])]));
});
`;

/** What a bare client does otherwise than RFC 6455 has it: source text of JavaScript. */
export interface BareFaults {
  /** Bytes that it sends as the pong to `payload`; `undefined` for none. */
  readonly pong?: string;
  /** Done at a Close frame with `payload`; `send(opcode, payload)` writes a frame. */
  readonly onClose?: string;
  /** Whether the response with this head (text) opens the connection. */
  readonly opens?: string;
  /** Done where it does not. */
  readonly onRefusal?: string;
}

/** A client on bare TCP that reads frames without any mercy on what a server may not send: nothing fails its connection. */
export function bareProgram(faults: BareFaults = {}): string {
  const {
    pong = "payload",
    onClose = "send(8, payload); socket.end();",
    opens = "true",
    onRefusal = "socket.destroy();",
  } = faults;
  return `
import { connect } from "node:net";
import { randomBytes } from "node:crypto";
const url = new URL(process.argv.at(-1));
function open(url, credentials) {
  const socket = connect(Number(url.port), url.hostname);
  const key = randomBytes(16).toString("base64");
  let bytes = Buffer.alloc(0);
  let isOpen = false;
  socket.on("error", () => undefined);
  socket.write(\`GET \${url.pathname} HTTP/1.1\\r\\nHost: \${url.host}\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\` +
    \`Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: \${key}\\r\\n\${credentials}\\r\\n\`);
  function send(opcode, payload) {
    const mask = randomBytes(4);
    socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, payload.map((b, i) => b ^ mask[i % 4])]));
  }
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (!isOpen) {
      const end = bytes.indexOf("\\r\\n\\r\\n");
      if (end < 0) return;
      const head = bytes.subarray(0, end).toString("latin1");
      bytes = bytes.subarray(end + 4);
      if (!(${opens})) { ${onRefusal} return; }
      isOpen = true;
    }
    while (bytes.length >= 2) {
      const opcode = bytes[0] & 15;
      const masked = bytes[1] >> 7;
      let length = bytes[1] & 127;
      let start = 2;
      if (length === 126) { if (bytes.length < 4) return; length = bytes.readUInt16BE(2); start = 4; }
      else if (length === 127) { if (bytes.length < 10) return; length = bytes.readUInt32BE(6); start = 10; }
      start += 4 * masked;
      if (bytes.length < start + length) return;
      const payload = Buffer.from(bytes.subarray(start, start + length));
      bytes = bytes.subarray(start + length);
      if (opcode === 9) { const answer = ${pong}; if (answer !== undefined) send(10, answer.subarray(0, 125)); }
      if (opcode === 8) { ${onClose} }
    }
  });
}
open(url, "Authorization: Bearer secret\\r\\n");
setInterval(() => undefined, 60_000);
`;
}
