import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type WorkflowEvent, workflowClient } from "../../generated/workflow.js";
import { validPayload } from "../arbitrary/valid-payload.js";
import type { Contract } from "../contract/contract.js";
import { createOracle } from "../contract/validate.js";
import type { ClientStatus } from "./client.js";
import { createClient } from "./node.js";
import { VirtualClock } from "./test-network.js";

/**
 * The bytes below the client are those of `ws`, on a wire in memory: cut, held up, swapped, changed, lost. What such a
 * server leads to depends on the bytes, so the client is judged by what holds whatever they are.
 */

const contract = JSON.parse(
  readFileSync(new URL("../../generated/contract.json", import.meta.url), "utf8"),
) as Contract;
const [endpoint] = contract.endpoints.filter(({ name }) => name === "workflow");
if (endpoint === undefined) throw new Error("no such endpoint");
const oracle = createOracle(contract, endpoint, "event");
const events = fc
  .sample(
    fc.oneof(
      ...endpoint.events.map(({ payload }) =>
        validPayload(payload, contract.definitions).map((value) => JSON.stringify(value)),
      ),
    ),
    { numRuns: 80, seed: 1 },
  )
  .filter((text) => text.length < 4_000);

/** One text frame of a server (RFC 6455 §5.2). */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126 ? [0x81, payload.length] : [0x81, 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

/** The two ends of a wire: what the client holds, and what a script holds. */
class Wire extends Duplex {
  heard = "";
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.heard += chunk.toString("latin1");
    done();
  }

  /** Answers the handshake; false where none has come. */
  accept(): boolean {
    const [, key] = /Sec-WebSocket-Key: (.+)\r\n/i.exec(this.heard) ?? [];
    if (key === undefined || this.destroyed) return false;
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    this.push(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join("\r\n")}\r\n\r\n`);
    return true;
  }
}

type Fault =
  | { readonly do: "flip"; readonly at: number; readonly bit: number }
  | { readonly do: "swap" | "lose" | "repeat"; readonly at: number };

/** What a connection gives before it is lost: some events, cut into chunks, some of them harmed. */
interface Session {
  readonly which: readonly number[];
  readonly cuts: readonly number[];
  readonly faults: readonly Fault[];
  readonly waitMs: number;
  readonly reset: boolean;
}

const at = fc.nat({ max: 10_000 });
const session = (faults: fc.Arbitrary<Fault>): fc.Arbitrary<Session> =>
  fc.record({
    which: fc.array(at, { minLength: 1, maxLength: 6 }),
    cuts: fc.array(at, { maxLength: 6 }),
    faults: fc.array(faults, { maxLength: 3 }),
    waitMs: fc.constantFrom(0, 1_000, 5_000, 31_000),
    reset: fc.boolean(),
  });
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ do: fc.constant("flip" as const), at, bit: fc.nat({ max: 7 }) }),
  fc.record({ do: fc.constantFrom("swap" as const, "lose" as const, "repeat" as const), at }),
);

/** Streams give way between their steps, so that promises alone do not bring everything to its end. */
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function chunksOf({ cuts, faults, which }: Session): Promise<Buffer[]> {
  const bytes = Buffer.concat(which.map((index) => frameOf(events[index % events.length] ?? "")));
  for (const fault of faults) {
    if (fault.do === "flip")
      bytes[fault.at % bytes.length] = (bytes[fault.at % bytes.length] ?? 0) ^ (1 << fault.bit);
  }
  const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  const chunks = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
  for (const fault of faults) {
    const i = fault.at % chunks.length;
    const [chunk = Buffer.alloc(0), next] = chunks.slice(i);
    if (fault.do === "lose") chunks.splice(i, 1);
    if (fault.do === "repeat") chunks.splice(i, 0, chunk);
    if (fault.do === "swap" && next !== undefined) chunks.splice(i, 2, next, chunk);
  }
  return chunks;
}

/** Plays the sessions one after another, as far as the client comes back for them. */
async function play(
  sessions: readonly Session[],
  side = workflowClient,
): Promise<{ wrong: string[]; delivered: WorkflowEvent[] }> {
  const clock = new VirtualClock();
  const wires: Wire[] = [];
  const sockets: WebSocket[] = [];
  const wrong: string[] = [];
  const Watched = class extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      if (sockets.some(({ readyState }) => readyState <= 1)) wrong.push("two sockets");
      sockets.push(this);
    }
  };
  const client = createClient(side, {
    url: "ws://server/",
    WebSocket: Watched,
    clock,
    random: () => 0.5,
    platform: null,
    socketOptions: {
      createConnection() {
        const wire = new Wire();
        wires.push(wire);
        return wire;
      },
    },
  });
  const delivered: WorkflowEvent[] = [];
  const statuses: ClientStatus[] = [];
  client.onAny((event) => delivered.push(event));
  client.onError(() => {});
  client.onStatus((status) => statuses.push(status));
  void client.connect();
  for (const one of sessions) {
    for (let i = 0; i < 4; i++) await idle();
    const wire = wires.at(-1);
    if (wire?.accept() !== true) break;
    await idle();
    for (const chunk of await chunksOf(one)) {
      wire.push(chunk);
      await idle();
    }
    await clock.advance(one.waitMs);
    if (one.reset) wire.destroy(new Error("reset"));
    else wire.push(null);
    for (let i = 0; i < 4; i++) await idle();
    // At most as long as the longest delay of the contract.
    await clock.advance(48_000);
  }
  client.close();
  if (clock.timers.size > 0) wrong.push("a timer after close");
  for (const wire of wires) wire.destroy();
  await idle();
  for (const event of delivered) {
    if (!oracle.judge(JSON.stringify(event)).ok) wrong.push(`an invalid event: ${JSON.stringify(event)}`);
  }
  const delays = statuses.flatMap(({ attempt, delayMs }) =>
    delayMs === undefined ? [] : [[attempt, delayMs]],
  );
  for (const [attempt = 0, delay] of delays) {
    if (delay !== 3_000 * 2 ** (attempt - 1)) wrong.push(`attempt ${attempt} after ${delay} ms`);
  }
  return { wrong, delivered };
}

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));

describe("a client on a wire that harms bytes", () => {
  it("delivers every event once and in order, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(session(fc.constant({ do: "swap", at: 0 } as const)), async (one) => {
        const whole = { ...one, faults: [] };
        const { delivered, wrong } = await play([whole]);
        expect(wrong).toEqual([]);
        const sent = whole.which.map((index) => JSON.parse(events[index % events.length] ?? ""));
        expect(delivered).toEqual(sent);
      }),
      { numRuns: 200, seed: 20_260_101 },
    );
  });

  it("keeps its promises when they are changed, swapped, lost and repeated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(session(anyFault), { minLength: 1, maxLength: 3 }), async (sessions) => {
        expect((await play(sessions)).wrong).toEqual([]);
      }),
      { numRuns: 800, seed: 20_260_101 },
    );
    expect(unhandled).toEqual([]);
  }, 120_000);

  it("would be found out if it did not check what it delivers", async () => {
    const careless: typeof workflowClient = {
      ...workflowClient,
      decode(frame) {
        const decoded = workflowClient.decode(frame);
        if (decoded.ok || decoded.error.code !== "invalid-payload") return decoded;
        return { ok: true, value: JSON.parse(String(frame)), name: "error" };
      },
    };
    const found = await fc.check(
      fc.asyncProperty(session(anyFault), async (one) => {
        expect((await play([one], careless)).wrong.join("\n")).toBe("");
      }),
      { numRuns: 800, seed: 20_260_101, endOnFailure: true },
    );
    expect(String(found.errorInstance)).toContain("an invalid event");
  }, 120_000);
});
