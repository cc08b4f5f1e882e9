/** The role of a server in an execution. */
import type { CheckContext } from "../check.js";
import { createContext } from "../context.js";
import { canReach } from "../frames/dial.js";
import { notDeclared } from "../needs.js";
import { requirementOf } from "../requirements.js";
import type { Role } from "../role.js";
import type { Run } from "../run.js";
import { delay } from "../time.js";
import { UsageError } from "../usage-error.js";
import { blockOutcomes, FREE, ownersOfSilence } from "./blocking.js";
import { firstWords } from "./first-words.js";

/** What a check takes (milliseconds), by experience: at rest, for each random case, and paced. */
const TYPICAL = { restMs: 500, caseMs: 60, pacedMs: 8000 } as const;

/** How often the kit asks whether a server is still there, how long one look and the pause between two may take (milliseconds). */
const LOOK = { turns: 3, mostMs: 2000, pauseMs: 200 } as const;

/** True for a row that frames alone decide. */
function needsNoWord(id: string): boolean {
  return FREE.test(id) && requirementOf(id)?.needs.includes("commands") !== true;
}

/** The role of the server that a run judges. */
export function serverRole(run: Run): Role<CheckContext> {
  const { record, subject } = run;

  async function isReachable(): Promise<boolean> {
    for (let turn = 0; turn < LOOK.turns; turn += 1) {
      if (turn > 0) await delay(LOOK.pauseMs);
      if (await canReach(subject.target, LOOK.mostMs)) return true;
    }
    return false;
  }

  function unreachable(message: string): UsageError {
    return new UsageError(
      `Nothing answers at ${subject.url} (${message}). Start the server, or correct the URL.`,
    );
  }

  return {
    name: "server",
    gate: "S-HS-01",
    last: "S-RC-05",
    typicalMs: TYPICAL.restMs + TYPICAL.caseMs * run.runs,
    ...(run.pacer === undefined ? {} : { pacedMs: TYPICAL.pacedMs }),
    throwsUsage: false,
    context: (check) => createContext(run, check),
    withoutTrying: (requirement) => notDeclared(requirement, run.endpoint),
    isShut: ({ verdict }) => verdict === "fail",
    async reach() {
      if (!(await isReachable())) throw unreachable("no TCP connection");
    },
    async gone(message, isGate) {
      if (await isReachable()) return undefined;
      if (isGate) throw unreachable(message);
      return "the server stopped accepting connections";
    },
    death: {
      expected: "the server goes on serving whatever a client sends",
      mend: "Look into the server's log for the crash, then repeat with one of these checks alone (--only).",
    },
    firstWords: (fully) => firstWords(run, fully),
    ownersOfSilence: (checks) => ownersOfSilence(checks, record),
    async restingOnWitness(checks, cause) {
      if (cause !== undefined || record.messages === 0) return checks;
      // One that speaks is asked once more; what needs no word of the contract can be judged all the same.
      if ((await firstWords(run, false)).missing === undefined) return [];
      return checks.filter(({ id }) => !needsNoWord(id));
    },
    blockOutcomes: (outcomes) => blockOutcomes(outcomes, record),
    replayCommand(ids, seed) {
      const scale = run.timeScale === 1 ? "" : ` --time-scale ${run.timeScale}`;
      return `wireproof check server ${subject.url} --channel ${run.endpoint.name} --only ${ids} --seed ${seed} --runs ${run.runs}${scale}`;
    },
  };
}
