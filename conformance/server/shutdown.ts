/** S-RC-05: a server that is told to end says so to each of its clients, and ends. */
import type { Case, Check, CheckContext, SubjectProcess } from "../check.js";
import { endOf } from "../exchange.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { frameWitness, withoutWitness } from "./frame-witness.js";

/** Connections that are open when the server is told to end. */
const CONNECTIONS = 5;

/** How long a server may take to end (milliseconds): the usual grace of those that stop processes. */
const EXIT_MS = 10_000;

/** How long it may take to tell its clients (milliseconds): half of that, the rest is for them to answer. */
const CLOSE_MS = 5000;

/** What a server that ends gives as the reason. */
const CAUSES = ["restart", "going-away"] as const;

/** S-RC-05. */
export const shutdown: Check = {
  id: "S-RC-05",
  alone: true,
  async run(context) {
    const { process } = context;
    if (process === undefined) {
      return {
        verdict: "untestable",
        reason: "the kit did not start the server: give its command after `--`, and SIGTERM is tried",
        cases: 0,
      };
    }
    const property = await runProperty(context, {
      label: "shutdown",
      examples: ["SIGTERM"],
      concurrency: 1,
      script: async (_, scene) => {
        try {
          return await told(context, scene, process);
        } finally {
          // Whoever comes next needs a server.
          await process.restart();
        }
      },
    });
    return resultOf(property, { pass: `${CONNECTIONS} connections were told, and the server ended` });
  },
};

async function told(context: CheckContext, scene: Case, process: SubjectProcess): Promise<CaseOutcome> {
  const testers = await Promise.all(Array.from({ length: CONNECTIONS }, () => scene.connect()));
  for (const tester of testers) {
    const given = withoutWitness(context.witness, await frameWitness(context, tester, scene));
    if (given.verdict !== "pass") return given;
  }
  // That the server closes is what it was told to do.
  scene.fault();
  const exit = process.terminate(EXIT_MS);
  const ends = await Promise.all(testers.map((tester) => tester.ended(CLOSE_MS)));
  const { closeCodes = {}, protocol } = context.endpoint;
  const codes = Object.entries(closeCodes).flatMap(([code, { cause }]) =>
    [cause].flat().some((one) => CAUSES.some((wanted) => wanted === one)) ? [Number(code)] : [],
  );
  const expected = `on SIGTERM each connection is closed with ${codes.join(" or ")}, and the process ends within ${EXIT_MS / 1000} s`;
  const mend =
    "Handle SIGTERM: close every connection with the code of a restart or of going away, then exit.";
  // Socket.IO has no close codes: that the connection ends is all that can be asked.
  const free = codes.length === 0 || protocol.transport === "socket.io";
  for (const [index, end] of ends.entries()) {
    const tester = testers[index];
    if (tester === undefined) continue;
    const coded = end?.how === "close" && end.code !== undefined && codes.includes(end.code);
    if (end !== undefined && (coded || free)) continue;
    const got = `connection ${index + 1}: ${endOf(tester)}`;
    return { verdict: "fail", expected, got, mend, reason: "a shutdown was not announced" };
  }
  if (!(await exit)) {
    const got = `every connection was closed, and the process runs on after ${EXIT_MS / 1000} s`;
    return { verdict: "fail", expected, got, mend, reason: "the server does not end" };
  }
  return { verdict: "pass" };
}
