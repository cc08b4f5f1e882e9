/** Clients as programs of their own, for tests: one that keeps the sample contract, and what it may do wrong. */
import type { Endpoint } from "../../src/contract/contract.js";
import { sampleEndpoint } from "../test-subject.js";
import { WS } from "./launch/test-launch.js";

/** The sample contract with a policy: 3, 6, 12 s and so on, the counter reset after 5 s. */
export const reconnectingEndpoint: Endpoint = {
  ...sampleEndpoint,
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
  /** Options of the WebSocket. */
  readonly options?: string;
  /** Done at open. */
  readonly atOpen?: string;
}

/** A client on `ws` that connects to its last argument and keeps the contract but for its faults. */
export function clientProgram(faults: ClientFaults = {}): string {
  const {
    delay = "Math.min(48000, 3000 * 2 ** n)",
    interval = "30000",
    ping = '{ cmd: "ping", token: String(Math.random()) }',
    options = "{}",
    atOpen = "",
  } = faults;
  return `
import { WebSocket } from ${JSON.stringify(WS)};
const scale = Number(process.env.WIREPROOF_TIME_SCALE ?? 1);
let n = 0;
function connect() {
  let beat, healthy;
  const socket = new WebSocket(process.argv.at(-1), ${options});
  socket.on("error", () => undefined);
  socket.on("open", () => {
    healthy = setTimeout(() => { n = 0; }, 5000 * scale);
    beat = setInterval(() => socket.send(JSON.stringify(${ping})), (${interval}) * scale);
    ${atOpen}
  });
  socket.on("close", () => {
    clearInterval(beat);
    clearTimeout(healthy);
    const ms = ${delay};
    n += 1;
    if (Number.isFinite(ms)) setTimeout(connect, ms * scale);
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
