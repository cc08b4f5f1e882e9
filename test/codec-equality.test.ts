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

/** Codecs, how to get them, and on how many frames and values they are tried. */
const [small, auto, fast] = (["small", "auto", "fast"] as const).map((codec) =>
  generate(contract, { codec }),
);
const KINDS = [
  { kind: "committed", files: (path: string) => [onDisk("wire.ts"), onDisk(path)], runs: 5_000 },
  { kind: "small", files: () => small ?? [], runs: 1_500 },
  { kind: "fast", files: () => fast ?? [], runs: 1_500 },
] as const;

describe.each(
  KINDS.flatMap((kind) => contract.endpoints.map((endpoint) => ({ ...kind, name: endpoint.name, endpoint }))),
)("the $kind codecs of $name", async ({ name, endpoint, files, kind, runs }) => {
  const path = `${fileName(name)}.ts`;
  const module = await loadGenerated(await files(path), path);
  const subject = (direction: Direction): Subject => ({
    contract,
    endpoint,
    direction,
    codec: codecOf(module, direction),
  });

  it.each(DIRECTIONS)("decode every %s as the oracle does", (direction) => {
    assertDecodesAlike(subject(direction), { runs, seed: 20 });
  });

  it.each(DIRECTIONS)("encode nothing that decode would refuse (%s)", (direction) => {
    assertEncodesAlike(subject(direction), { runs: Math.ceil(runs / 5), seed: 21 });
  });

  // The limits are looked at by what all kinds share, so once is enough.
  if (kind === "committed")
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
});

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
  // Workflow has checks in words and in code, and readers by templates.
  const path = "workflow.ts";
  const endpoint = contract.endpoints.find(({ name }) => name === "workflow");
  const faults: readonly [string, "small" | "auto", Direction, string, string, RegExp][] = [
    [
      "a word that checks nothing",
      "small",
      "event",
      "reason: text",
      "reason: () => true",
      /accepts what the oracle refuses/,
    ],
    ["a field that is left out", "small", "event", ", tool: text", "", /accepts what the oracle refuses/],
    [
      "a constant that is missing",
      "small",
      "event",
      'values("completed", "failed")',
      'values("completed")',
      /refuses what/,
    ],
    [
      "a field too much",
      "small",
      "event",
      "{ error: text, code: text }",
      "{ error: text, code: text, more: text }",
      /refuses/,
    ],
    [
      "a closed object left open",
      "small",
      "command",
      "{ token: chars(0, 64) }, nothing",
      "{ token: chars(0, 64) }",
      /accepts/,
    ],
    [
      "another code",
      "small",
      "event",
      '"event", "event", eventChecks',
      '"event", "Event", eventChecks',
      /the oracle/,
    ],
    [
      "a quick check left out",
      "auto",
      "command",
      "  if (!isStartSessionData(v.data)) return false;\n",
      "",
      /accepts/,
    ],
    [
      "a bound by one too low",
      "small",
      "command",
      "workflow_id: chars(1, 128)",
      "workflow_id: chars(1, 127)",
      /refuses/,
    ],
  ];

  it.each(faults)("finds %s", async (_, codec, direction, from, to, found) => {
    if (endpoint === undefined) throw new Error("The contract has no endpoint workflow.");
    const files = (await (codec === "small" ? small : auto)) ?? [];
    const text = files.find((file) => file.path === path)?.text ?? "";
    expect(text).toContain(from);
    const faulty = files.map((file) => (file.path === path ? { path, text: text.replace(from, to) } : file));
    const module = await loadGenerated(faulty, path);
    const subject = { contract, endpoint, direction, codec: codecOf(module, direction) };
    expect(() => assertDecodesAlike(subject, { runs: 10_500, seed: 20 })).toThrow(found);
  });
});
