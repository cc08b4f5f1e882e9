import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROOT, requirement } from "../../test/requirement.js";
import type { Contract, Json, Message } from "../contract/contract.js";
import { compileSchema } from "../contract/validate.js";
import { loadContract } from "../document/load.js";
import { readContract } from "../document/read-contract.js";
import { UnsatisfiableError } from "./bounded-filter.js";
import { invalidPayload, violationKinds } from "./invalid-payload.js";
import { validPayload } from "./valid-payload.js";

/** Documents of the public that the reader takes; the folder's README says what each is. */
const DOCUMENTS = [
  "binance-um-futures.yaml",
  "chanx-fastapi.yaml",
  "coinbase.yaml",
  "discord-gateway.json",
  "elevenlabs-agent.yaml",
  "gemini.yaml",
  "kraken-many-channels.yaml",
  "kraken-one-channel.yaml",
  "kubescape-synchronizer.yaml",
  "microcks-user-signed-up.yaml",
  "slack-rtm.yaml",
  "speechmatics-realtime.yaml",
  "tapir-coproduct.yml",
  "warpcast.json",
];

/** Messages whose schema nothing can meet: closed parts that require each other's members; five branches that accept all. */
const IMPOSSIBLE: Readonly<Record<string, readonly string[]>> = {
  "coinbase.yaml": ["publish.message"],
  "elevenlabs-agent.yaml": ["MCPToolCall"],
};

interface Measure {
  drawn: number;
  /** Values that only the last filter kept back. */
  refused: number;
  kinds: number;
  readonly impossible: Set<string>;
  readonly faults: string[];
}

/** Draws payloads of every message, valid ones and one violation of some kinds. */
function measure(contract: Contract, perMessage: number): Measure {
  const counts: Measure = { drawn: 0, refused: 0, kinds: 0, impossible: new Set(), faults: [] };
  for (const message of messagesOf(contract)) {
    const validate = compileSchema(message.payload, contract.definitions, message.name);
    const options = {
      onRefused: () => {
        counts.refused++;
      },
    };
    try {
      const valid = fc.sample(validPayload(message.payload, contract.definitions, options), {
        numRuns: perMessage,
        seed: 11,
      });
      for (const value of valid) if (validate(value) !== undefined) counts.faults.push(shown(message, value));
      counts.drawn += valid.length;
    } catch (error) {
      if (!(error instanceof UnsatisfiableError)) throw error;
      counts.impossible.add(message.name);
      continue;
    }
    const kinds = violationKinds(message.payload, contract.definitions);
    counts.kinds += kinds.length;
    if (kinds.length === 0) continue;
    const invalid = invalidPayload(message.payload, contract.definitions, { kinds });
    for (const { value, label } of fc.sample(invalid, { numRuns: 20, seed: 11 })) {
      if (validate(value) === undefined) counts.faults.push(`${label}: ${shown(message, value)}`);
    }
  }
  return counts;
}

function shown(message: Message, value: Json): string {
  return `${message.name}: ${JSON.stringify(value).slice(0, 200)}`;
}

function messagesOf(contract: Contract): Message[] {
  return contract.endpoints.flatMap(({ commands, events }) => [...commands, ...events]);
}

// Some seconds each on an idle machine.
const PATIENCE_MS = 120_000;

describe("Payloads of the bundled document", { timeout: PATIENCE_MS }, () => {
  const contract = readContract(readFileSync(join(ROOT, "generated/contract.json"), "utf8"));
  it("are valid by construction in at least 99.9 % of the draws, and can be violated", () => {
    const { drawn, refused, kinds, impossible, faults } = measure(contract, 300);
    expect(faults).toEqual([]);
    expect([...impossible]).toEqual([]);
    expect(refused / drawn).toBeLessThan(0.001);
    expect(kinds).toBeGreaterThan(200);
  });
});

const documents = requirement("documents");
if (!documents.available) console.warn(`Public documents are not tried: ${documents.reason}`);

describe.skipIf(!documents.available)("Payloads of public documents", { timeout: PATIENCE_MS }, () => {
  it.each(DOCUMENTS)("are valid by construction, and can be violated: %s", async (name) => {
    const contract = await loadContract(join(documents.location, name), { cacheDir: false });
    const { drawn, refused, kinds, impossible, faults } = measure(contract, 100);
    expect(faults).toEqual([]);
    expect([...impossible]).toEqual(IMPOSSIBLE[name] ?? []);
    expect(refused / Math.max(1, drawn)).toBeLessThan(0.001);
    if (process.env["WIREPROOF_MEASURE"] !== undefined) console.log(name, { drawn, refused, kinds });
  });
});
