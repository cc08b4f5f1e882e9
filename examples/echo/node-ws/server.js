// Echo with ws (https://github.com/websockets/ws). Run: node server.js [port]
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2] ?? 9001) });

server.on("connection", (socket) => {
  // Without a listener a protocol error of one client would end the process.
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on("listening", () => console.log(`ready on ${server.address().port}`));
