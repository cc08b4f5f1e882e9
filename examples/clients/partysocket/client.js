// Joins a room and prints what is said there, with partysocket as it comes: not one option of its policy is set.
// Run: node client.js ws://127.0.0.1:9001/
import { WebSocket as PartySocket } from "partysocket";
import { WebSocket } from "ws";

const socket = new PartySocket(process.argv[2], [], { WebSocket });

socket.addEventListener("open", () => socket.send(JSON.stringify({ cmd: "join", room: "lobby" })));
socket.addEventListener("message", ({ data }) => console.log(String(data)));
socket.addEventListener("error", ({ message }) => console.error(message));

process.once("SIGTERM", () => socket.close());
