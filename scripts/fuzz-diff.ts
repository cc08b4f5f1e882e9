/**
 * `npx tsx scripts/fuzz-diff.ts [pairs] [seed]`: holds the comparison of schemas against Ajv, by default on 5 000 pairs, and
 * the diff of endpoints against the oracle of frames on as many. Fails with the first few values that are refused although
 * nothing was said to break.
 */
import { obstacles } from "../src/contract/diff/containment.js";
import { diffContracts } from "../src/contract/diff/diff.js";
import { tryContainment } from "../src/contract/diff/test-containment.js";
import { tryEndpoints } from "../src/contract/diff/test-endpoints.js";

const SHOWN = 5;

const [pairs = 5_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const run = tryContainment(obstacles, { pairs, seed });
console.log(
  `${run.pairs} pairs of schemas, seed ${seed}: ${run.contained} compatible, ${run.refuted} breaking (${run.shown} shown by a value), ${run.undecided} undecided; ${run.values} values`,
);
const ends = tryEndpoints(diffContracts, { pairs, seed });
console.log(`${ends.pairs} pairs of endpoints: ${ends.compatible} compatible; ${ends.frames} frames`);
const wrong = [...run.counterexamples, ...ends.counterexamples];
for (const found of wrong.slice(0, SHOWN)) console.error(found);
console.log(`${wrong.length} counterexamples`);
process.exitCode = wrong.length === 0 ? 0 : 1;
