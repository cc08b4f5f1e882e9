// Drives a plain client on ws (https://github.com/websockets/ws). Its protocol: schemas/driver.json.
// Run: wireproof check client --driver -- node driver.js
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const sockets = new Map();
let commands = [];

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function open({ id, url }) {
  const socket = new WebSocket(url);
  sockets.set(id, socket);
  say({ type: "state", id, state: "connecting" });
  socket.on("open", () => say({ type: "state", id, state: "connected" }));
  socket.on("message", (data) => {
    try {
      say({ type: "event", id, payload: JSON.parse(String(data)) });
    } catch ({ message }) {
      say({ type: "error", id, code: "not-json", message });
    }
  });
  socket.on("error", ({ message }) => say({ type: "error", id, code: "socket", message }));
  socket.on("close", (code, reason) => {
    say({ type: "state", id, state: "disconnected", code, reason: String(reason) });
  });
}

function send({ id, op, payload, of }) {
  const socket = sockets.get(id);
  if (!commands.includes(op)) say({ type: "unsupported", id, of });
  else if (socket?.readyState !== WebSocket.OPEN) {
    say({ type: "reply", id, of, ok: false, code: "not-connected" });
  } else {
    socket.send(JSON.stringify(payload));
    say({ type: "reply", id, of, ok: true });
  }
}

const obey = {
  hello(line) {
    commands = line.commands;
    say({ type: "hello", protocol: 1, name: "ws", version: "8", capabilities: [] });
  },
  open,
  send,
  close: ({ id }) => sockets.get(id)?.close(1000),
  stop: () => process.exit(),
};

createInterface({ input: process.stdin })
  .on("line", (text) => {
    const line = JSON.parse(text);
    obey[line.type](line);
  })
  .on("close", obey.stop);
