/**
 * Clients that keep no contract at all. They prove that nothing passes for want of evidence: such a client passes at most
 * rows whose sentence it really keeps, and no run against it ends with exit code 0.
 */

import { connect } from "node:net";
import { WebSocket } from "ws";
import type { AdaptedClient, AdapterScene } from "../../client/launch/adapter.js";
import type { ClientSource } from "../../client/open-clients.js";

/** A client without a contract. */
export interface EmptyClient {
  readonly name: string;
  readonly fault: string;
  /** Ids, or their beginnings, of the rows whose sentence it keeps all the same. */
  readonly passes: readonly string[];
  /** How long its first connection is waited for (milliseconds); default: as of any client. */
  readonly waitMs?: number;
  source(channel: string): ClientSource;
}

/** How such clients are launched: in this process. */
function adapted(begin: (scene: AdapterScene) => () => void): ClientSource {
  return {
    mode: "adapter",
    WebSocket,
    time: "option",
    adapter(scene): AdaptedClient {
      const end = begin(scene);
      return { commands: {}, close: end };
    },
  };
}

/** One on `ws`, which connects once. */
function onWs(act: (socket: WebSocket, scene: AdapterScene) => void): ClientSource {
  return adapted((scene) => {
    const socket = new WebSocket(scene.url);
    socket.on("error", () => undefined);
    act(socket, scene);
    return () => socket.terminate();
  });
}

/** Rows of the handshake and of frames that any client on `ws` keeps: a pong is their witness. */
const OF_WS: readonly string[] = ["C-HS", "C-FR", "C-RB-01", "C-SE"];

export const emptyClients: readonly EmptyClient[] = [
  {
    name: "never-connects",
    fault: "Never connects.",
    passes: [],
    waitMs: 1000,
    source: () => adapted(() => () => undefined),
  },
  {
    name: "connects-and-says-nothing",
    fault: "Opens TCP, and sends no request.",
    passes: [],
    waitMs: 1000,
    source: () =>
      adapted(({ url }) => {
        const { hostname, port } = new URL(url);
        const socket = connect(Number(port), hostname);
        socket.on("error", () => undefined);
        return () => socket.destroy();
      }),
  },
  {
    name: "connects-and-exits",
    fault: "Is gone as soon as it is connected.",
    passes: [],
    source: () => onWs((socket) => socket.on("open", () => socket.terminate())),
  },
  {
    name: "ignores-everything",
    fault: "Connects, and neither answers anything nor reads on.",
    passes: [],
    source: () => onWs((socket) => socket.on("open", () => socket.pause())),
  },
  {
    name: "echoes",
    fault: "Sends every message back, and tells its application of none.",
    // It breaks no connection, and before an event has come it sends nothing.
    passes: [...OF_WS, "C-CD-03", "C-SM-01"],
    source: () =>
      onWs((socket, scene) => {
        socket.on("open", () => scene.state("connected"));
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
      }),
  },
  {
    name: "delivers-everything",
    fault: "Tells its application whatever comes, valid or not, and sends nothing.",
    // What is valid it does deliver, in its order.
    passes: [...OF_WS, "C-CD-02", "C-CD-03", "C-CD-05", "C-SM-01", "C-SM-03"],
    source: () =>
      onWs((socket, scene) => {
        socket.on("open", () => scene.state("connected"));
        socket.on("message", (data) => scene.event(parsed(String(data))));
      }),
  },
];

function parsed(text: string): string | number | boolean | null {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
