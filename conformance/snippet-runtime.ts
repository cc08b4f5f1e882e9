/** The part of a snippet that is the same in each: it opens connections, frames, reads frames, waits and prints. */
export const RUNTIME = String.raw`
import { randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

const SLACK_MS = 3000; // for what came in time at the kit
const url = new URL(URL_GIVEN);
const secure = url.protocol === "wss:" || url.protocol === "https:";
const lines = new Map();
const started = performance.now();

const secrets = [...JSON.stringify(STEPS.map(said)).matchAll(/‹secret:([^›]+)›/g)].map(([, name]) => variableOf(name));
const unset = [...new Set(secrets)].filter((name) => process.env[name] === undefined);
if (unset.length > 0) {
  console.error("Set " + unset.join(", ") + ": the report leaves out these secrets.");
  process.exit(2);
}

for (const [index, step] of STEPS.entries()) {
  if (step.act === "receive") continue;
  // What had come at the kit before this step must have come here.
  const due = STEPS.slice(0, index).filter(({ act }) => act === "receive");
  const enough = () => [...lines].every(([id, line]) => line.over || line.heard >= due.filter(({ connection }) => connection === id).length);
  const lastAct = STEPS.slice(0, index).findLastIndex(({ act }) => act !== "receive");
  const waited = STEPS.slice(lastAct + 1, index).reduce((sum, { after }) => sum + after, 0);
  const patience = performance.now() + waited + SLACK_MS;
  while (!enough() && performance.now() < patience) await pause(5);
  // And the kit itself had waited so long since the last thing that happened there.
  await pause(step.after);
  act(step);
}
await pause(500);
console.log("\nexpected: " + EXPECTED);
console.log("the report got: " + GOT);
for (const line of lines.values()) line.socket.destroy();

function act(step) {
  const line = lines.get(step.connection);
  switch (step.act) {
    case "open":
      open(step);
      break;
    case "send":
      say(step.connection, "-->", step.says);
      line?.socket.write(bytesOf(step));
      break;
    case "fin":
      say(step.connection, "-->", "FIN");
      line?.socket.end();
      break;
    case "rst":
      say(step.connection, "-->", "RST");
      line?.socket.resetAndDestroy();
      break;
    case "pause":
      line?.socket.pause();
      break;
    case "resume":
      line?.socket.resume();
      break;
    case "conclude":
      console.log("           here the kit came to its verdict");
  }
}

function open(step) {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const socket = secure
    ? tls.connect({ host, port, servername: net.isIP(host) ? undefined : host, rejectUnauthorized: !INSECURE })
    : net.connect({ host, port });
  const line = { socket, heard: 0, over: false, head: true, rest: Buffer.alloc(0), parts: [], texts: [] };
  lines.set(step.connection, line);
  socket.setNoDelay?.(true);
  say(step.connection, "-->", step.says);
  const head = filled(Buffer.from(step.bytes, "hex").toString("utf8")).replace(/^Host: .*$/m, "Host: " + url.host);
  socket.write(Buffer.from(head, "latin1"));
  socket.on("data", (chunk) => read(step.connection, line, chunk));
  socket.on("end", () => ended(step.connection, line, "FIN"));
  socket.on("error", (error) => ended(step.connection, line, error.code ?? error.message));
}

function ended(id, line, how) {
  if (line.over) return;
  line.over = true;
  say(id, "<--", how);
}

function read(id, line, chunk) {
  line.rest = Buffer.concat([line.rest, chunk]);
  if (line.head) {
    const end = line.rest.indexOf("\r\n\r\n");
    if (end < 0) return;
    heard(id, line, line.rest.subarray(0, line.rest.indexOf("\r\n")).toString("latin1"));
    line.rest = line.rest.subarray(end + 4);
    line.head = false;
  }
  for (;;) {
    const { rest } = line;
    if (rest.length < 2) return;
    const short = rest[1] & 127;
    const masked = (rest[1] & 128) !== 0;
    const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0);
    if (rest.length < size) return;
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (rest.length < size + length) return;
    const payload = Buffer.from(rest.subarray(size, size + length));
    if (masked) for (let at = 0; at < length; at += 1) payload[at] ^= rest[size - 4 + (at & 3)];
    line.rest = rest.subarray(size + length);
    frame(id, line, rest[0], payload);
  }
}

function frame(id, line, first, payload) {
  const opcode = first & 15;
  const odd = (first & 112) === 0 ? "" : " (RSV " + ((first >> 4) & 7) + ")";
  if (opcode === 8) {
    const code = payload.length < 2 ? "no code" : payload.readUInt16BE(0);
    heard(id, line, "close " + code + " " + payload.subarray(2).toString("utf8") + odd);
  } else if (opcode > 8) {
    heard(id, line, ({ 9: "ping", 10: "pong" }[opcode] ?? "opcode " + opcode) + " " + readable(payload) + odd);
  } else {
    line.parts.push(payload);
    if ((first & 128) === 0) return;
    const text = Buffer.concat(line.parts).toString("utf8");
    line.parts = [];
    line.texts.push(text);
    heard(id, line, text + odd);
  }
}

function heard(id, line, words) {
  line.heard += 1;
  say(id, "<--", words);
}

function say(id, arrow, words) {
  const name = STEPS.some(({ connection }) => connection !== 0) ? " #" + id : "";
  console.log((performance.now() - started).toFixed(1).padStart(9) + name + " " + arrow + " " + words);
}

function bytesOf(step) {
  if (step.text === undefined) return Buffer.from(step.bytes, "hex");
  let text = filled(step.text);
  for (const { value, connection, message, pointer } of step.taken ?? []) {
    // The server has made this value up: the one of this session stands in its place.
    const now = at(lines.get(connection)?.texts[message], pointer);
    if (typeof now === "string") text = text.replaceAll(JSON.stringify(value).slice(1, -1), JSON.stringify(now).slice(1, -1));
  }
  const payload = Buffer.from(text);
  const key = randomBytes(4);
  const head = payload.length < 126 ? Buffer.from([129, 128 | payload.length]) : payload.length < 65536 ? Buffer.from([129, 254, payload.length >> 8, payload.length & 255]) : Buffer.concat([Buffer.from([129, 255]), long(payload.length)]);
  for (let index = 0; index < payload.length; index += 1) payload[index] ^= key[index & 3];
  return Buffer.concat([head, key, payload]);
}

function long(length) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

function at(text, pointer) {
  try {
    let value = JSON.parse(text.replace(/^\d+(?=[[{])/, ""));
    for (const key of pointer.split("/").slice(1)) value = value[key.replaceAll("~1", "/").replaceAll("~0", "~")];
    return value;
  } catch {
    return undefined;
  }
}

function filled(text) {
  return text.replace(/‹secret:([^›]+)›/g, (_, name) => process.env[variableOf(name)]);
}

function said(step) {
  return step.text ?? Buffer.from(step.bytes ?? "", "hex").toString("utf8");
}

function variableOf(name) {
  return "WIREPROOF_" + name.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
}

function readable(bytes) {
  const text = bytes.toString("latin1");
  return /^[\x20-\x7e]*$/.test(text) ? text : "0x" + bytes.toString("hex");
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
`;
