// Adds up what ran: the tests of vitest's JSON report, the steps of `npm run check`, and the steps of .ci/run itself.
// node .ci/count.mjs <folder with vitest.json and check.txt> <steps of .ci/run that failed>
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder = ".", failedSteps = "0"] = process.argv.slice(2);
const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

let passed = 0;
let failed = 0;
let skipped = 0;

const tests = read("vitest.json");
if (tests === "") {
  failed += 1;
} else {
  const report = JSON.parse(tests);
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  // A file that cannot be loaded has no test that could fail.
  if (!report.success && report.numFailedTests === 0) failed += 1;
}

const steps = /^check: (\d+) passed, (\d+) failed$/m.exec(read("check.txt"));
passed += steps ? Number(steps[1]) : 0;
failed += steps ? Number(steps[2]) : 1;

// A failed step whose faults were not counted above still fails the run.
if (failed === 0) failed = Number(failedSteps);

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
