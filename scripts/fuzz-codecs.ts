/**
 * `npx tsx scripts/fuzz-codecs.ts [texts] [values] [seed]`: holds the codecs of every kind against the oracle, by default
 * on a million texts and half a million values that almost fit, shared out over the kinds. Fails with the first few
 * that differ.
 */
import { readFileSync } from "node:fs";
import { readContract } from "../src/document/read-contract.js";
import { mutationRound } from "../test/codec-mutations.js";

const KINDS = ["small", "fast", "auto"] as const;
/** Texts of one round: an interrupted run has decided something. */
const ROUND = 30_000;
const SHOWN = 5;

const [texts = 1_000_000, values = 500_000, seed = Date.now() % 1_000_000] = process.argv
  .slice(2)
  .map(Number);
const contract = readContract(readFileSync(new URL("../generated/contract.json", import.meta.url), "utf8"));
const rounds = Math.ceil(texts / ROUND);
const total = { texts: 0, values: 0, accepted: 0, differences: 0 };
for (let n = 0; n < rounds; n++) {
  const kind = KINDS[n % KINDS.length] ?? "fast";
  const effort = { texts: ROUND, values: Math.ceil(values / rounds), seed: seed + n * 1000 };
  const round = await mutationRound(contract, kind, effort);
  total.texts += round.texts;
  total.values += round.values;
  total.accepted += round.accepted;
  total.differences += round.differences.length;
  for (const difference of round.differences.slice(0, SHOWN)) console.error(difference);
  console.log(`${kind}, seed ${effort.seed}: ${round.texts} texts, ${round.differences.length} differences`);
}
console.log(
  `${total.texts} texts (${total.accepted} accepted), ${total.values} values, seed ${seed}: ${total.differences} differences`,
);
process.exitCode = total.differences === 0 ? 0 : 1;
