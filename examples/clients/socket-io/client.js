// Asks one thing on each connection and prints what it hears, with socket.io-client as it comes: not one option is set.
// Run: node client.js ws://127.0.0.1:7222/
import { io } from "socket.io-client";

const socket = io(process.argv[2]);

socket.on("connect", () => socket.emit("chat_message", { current_text: "Hello" }));
socket.onAny((name, payload) => console.log(name, JSON.stringify(payload)));

process.once("SIGTERM", () => socket.close());
