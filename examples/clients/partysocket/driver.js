// Drives partysocket, so that what it delivers and buffers shows as well. The protocol: docs/drivers.md.
// Run: wireproof check client --document asyncapi.yaml --driver -- node driver.js
import { createInterface } from "node:readline";
import { WebSocket as PartySocket } from "partysocket";
import { WebSocket } from "ws";

const sockets = new Map();
let commands = [];

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function open({ id, url }) {
  const socket = new PartySocket(url, [], { WebSocket });
  sockets.set(id, socket);
  say({ type: "state", id, state: "connecting" });
  socket.addEventListener("open", () => say({ type: "state", id, state: "connected" }));
  socket.addEventListener("message", ({ data }) => {
    try {
      say({ type: "event", id, payload: JSON.parse(String(data)) });
    } catch ({ message }) {
      say({ type: "error", id, code: "not-json", message });
    }
  });
  socket.addEventListener("error", ({ message }) => say({ type: "error", id, code: "socket", message }));
  socket.addEventListener("close", ({ code, reason }) => {
    const state = socket.shouldReconnect ? "reconnecting" : "disconnected";
    say({ type: "state", id, state, code, reason });
  });
}

function send({ id, op, payload, of }) {
  if (!commands.includes(op)) return say({ type: "unsupported", id, of });
  // True: transmitted; false: buffered until the connection opens.
  sockets.get(id)?.send(JSON.stringify(payload));
  say({ type: "reply", id, of, ok: sockets.has(id) });
}

const obey = {
  hello(line) {
    commands = line.commands;
    say({ type: "hello", protocol: 1, name: "partysocket", version: "1.3.0", capabilities: [] });
  },
  open,
  send,
  close: ({ id }) => sockets.get(id)?.close(),
  stop: () => process.exit(),
};

createInterface({ input: process.stdin })
  .on("line", (text) => {
    const line = JSON.parse(text);
    obey[line.type](line);
  })
  .on("close", obey.stop);
