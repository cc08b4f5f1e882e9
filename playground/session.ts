/** One client of one endpoint, from Connect to Disconnect, and what it says to the timeline. */

import { type Client, ClientError, createClient } from "../src/client/client.js";
import type { ClientStats, ClientStatus } from "../src/client/status.js";
import type { ClientRules, ClientSide, Protocol, ProtocolSide, Reconnect } from "../src/wire/protocol.js";
import { brief, type Timeline } from "./timeline.js";
import { decodeErrorEntry, explain } from "./words.js";

/** The client's side of an endpoint whose messages nobody here knows by type, with all rules: they are to be shown. */
export type Side = ProtocolSide<unknown, unknown> & {
  readonly reconnect: Reconnect;
} & Pick<ClientRules, "followInstances">;

export interface Session {
  readonly status: ClientStatus;
  stats(): ClientStats;
  /** Sends a valid command; the timeline tells what becomes of it. Throws the codec's EncodeError for an invalid one. */
  send(value: unknown): void;
  close(): void;
}

export interface SessionOptions {
  readonly side: Side;
  readonly url: string;
  readonly timeScale: number;
  readonly timeline: Timeline;
  /** True when the pongs of the heartbeat are not to be told. */
  readonly hidesHeartbeat: () => boolean;
  readonly onStatus: (status: ClientStatus) => void;
}

/** Fields that say the same in every line. */
const DULL = ["timestamp"];

/** Loads the codec of an endpoint; rejects with why there is none. */
export async function loadSide(path: string): Promise<Side> {
  const module: Readonly<Record<string, unknown>> = await import(`/playground/${path}`);
  const client = Object.entries(module).find(
    ([name, value]) => name.endsWith("Client") && isSide(value),
  )?.[1];
  const protocol = Object.values(module).find(isProtocol);
  if (client === undefined || protocol === undefined) {
    throw new Error("The module of the codec exports no client's side.");
  }
  // isSide has looked.
  const { decode, encode, nameOf, reconnect, followInstances } = client as ClientSide<unknown, unknown>;
  return {
    ...protocol,
    decode,
    encode,
    nameOf,
    reconnect: { restore: [], ...reconnect },
    ...(followInstances === undefined ? {} : { followInstances }),
  };
}

function isSide(value: unknown): boolean {
  return typeof value === "object" && value !== null && "decode" in value && "encode" in value;
}

/** Only what is generated comes here: of that, a protocol alone has an address and no functions. */
function isProtocol(value: unknown): value is Protocol {
  return typeof value === "object" && value !== null && "address" in value && !("decode" in value);
}

/** The client for Socket.IO, which brings three times its own size: loaded only where it is needed. */
async function loadSocketIo(): Promise<typeof createClient> {
  return (await import("../src/client/socket-io.js")).createClient;
}

/** Makes a client and connects it. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { side, timeline, url, timeScale } = options;
  const create = side.transport === "socket.io" ? await loadSocketIo() : createClient;
  const client: Client<unknown, unknown> = create<unknown, unknown>(side, { url, timeScale });
  const dull = new Set([...DULL, ...namingFields(side)]);
  const pong = side.heartbeat?.pong;

  client.onStatus((status) => {
    timeline.add({ kind: "state", name: status.state, text: explain(status, side) });
    options.onStatus(status);
  });
  client.onAny((event, name) => {
    if (name === pong && options.hidesHeartbeat()) return;
    timeline.add({ kind: "event", name, text: brief(payloadOf(event), dull), value: event });
  });
  client.onUnknown((error) => timeline.add(decodeErrorEntry(error)));
  client.onError((error) => {
    if (error.decodeError !== undefined) timeline.add(decodeErrorEntry(error.decodeError));
    else timeline.add({ kind: "error", name: error.code, text: error.message, value: error.event });
  });

  function payloadOf(value: unknown): unknown {
    return side.transport === "socket.io" && Array.isArray(value) ? value[1] : value;
  }

  // How it goes is in its status.
  void client.connect();
  return {
    get status() {
      return client.status;
    },
    stats: () => client.stats(),
    send(value) {
      const text = side.encode(value);
      const name = side.nameOf(value);
      if (client.status.state === "connected") {
        timeline.add({ kind: "command", name, text: brief(payloadOf(value), dull), value: JSON.parse(text) });
      }
      const asked = performance.now();
      client.send(value).then(
        (reply) => {
          if (reply === undefined) return;
          const took = (performance.now() - asked).toFixed(0);
          timeline.add({ kind: "state", name: "reply", text: `to ${name}, after ${took} ms` });
        },
        (error: unknown) => {
          const known = error instanceof ClientError;
          const event = known ? error.event : undefined;
          timeline.add({
            kind: "error",
            name: known ? error.code : "error",
            text: `${name}: ${error instanceof Error ? error.message : String(error)}`,
            ...(event === undefined ? {} : { value: event }),
          });
        },
      );
    },
    close: () => client.close(),
  };
}

/** The fields that name a message: its name stands in the line already. */
function namingFields({ discriminator: { send, receive } }: Side): string[] {
  return [...send, ...receive].map((pointer) => pointer.slice(pointer.lastIndexOf("/") + 1));
}
