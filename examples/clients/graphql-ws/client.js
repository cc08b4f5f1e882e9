// Keeps a subscription with graphql-ws as it comes, with the keep-alive that its documentation shows.
// Run: node client.js ws://127.0.0.1:9001/
import { createClient } from "graphql-ws/client";
import { WebSocket } from "ws";

let socket;
let timedOut;
const client = createClient({
  url: process.argv.at(-1),
  webSocketImpl: WebSocket,
  keepAlive: 10_000,
  on: {
    connected(opened) {
      socket = opened;
    },
    // "NOTHING will happen automatically with the client if the server never responds": this is its own example.
    ping(received) {
      if (received) return;
      timedOut = setTimeout(() => {
        if (socket.readyState === WebSocket.OPEN) socket.close(4408, "Request Timeout");
      }, 5_000);
    },
    pong(received) {
      if (received) clearTimeout(timedOut);
    },
  },
  ...(process.argv.includes("--retry-all") ? { shouldRetry: () => true } : {}),
});

client.subscribe(
  { query: "subscription { said }" },
  {
    next: ({ data }) => console.log(data),
    error: (error) => console.error(error),
    complete: () => console.log("complete"),
  },
);

process.once("SIGTERM", () => client.dispose());
