/** Documents of other people, as a stranger uses them: served by the mock, judged by the kit, refused by the command line. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkServer } from "../conformance/index.js";
import { startMock } from "../reference-server/mock.js";
import { loadContract } from "../src/document/load.js";
import { requirement } from "./requirement.js";
import { runCli, startServe } from "./served.js";

const documents = requirement("documents");
const path = (name: string): string => join(documents.location, name);

/** By document and endpoint, the exit code of a check against its mock: 3 where the document promises too little. */
const TABLE: Readonly<Record<string, Readonly<Record<string, 0 | 3>>>> = {
  "gemini.yaml": { marketDataV1: 0 },
  "slack-rtm.yaml": { root: 0 },
  "kraken-one-channel.yaml": { currencyExchange: 0 },
  "kraken-many-channels.yaml": { ping: 0 },
  "kubescape-synchronizer.yaml": { "/": 0 },
  // One command, no event, no reply: there is nothing that a server would have to do.
  "microcks-user-signed-up.yaml": { userSignedUpChannel: 3 },
  "elevenlabs-agent.yaml": { AgentMessages: 0 },
};

/** Of the documents that are not promised yet, those that need nothing more. */
const BEYOND: typeof TABLE = {
  "ballerina-cyclic-record.yaml": { "/albums/{id}": 0 },
  "chanx-fastapi.yaml": {
    chat: 0,
    reliable_chat: 0,
    notifications: 0,
    analytics: 0,
    system: 0,
    background_jobs: 0,
    room_chat: 0,
    topic_hub: 0,
    room_topic: 0,
  },
  "spicydice.yaml": { ws: 0 },
  "tapir-coproduct.yml": { "/animals": 0 },
  "warpcast.json": { "/": 0 },
};

/** Random cases of each property: the enumerated ones find what a document alone can go wrong in. */
const RUNS = 3;
/** Endpoints of one document that are judged at once: more than half of a run is waiting. */
const AT_ONCE = 3;
/** What the mock does below its messages is the same on every endpoint: the first one of all shows it. */
const BELOW_MESSAGES = ["S-FR", "S-RB", "S-RC", "S-HB-06"];
const [FIRST] = Object.keys(TABLE);
/** A document has a say in its handshake: the first endpoint of each shows it. */
const HANDSHAKE = ["S-HS"];

describe.skipIf(!documents.available)("the mock of a public document", () => {
  it.each(Object.entries({ ...TABLE, ...BEYOND }))(
    "%s passes a check of every endpoint",
    { timeout: 120_000 },
    async (name, expected) => {
      const contract = await loadContract(path(name), { cacheDir: false });
      const faults: unknown[] = [];
      const mock = await startMock({
        contract,
        port: 0,
        seed: 3,
        timeScale: 0.05,
        onFault: (fault) => faults.push(fault),
      });
      try {
        expect(mock.endpoints.map((endpoint) => endpoint.name)).toEqual(Object.keys(expected));
        const below = name === FIRST ? [] : BELOW_MESSAGES;
        const check = async ({ name: channel, url }: (typeof mock.endpoints)[number]): Promise<void> => {
          const report = await checkServer({
            url,
            contract,
            channel,
            seed: 7,
            runs: RUNS,
            skip: channel === mock.endpoints[0]?.name ? below : [...BELOW_MESSAGES, ...HANDSHAKE],
            timeScale: 0.05,
            // What is tested is the mock, not the speed of the machine.
            patienceMs: 10_000,
          });
          const failed = report.outcomes.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
          expect({ failed, faults: report.harnessFaults, observed: report.observations }).toEqual({
            failed: [],
            faults: [],
            observed: [],
          });
          expect([channel, report.exitCode, report.conclusion]).toEqual([
            channel,
            expected[channel],
            expect.any(String),
          ]);
        };
        const left = [...mock.endpoints];
        await Promise.all(
          Array.from({ length: AT_ONCE }, async () => {
            for (let next = left.shift(); next !== undefined; next = left.shift()) await check(next);
          }),
        );
      } finally {
        await mock.close();
      }
      expect(faults).toEqual([]);
      expect(mock.stats()).toMatchObject({ connections: 0, timers: 0 });
    },
  );
});

describe.skipIf(!documents.available)("the command line", () => {
  it.each([
    ["firezone.yml", /firezone\.yml:53\b/],
    ["klikkflow.yaml", /klikkflow\.yaml:16\b/],
  ])("refuses %s with file and line", (name, place) => {
    // Findings are what lint is for; to generate from it is a wrong use.
    for (const [code, args] of [
      [1, ["lint"]],
      [2, ["generate", "--check"]],
    ] as const) {
      const result = runCli([...args, path(name)]);
      expect([args, result.code]).toEqual([args, code]);
      expect(result.stdout + result.stderr).toMatch(place);
    }
  });

  it("serves a stranger's document and judges it", { timeout: 120_000 }, async () => {
    const document = path("kraken-one-channel.yaml");
    const served = await startServe([document, "--time-scale", "0.05"]);
    try {
      const url = served.urls["currencyExchange"] ?? "";
      const { code, stdout } = runCli([
        ...["check", "server", url, "--document", document],
        ...["--time-scale", "0.05", "--seed", "7", "--runs", "5"],
      ]);
      expect([code, stdout]).toEqual([0, expect.stringContaining("S-RR-01")]);
    } finally {
      await served.stop();
    }
  });
});
