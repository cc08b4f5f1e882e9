// Hears what a conversation says, with socket.io-client as it comes: not one option of its policy is set.
// Run: node client.js ws://127.0.0.1:7222/
import { io } from "socket.io-client";

const socket = io(process.argv[2]);

socket.on("connect", () => console.log("connected"));
socket.onAny((name, ...payload) => console.log(name, JSON.stringify(payload)));

process.once("SIGTERM", () => socket.close());
