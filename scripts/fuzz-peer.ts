/**
 * `npx tsx scripts/fuzz-peer.ts [seconds]`: judges peers that keep nothing at all, with one seed after another, and fails
 * when a run gives no exit code, is a fault of the kit, or leaves memory behind.
 */
import { readFileSync } from "node:fs";
import { FUZZ_KINDS, startFuzzingPeer } from "../conformance/mutants/fuzzing-peer.js";
import { checkServer } from "../conformance/server/check-server.js";
import { UsageError } from "../conformance/usage-error.js";
import { readContract } from "../src/document/read-contract.js";

const SECONDS = Number(process.argv[2] ?? "60");
/** What the process may hold at any time (bytes). */
const MEMORY = 1024 * 1024 * 1024;

const contract = readContract(readFileSync(new URL("../generated/contract.json", import.meta.url), "utf8"));
const channels = contract.endpoints.map(({ name }) => name);
const deadline = Date.now() + SECONDS * 1000;
let worst = 0;
let runs = 0;
let failures = 0;
for (let seed = 1; Date.now() < deadline; seed += 1) {
  const kind = FUZZ_KINDS[seed % FUZZ_KINDS.length] ?? "a mixture";
  const channel = channels[seed % channels.length] ?? "";
  const peer = await startFuzzingPeer(kind, seed);
  const told = `seed ${seed}, ${kind}, ${channel}`;
  try {
    const options = { contract, channel, url: peer.url, insecure: true, seed, runs: 2, timeScale: 0.05 };
    const { exitCode, harnessFaults } = await checkServer({ ...options, maxMs: 15_000 });
    const held = process.memoryUsage().rss;
    worst = Math.max(worst, held);
    const faults = harnessFaults.map(({ check, message }) => `${check}: ${message}`).join("; ");
    if (exitCode === 0 || exitCode === 2 || held > MEMORY) {
      failures += 1;
      console.error(`${told}: exit ${exitCode}, ${Math.round(held / 1e6)} MB ${faults}`);
    } else console.log(`${told}: exit ${exitCode}`);
  } catch (error) {
    // A peer that answers nothing in time is, to a user, a wrong URL.
    if (!(error instanceof UsageError)) throw error;
    console.log(`${told}: ${error.message}`);
  } finally {
    await peer.close();
  }
  runs += 1;
}
console.log(`${runs} runs, ${failures} failures, at most ${Math.round(worst / 1e6)} MB`);
process.exitCode = failures === 0 ? 0 : 1;
