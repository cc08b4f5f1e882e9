/** A small contract and servers that keep or break it, for tests of the kit. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Contract, Endpoint, JsonSchema } from "../src/contract/contract.js";
import { DECODE_ERROR_CODES } from "../src/contract/decode-error-codes.js";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";

const named = (
  field: string,
  name: string,
  rest: Record<string, JsonSchema> = {},
  optional: string[] = [],
): JsonSchema => ({
  type: "object",
  properties: { [field]: { const: name }, ...rest },
  required: [field, ...Object.keys(rest).filter((key) => !optional.includes(key))],
  ...(field === "cmd" ? { additionalProperties: false } : {}),
});

const text: JsonSchema = { type: "string", maxLength: 60_000 };
const token: JsonSchema = { type: "string", maxLength: 64 };

/** Says what it is told, answers pings, counts when asked: a channel with something of everything. */
export const sampleEndpoint: Endpoint = (() => {
  const endpoint = inlineEndpoint({
    receive: "/cmd",
    send: "/event",
    commands: {
      say: named("cmd", "say", { text }),
      ping: named("cmd", "ping", { token }, ["token"]),
      count: named("cmd", "count", { to: { type: "integer", minimum: 1, maximum: 100 } }),
    },
    events: {
      said: named("event", "said", { text }),
      pong: named("event", "pong", { token }, ["token"]),
      number: named("event", "number", { value: { type: "integer" } }),
      counted: named("event", "counted"),
      error: named("event", "error", { code: { type: "string" } }),
    },
    protocol: {
      never: ["type"],
      unknown: { send: "ignore", receive: "error" },
      answerMs: 1000,
      maxBytes: 100_000,
      reject: {
        message: "error",
        code: "/code",
        payload: DECODE_ERROR_CODES,
        state: ["illegal-state"],
        spontaneous: false,
      },
    },
    lifecycles: [
      {
        name: "counting",
        scope: "connection",
        initial: "idle",
        queued: [],
        transitions: [
          { from: ["idle"], on: ["count"], to: "counting" },
          { from: ["counting"], on: ["number"], to: "=" },
          { from: ["counting"], on: ["counted"], to: "idle" },
        ],
        obligations: [{ in: ["counting"], withinMs: 2000, rearm: false }],
      },
    ],
    endpoint: {
      heartbeat: {
        mode: "application",
        initiator: "client",
        intervalMs: 30_000,
        timeoutMs: 1000,
        ping: "ping",
        pong: "pong",
      },
      operations: [
        {
          name: "say",
          action: "receive",
          messages: ["say"],
          reply: { messages: ["said"], ack: false, exactly: 1 },
        },
        {
          name: "ping",
          action: "receive",
          messages: ["ping"],
          reply: { messages: ["pong"], ack: false, exactly: 1 },
        },
      ],
      exchanges: {
        domain: [],
        list: [
          {
            name: "echo",
            tags: ["witness", "echo"],
            steps: [{ send: { message: "say", payload: { cmd: "say", text: "$text" } } }],
            expect: [{ message: "said", field: "/text", equals: "$text", join: false }],
            ordered: false,
          },
          {
            name: "count",
            tags: ["long"],
            steps: [{ send: { message: "count", payload: { cmd: "count", to: 20 } } }],
            expect: [{ message: "number", join: false, count: 20 }],
            ordered: false,
            until: { message: "counted" },
          },
        ],
      },
    },
  });
  const marked = (name: string) => (message: Endpoint["commands"][number]) =>
    message.name === name ? { ...message, correlation: "/token" } : message;
  return {
    ...endpoint,
    commands: endpoint.commands.map(marked("ping")),
    events: endpoint.events.map(marked("pong")),
  };
})();

/** A contract of one endpoint. */
export function sampleContract(endpoint: Endpoint = sampleEndpoint): Contract {
  return {
    format: 1,
    title: "Sample",
    version: "1.0.0",
    asyncapi: "3.1.0",
    sha256: "0".repeat(64),
    perspective: "server",
    endpoints: [endpoint],
    definitions: {},
  };
}

/** A server that runs, and how to end it. */
export interface SampleServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A `ws` server that does as `onConnection` says. */
export async function serveSample(onConnection: (socket: WebSocket) => void): Promise<SampleServer> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", maxPayload: 100_000 });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  // The address of a listening TCP server is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  };
}

/** What a server is to do wrong. */
export interface SampleFaults {
  /** Writes the event under this field instead of `event`. */
  readonly field?: string;
  /** Changes an event before it is sent. */
  readonly alter?: (event: Record<string, unknown>) => Record<string, unknown> | undefined;
}

/** Keeps the contract of {@link sampleEndpoint}, but for its faults. */
export function keepContract(faults: SampleFaults = {}): (socket: WebSocket) => void {
  return (socket) => {
    let counting = false;
    const send = (event: string, rest: Record<string, unknown> = {}): void => {
      const message = { [faults.field ?? "event"]: event, ...rest };
      const altered = faults.alter === undefined ? message : faults.alter(message);
      if (altered !== undefined) socket.send(JSON.stringify(altered));
    };
    const refuse = (code: string): void => send("error", { code });
    socket.on("message", (data, isBinary) => {
      if (isBinary) return socket.close(1003);
      const code = faultOf(String(data));
      if (code !== undefined) return refuse(code);
      // faultOf has found nothing wrong with it: the text is a command.
      const command = JSON.parse(String(data)) as { cmd: string; text: string; token?: string; to: number };
      if (command.cmd === "say") return send("said", { text: command.text });
      if (command.cmd === "ping")
        return send("pong", command.token === undefined ? {} : { token: command.token });
      if (counting) return refuse("illegal-state");
      counting = true;
      let value = 0;
      const step = (): void => {
        if (socket.readyState !== socket.OPEN) return;
        value += 1;
        send("number", { value });
        if (value < command.to) {
          setTimeout(step, 2);
          return;
        }
        counting = false;
        send("counted");
      };
      setTimeout(step, 2);
    });
  };
}

function faultOf(frame: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return "not-json";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "not-object";
  const fields = new Map(Object.entries(value));
  const name = fields.get("cmd");
  if (typeof name !== "string") {
    return ["type", "event"].some((field) => typeof fields.get(field) === "string")
      ? "wrong-discriminator"
      : "missing-discriminator";
  }
  fields.delete("cmd");
  const allowed = { say: "text", ping: "token", count: "to" }[name];
  if (allowed === undefined) return "unknown-message";
  const found = fields.get(allowed);
  const extra = [...fields.keys()].some((field) => field !== allowed);
  if (extra) return "invalid-payload";
  // Lengths count code points, as JSON Schema has it.
  const short = (limit: number): boolean => typeof found === "string" && [...found].length <= limit;
  const fits =
    name === "say"
      ? short(60_000)
      : name === "ping"
        ? !fields.has("token") || short(64)
        : typeof found === "number" && Number.isInteger(found) && found >= 1 && found <= 100;
  return fits ? undefined : "invalid-payload";
}
