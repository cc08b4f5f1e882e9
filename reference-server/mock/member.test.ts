import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validPayload } from "../../src/arbitrary/valid-payload.js";
import type { Contract, Endpoint, Json, Pointer } from "../../src/contract/contract.js";
import { readContract } from "../../src/document/read-contract.js";
import { mocksForTests, type Served } from "./test-mock.js";
import type { Observer } from "./test-observer.js";

const mocks = mocksForTests();
const PATH = "generated/contract.json";
const contract = readContract(readFileSync(new URL(`../../${PATH}`, import.meta.url), "utf8"), PATH);

/** Few, so that walks come back to the same instances. */
const KEYS = ["1703860a-4d1e-4a64-8d9c-140edb2ae359", "a3801214-2740-473d-8c52-6ba014dbed06"];
const RUNS = 12;

interface Step {
  readonly name: string;
  readonly payload: Json;
  /** Sent before the answers to what was sent earlier have come. */
  readonly hurried: boolean;
}

/** Commands of an endpoint, legal or not, valid all of them; the examples and exchanges among them. */
function walks(endpoint: Endpoint): fc.Arbitrary<Step[]> {
  const keys = endpoint.lifecycles.flatMap(({ scope }) => (scope === "connection" ? [] : [scope.key]));
  const at: Record<Pointer, { values: Json[] }> = Object.fromEntries(
    keys.map((pointer) => [pointer, { values: KEYS }]),
  );
  const steps = endpoint.commands.map((message) => {
    const examples = message.examples.map((example) => example.payload);
    const known = (endpoint.exchanges?.list ?? []).flatMap((exchange) =>
      exchange.steps.flatMap((step) =>
        "send" in step && step.send.message === message.name ? [filled(step.send.payload)] : [],
      ),
    );
    const payload = fc.oneof(
      validPayload(message.payload, contract.definitions, { at, examples }),
      ...(known.length === 0 ? [] : [fc.constantFrom(...known)]),
    );
    return fc.record({ name: fc.constant(message.name), payload, hurried: fc.boolean() });
  });
  return fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 8 });
}

function filled(payload: Json): Json {
  const text = JSON.stringify(payload)
    .replaceAll("$uuid", KEYS[0] ?? "")
    .replaceAll("$text", "hello");
  return JSON.parse(text);
}

/** Plays one walk on a connection of its own and gives what was wrong. */
async function play(served: Served, steps: readonly Step[]): Promise<string[]> {
  const client = await served.connect();
  let open = true;
  void client.closed.then(() => {
    open = false;
  });
  try {
    for (const { name, payload, hurried } of steps) {
      if (!open) break;
      client.send(name, payload);
      if (!hurried) await settledOrClosed(client);
    }
    await settledOrClosed(client);
    return client.problems();
  } catch (fault) {
    return [...client.problems(), String(fault)];
  } finally {
    client.leave();
  }
}

const settledOrClosed = (client: Observer): Promise<unknown> =>
  Promise.race([client.settled(), client.closed]);

describe.each(contract.endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
  "the mock of %s",
  (name, endpoint) => {
    it(`keeps schemas, lifecycles and invariants on ${RUNS} generated walks, pipelined or not`, {
      timeout: 120_000,
    }, async () => {
      const served = await mocks.serve(contract, { endpoint: name, channels: [name] });
      await fc.assert(
        fc.asyncProperty(walks(endpoint), async (steps) => {
          expect(await play(served, steps)).toEqual([]);
        }),
        { numRuns: RUNS, seed: 20_260_101 },
      );
      expect(served.notes).toEqual([]);
    });
  },
);

describe("the judgement of a mock", () => {
  /** Faults that a mock has when its own contract is a changed one. */
  const faults: readonly (readonly [string, (endpoint: Endpoint) => Endpoint])[] = [
    ["speaks out of turn", (endpoint) => ({ ...endpoint, lifecycles: [] })],
    [
      "never leaves the states that it owes an event in",
      (endpoint) => ({
        ...endpoint,
        lifecycles: endpoint.lifecycles.map((lifecycle) => ({ ...lifecycle, obligations: [] })),
        exchanges: { domain: [], list: [] },
        operations: endpoint.operations.filter((row) => row.reply === undefined),
      }),
    ],
    [
      "sends payloads of its own making",
      (endpoint) => ({
        ...endpoint,
        events: endpoint.events.map((message) => ({ ...message, payload: true, examples: [] })),
      }),
    ],
  ];

  it.each(faults)("finds one that %s", { timeout: 120_000 }, async (_, change) => {
    const found: string[] = [];
    for (const endpoint of contract.endpoints) {
      const faulty: Contract = { ...contract, endpoints: [change(endpoint)] };
      const served = await mocks.serve(faulty, { judged: contract, waitMs: 1_000 });
      for (const steps of fc.sample(walks(endpoint), { numRuns: 3, seed: 1 })) {
        const problems = await play(served, steps);
        if (problems.length > 0) found.push(endpoint.name);
        if (problems.length > 0) break;
      }
      if (found.length > 0) break;
    }
    expect(found).not.toEqual([]);
  });

  it("reaches Socket.IO by polling as well", async () => {
    const endpoint = contract.endpoints.find(({ protocol }) => protocol.transport === "socket.io");
    const exchange = endpoint?.exchanges?.list.find((one) => one.tags.includes("echo"));
    const [step] = exchange?.steps ?? [];
    if (endpoint === undefined || step === undefined || !("send" in step)) throw new Error("nothing to try");
    const served = await mocks.serve(contract, {
      endpoint: endpoint.name,
      channels: [endpoint.name],
      polling: true,
    });
    const client = await served.connect();
    client.send(step.send.message, filled(step.send.payload));
    await client.next(exchange?.until?.message ?? "");
    expect(client.problems()).toEqual([]);
  });
});
