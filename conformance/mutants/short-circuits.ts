/**
 * Servers that keep no contract at all. They prove that nothing passes for want of evidence: such a server passes at
 * most rows whose sentence it really keeps, which its file lists, and no run against it ends with exit code 0.
 */

import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import type { RunningMutant } from "./mutant.js";

/** A server without a contract. */
export interface ShortCircuit {
  readonly name: string;
  readonly fault: string;
  /** Ids, or their beginnings, of the rows whose sentence it keeps all the same. */
  readonly passes: readonly string[];
  start(channel: string): Promise<RunningMutant>;
}

/** A server that accepts every handshake and leaves the rest to `serve`; without it every handshake is refused. */
export async function startBare(serve?: (socket: WebSocket) => void): Promise<RunningMutant> {
  const http = createServer((_request, response) => response.writeHead(403).end());
  const server = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (serve === undefined) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => {
      // What the kit does to the connection is no fault of this server.
      client.on("error", () => client.terminate());
      serve(client);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `ws://127.0.0.1:${address.port}`,
    async close() {
      for (const client of server.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** A valid event of each channel, and a refusal, as text messages. */
const SAY: Readonly<Record<string, { readonly event: string; readonly refusal: string }>> = {
  workflow: {
    event: '{"event":"token_stream","data":{"node_id":"n","chunk":"c"}}',
    refusal: '{"event":"error","data":{"error":"no","code":"invalid-payload"}}',
  },
  tasks: {
    event: '{"event":"task.update","session_id":"s","data":{"task_id":"t","status":"running"}}',
    refusal: '{"event":"error","data":{"message":"no","code":"invalid-payload"}}',
  },
  pipeline: {
    event: '{"type":"broadcast","message":"hello","timestamp":"2025-01-28T10:16:00"}',
    refusal: '{"type":"error","message":"no","code":"invalid-payload"}',
  },
  answer: {
    event: '{"type":"status","message":"thinking"}',
    refusal: '{"type":"error","message":"no","code":"invalid-payload"}',
  },
  conversation: {
    event: '42["chat_response",{"type":"agent_status","content":{"status":"thinking","message":"…"}}]',
    refusal: '42["error",{"message":"no","code":"invalid-payload"}]',
  },
};

/** Sends the same text for every message. */
function always(channel: string, what: "event" | "refusal"): Promise<RunningMutant> {
  const text = SAY[channel]?.[what];
  if (text === undefined) throw new RangeError(`No channel has the name ${channel}.`);
  return startBare((socket) => {
    socket.on("message", () => socket.send(text));
  });
}

/** Rows of the handshake and of frames that any `ws` server keeps: a pong is their witness. */
const OF_WS: readonly string[] = ["S-HS", "S-FR"];

/** What it sends is well formed: frames, and texts that reveal nothing. */
const OF_FRAMES_SENT: readonly string[] = ["S-FR-13", "S-FR-19"];
const OF_EVENTS_SENT: readonly string[] = ["S-CD-02", "S-CD-09", "S-SE-04"];

/** Servers that keep no contract, for any channel. */
export const shortCircuits: readonly ShortCircuit[] = [
  {
    name: "refuses-everything",
    fault: "Refuses every handshake.",
    passes: [],
    start: () => startBare(),
  },
  {
    name: "closes-at-once",
    fault: "Accepts every handshake and closes at once.",
    passes: ["S-HS-01", ...OF_FRAMES_SENT],
    start: () => startBare((socket) => socket.close(1000)),
  },
  {
    name: "silent",
    fault: "Accepts every handshake and says nothing.",
    passes: OF_WS,
    start: () => startBare(() => {}),
  },
  {
    name: "same-event",
    fault: "Answers every frame with the same valid event.",
    // Its one event breaks no invariant, and where it loops in the only state of a command the model was covered.
    passes: [...OF_WS, ...OF_EVENTS_SENT, "S-SM-06", "S-SM-08"],
    start: (channel) => always(channel, "event"),
  },
  {
    name: "error-for-everything",
    fault: "Answers every frame with the same refusal.",
    passes: [...OF_WS, ...OF_EVENTS_SENT],
    start: (channel) => always(channel, "refusal"),
  },
  {
    name: "echoes-frames",
    fault: "Sends every frame back.",
    passes: OF_WS,
    start: () =>
      startBare((socket) => {
        socket.on("message", (bytes, isBinary) => socket.send(bytes, { binary: isBinary }));
      }),
  },
];
