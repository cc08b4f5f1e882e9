/**
 * Our own client, as `wireproof check client` launches clients: with a URL as its last argument it connects there and is a
 * client like any other; without one it is a driver (schemas/driver.json).
 *
 *     npx tsx src/cli/main.ts check client --channel tasks --driver -- npx tsx scripts/own-client.ts
 *     npx tsx src/cli/main.ts check client --channel tasks -- npx tsx scripts/own-client.ts tasks
 */
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import type { AdaptedClient, AdapterScene } from "../conformance/client/launch/adapter.js";
import type { KitLine } from "../conformance/client/launch/driver-line.js";
import { createFastClock } from "../conformance/client/launch/fast-clock.js";
import { sideOf } from "../conformance/mutants/client/client-mutant.js";
import { ourClient } from "../conformance/mutants/client/our-client.js";
import { seededRandom } from "../conformance/random.js";

type Tell = Pick<AdapterScene, "state" | "event" | "error">;
type Told = Pick<AdapterScene, "url" | "channel" | "commands" | "seed" | "timeScale" | "origin" | "ca">;

/** Makes a client of ours, and lets it connect. */
async function start(told: Told, tell: Tell): Promise<AdaptedClient> {
  const draws = seededRandom(told.seed);
  return ourClient(sideOf(told.channel))({
    ...told,
    ...tell,
    caseId: "own",
    clock: createFastClock(1),
    WebSocket,
    random: () => draws.uint32() / 2 ** 32,
  });
}

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Tells the kit what a client tells. */
function telling(id: string): Tell {
  return {
    state: (state, more) => say({ type: "state", id, state, ...more }),
    event: (payload, name) => say({ type: "event", id, payload, ...(name === undefined ? {} : { name }) }),
    error: (code, message) => say({ type: "error", id, code, ...(message === undefined ? {} : { message }) }),
  };
}

/** Obeys the kit, line by line. */
function drive(): void {
  const clients = new Map<string, Promise<AdaptedClient>>();
  let channel = "";
  let commands: readonly string[] = [];

  async function send({ id, of, op, payload }: Extract<KitLine, { type: "send" }>): Promise<void> {
    if (!commands.includes(op)) return say({ type: "unsupported", id, of });
    try {
      const reply = await (await clients.get(id))?.commands[op]?.(payload);
      say({ type: "reply", id, of, ok: true, ...(reply === undefined ? {} : { payload: reply }) });
    } catch (error) {
      const { code, message } = error as { readonly code?: string; readonly message: string };
      say({ type: "reply", id, of, ok: false, message, ...(typeof code === "string" ? { code } : {}) });
    }
  }

  createInterface({ input: process.stdin })
    .on("line", (text) => {
      // The kit holds its lines to their schema.
      const line = JSON.parse(text) as KitLine;
      switch (line.type) {
        case "hello":
          ({ channel, commands } = line);
          say({ type: "hello", protocol: 1, name: "wireproof", version: "0", capabilities: ["replies"] });
          break;
        case "open": {
          const { id, url } = line;
          const { ca, origin, seed, timeScale } = line.options;
          clients.set(id, start({ url, channel, commands, seed, timeScale, origin, ca }, telling(id)));
          break;
        }
        case "send":
          void send(line);
          break;
        case "close":
          void clients.get(line.id)?.then((client) => client.close());
          break;
        case "stop":
          process.exit();
      }
    })
    .on("close", () => process.exit());
}

/** Connects, and says goodbye at SIGTERM. */
async function connect(url: string): Promise<void> {
  const silent: Tell = { state: () => undefined, event: () => undefined, error: () => undefined };
  const client = await start(
    {
      url,
      channel: process.argv.at(-2) ?? "",
      commands: [],
      seed: Number(process.env["WIREPROOF_SEED"] ?? 1),
      timeScale: Number(process.env["WIREPROOF_TIME_SCALE"] ?? 1),
      origin: undefined,
      ca: undefined,
    },
    silent,
  );
  process.on("SIGTERM", () => {
    client.close();
    setTimeout(() => process.exit(), 100);
  });
  // One that has nothing more to do does not exit.
  setInterval(() => undefined, 60_000);
}

const last = process.argv.at(-1) ?? "";
if (/^wss?:/.test(last)) await connect(last);
else drive();
