/**
 * Clients that are processes of their own, for what no client in this process can show: C-RB-02. Their source needs nothing
 * but Node, wherever it is run.
 */

import type { ClientSource } from "../../client/open-clients.js";
import type { ClientMutant } from "./client-mutant.js";

/** What a process does at SIGTERM, as source text: `say(opcode, payload)` writes a frame, `socket` is its TCP. */
function launched(atSigterm: string): ClientSource {
  return { mode: "spawn", command: [process.execPath, "-e", sourceOf(atSigterm)], time: "real" };
}

/** It sends Close, and is gone when the server has answered. */
const GOODBYE = 'say(8, Buffer.from([3, 232])); socket.once("close", () => process.exit(0));';

/** A right one. */
export const processClient: ClientSource = launched(GOODBYE);

export const processMutants: readonly ClientMutant[] = [
  {
    name: "deaf-to-sigterm",
    fault: "Does nothing at SIGTERM.",
    channel: "answer",
    killedBy: "C-RB-02",
    source: launched(""),
  },
  {
    name: "gone-without-a-word",
    fault: "Exits at SIGTERM without a Close frame.",
    channel: "answer",
    killedBy: "C-RB-02",
    source: launched("process.exit(0);"),
  },
];

function sourceOf(atSigterm: string): string {
  return `
const { connect } = require("node:net");
const { randomBytes } = require("node:crypto");
const url = new URL(process.env.WIREPROOF_URL);
const socket = connect(Number(url.port), url.hostname);
const say = (opcode, payload) => {
  const key = randomBytes(4);
  const body = payload.map((byte, index) => byte ^ key[index & 3]);
  socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), key, body]));
};
socket.on("error", () => undefined);
socket.write([
  "GET " + url.pathname + url.search + " HTTP/1.1",
  "Host: " + url.host,
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: " + randomBytes(16).toString("base64"),
  "", "",
].join("\\r\\n"));
let bytes = Buffer.alloc(0);
let isOpen = false;
socket.on("data", (chunk) => {
  bytes = Buffer.concat([bytes, chunk]);
  if (!isOpen) {
    const end = bytes.indexOf("\\r\\n\\r\\n");
    if (end < 0) return;
    isOpen = true;
    bytes = bytes.subarray(end + 4);
  }
  for (;;) {
    const length = (bytes[1] ?? 0) & 127;
    if (bytes.length < 2 + length || length > 125) return;
    const opcode = bytes[0] & 15;
    const payload = bytes.subarray(2, 2 + length);
    bytes = bytes.subarray(2 + length);
    if (opcode === 9) say(10, payload);
    if (opcode === 8) { say(8, payload); socket.end(); }
  }
});
process.on("SIGTERM", () => { ${atSigterm} });
setInterval(() => undefined, 60000);
`;
}
