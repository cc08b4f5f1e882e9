import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generate } from "../src/codegen/generate.js";
import { fileName } from "../src/codegen/names.js";
import type { Contract, Direction } from "../src/contract/contract.js";
import { createOracle } from "../src/contract/validate.js";
import { assertDecodesAlike, assertEncodesAlike, decodeDifference, type Subject } from "./equality.js";
import { type GeneratedModule, loadGenerated, sideOf } from "./generated-module.js";

const folder = new URL("../generated/", import.meta.url);
const onDisk = (path: string) => ({ path, text: readFileSync(new URL(path, folder), "utf8") });
// The committed contract, as the document was compiled.
const contract = JSON.parse(onDisk("contract.json").text) as Contract;
const DIRECTIONS: readonly Direction[] = ["event", "command"];
const codecOf = (module: GeneratedModule, direction: Direction) =>
  direction === "event" ? module.eventCodec : module.commandCodec;

describe.each(contract.endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
  "the committed codecs of %s",
  async (name, endpoint) => {
    const path = `${fileName(name)}.ts`;
    const module = await loadGenerated([onDisk("wire.ts"), onDisk(path)], path);
    const subject = (direction: Direction): Subject => ({
      contract,
      endpoint,
      direction,
      codec: codecOf(module, direction),
    });

    it.each(DIRECTIONS)("decode every %s as the oracle does", (direction) => {
      assertDecodesAlike(subject(direction), { runs: 10_500, seed: 20 });
    });

    it.each(DIRECTIONS)("encode nothing that decode would refuse (%s)", (direction) => {
      assertEncodesAlike(subject(direction), { runs: 2_000, seed: 21 });
    });

    it.each(DIRECTIONS)(
      "decide as the oracle does on 10 MB and at the edge of the limits (%s)",
      (direction) => {
        const oracle = createOracle(contract, endpoint, direction);
        const { codec } = subject(direction);
        const max = endpoint.protocol.maxBytes ?? 1_000_000;
        const texts = [
          `{"a":"${"x".repeat(10_000_000)}"}`,
          "[".repeat(10_000_000),
          `"${"é".repeat(max / 2 - 1)}"`,
          `"${"é".repeat(max / 2)}"`,
          `"${"\ud83d\ude00".repeat(max / 4)}"`,
          `"${"\ud800".repeat(Math.floor(max / 3))}"`,
          "x".repeat(max),
          "x".repeat(max + 1),
          ...[511, 512, 513, 10_000].map((depth) => "[".repeat(depth) + "]".repeat(depth)),
          ...[511, 512].map((depth) => `{"data":${"[".repeat(depth)}${"]".repeat(depth)}}`),
          `"${'\\"['.repeat(600)}"`,
        ];
        for (const text of texts) {
          expect(decodeDifference(oracle, codec, text), text.slice(0, 20)).toBeUndefined();
          expect(
            decodeDifference(oracle, codec, new TextEncoder().encode(text)),
            text.slice(0, 20),
          ).toBeUndefined();
        }
        const broken = Uint8Array.of(0x7b, 0xff, 0x7d);
        expect(codec.decode(broken)).toMatchObject({ ok: false, error: { code: "not-text" } });
      },
    );

    it("name each example as the document does, from either side", () => {
      for (const direction of DIRECTIONS) {
        const { codec } = subject(direction);
        const oracle = createOracle(contract, endpoint, direction);
        for (const message of direction === "event" ? endpoint.events : endpoint.commands) {
          if (!isFrame(endpoint, direction, message.name)) continue;
          for (const { payload } of message.examples) {
            const value =
              endpoint.protocol.transport === "socket.io"
                ? frameOf(endpoint, direction, message.name, payload)
                : payload;
            const judged = oracle.judge(JSON.stringify(value));
            expect(judged).toMatchObject({ ok: true });
            expect(judged.ok && judged.messages).toContain(sideOf(module, "Client").nameOf(value));
            expect(sideOf(module, "Server").nameOf(value)).toBe(sideOf(module, "Client").nameOf(value));
            expect(codec["~standard"].validate(value).issues).toBeUndefined();
          }
        }
      }
    });
  },
);

function frameOf(
  endpoint: Contract["endpoints"][number],
  direction: Direction,
  name: string,
  payload: unknown,
) {
  const { rows } = direction === "event" ? endpoint.protocol.send : endpoint.protocol.receive;
  return [rows.find((row) => row.message === name)?.values[0]?.[0], payload];
}

/** False for what no discriminator names: an acknowledgement of Socket.IO is no frame of its own. */
function isFrame(endpoint: Contract["endpoints"][number], direction: Direction, name: string): boolean {
  const { rows, origin } = direction === "event" ? endpoint.protocol.send : endpoint.protocol.receive;
  return origin !== "declared" || rows.some((row) => row.message === name);
}

describe("the property itself", () => {
  it("finds a check that was left out, wherever it was", async () => {
    const [endpoint] = contract.endpoints;
    if (endpoint === undefined) throw new Error("The contract has no endpoint.");
    const files = await generate(contract);
    const path = `${fileName(endpoint.name)}.ts`;
    const text = files.find((file) => file.path === path)?.text ?? "";
    const checks = [...text.matchAll(/^ {2}if \((?=.*return no\(v\.)/gm)].map((match) => match.index);
    expect(checks.length).toBeGreaterThan(10);
    for (const at of [checks[3], checks[Math.floor(checks.length / 2)], checks[checks.length - 1]]) {
      const faulty = `${text.slice(0, at)}  if (false && ${text.slice((at ?? 0) + 6)}`;
      const module = await loadGenerated(
        files.map((file) => (file.path === path ? { path, text: faulty } : file)),
        path,
      );
      const run = () => {
        for (const direction of DIRECTIONS) {
          assertDecodesAlike(
            { contract, endpoint, direction, codec: codecOf(module, direction) },
            { runs: 10_500, seed: 20 },
          );
        }
      };
      expect(run).toThrow(/decode accepts what the oracle refuses/);
    }
  });

  it("finds a check that is too strict, and one that gives another code", async () => {
    const [endpoint] = contract.endpoints;
    if (endpoint === undefined) throw new Error("The contract has no endpoint.");
    const files = await generate(contract);
    const path = `${fileName(endpoint.name)}.ts`;
    const text = files.find((file) => file.path === path)?.text ?? "";
    const faults: [string, string, RegExp][] = [
      ["!== undefined && typeof", "!== null && typeof", /decode refuses what the oracle accepts/],
      ["typeof v.event === ", "typeof v.event !== ", /the oracle/],
    ];
    for (const [from, to, message] of faults.filter(([from]) => text.includes(from))) {
      const faulty = text.replace(from, to);
      const module = await loadGenerated(
        files.map((file) => (file.path === path ? { path, text: faulty } : file)),
        path,
      );
      const subject = { contract, endpoint, direction: "event" as const, codec: module.eventCodec };
      expect(() => assertDecodesAlike(subject, { runs: 10_500, seed: 20 })).toThrow(message);
    }
  });
});
