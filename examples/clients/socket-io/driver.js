// Drives socket.io-client, so that what it delivers and buffers shows as well. The protocol: docs/drivers.md.
// Run: wireproof check client --channel conversation --driver -- node driver.js
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const sockets = new Map();
let commands = [];

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function open({ id, url }) {
  const socket = io(url, { forceNew: true });
  const state = (state, reason) => say({ type: "state", id, state, reason });
  sockets.set(id, socket);
  state("connecting");
  socket.on("connect", () => state("connected"));
  socket.on("disconnect", (reason) => state(socket.active ? "reconnecting" : "disconnected", reason));
  socket.on("connect_error", ({ message }) =>
    state(socket.active ? "reconnecting" : "disconnected", message),
  );
  socket.onAny((name, payload) => say({ type: "event", id, name, payload }));
}

function send({ id, op, payload, of }) {
  if (!commands.includes(op)) return say({ type: "unsupported", id, of });
  // Buffered while there is no connection.
  sockets.get(id)?.emit(op, payload);
  say({ type: "reply", id, of, ok: sockets.has(id) });
}

const obey = {
  hello(line) {
    commands = line.commands;
    say({ type: "hello", protocol: 1, name: "socket.io-client", version: "4.8.4", capabilities: [] });
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
