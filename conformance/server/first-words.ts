/** The first words with a subject: can its events be read at all, and does it give the witness that everything rests on? */
import { inCase } from "../case.js";
import { fillingOf, runExchange } from "../exchange.js";
import { RunAborted, SubjectGone, SubjectRefused } from "../interruption.js";
import { excerpt } from "../judge.js";
import type { FirstWords } from "../role.js";
import type { Run } from "../run.js";
import type { WitnessResult } from "../witness.js";

/** The case is nobody's: what it brings to light is charged to the checks that own it. */
const NOBODY = "kit";

/** One witness may get lost; of two the second is no accident. */
const ATTEMPTS = 2;

/**
 * Asks for the witness, twice where the subject owes it, and where passive checks are alone (`fully`) for every exchange
 * of the document. It does not wait for more of the same when the first event cannot be read.
 */
export async function firstWords(run: Run, fully: boolean): Promise<FirstWords> {
  let missing: string | undefined;
  try {
    const given = await Promise.all(
      Array.from({ length: run.witness?.owed === true ? ATTEMPTS : 1 }, () => ask(run)),
    );
    const lost = given.flatMap((one) => (one === undefined || one.ok ? [] : [one]));
    const [first] = lost;
    if (
      first !== undefined &&
      run.witness?.owed === true &&
      lost.length === given.length &&
      (await isMissingAlone(run))
    ) {
      missing = `no witness: ${run.witness.what} was not given (expected ${first.expected}; got ${first.got})`;
    }
    for (const exchange of fully ? (run.endpoint.exchanges?.list ?? []) : []) {
      await inCase(run, NOBODY, `the exchange "${exchange.name}"`, async (scene) => {
        const { judge, answerMs } = run;
        await runExchange(await scene.connect(), exchange, { judge, answerMs, filling: fillingOf(scene) });
      });
    }
  } catch (error) {
    // Whoever comes next meets the same, and has a verdict for it.
    if (error instanceof RunAborted || error instanceof SubjectGone || error instanceof SubjectRefused)
      return {};
    throw error;
  }
  const { record } = run;
  const unreadable =
    record.validMessages > 0 ? undefined : record.violations.find(({ check }) => check === "S-CD-09")?.check;
  return {
    ...(unreadable === undefined ? {} : { unreadable }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** A server that mixes its connections up serves one at a time; one that has said nothing is not waited for again. */
async function isMissingAlone(run: Run): Promise<boolean> {
  return run.record.validMessages === 0 || (await ask(run))?.ok !== true;
}

function ask(run: Run): Promise<WitnessResult | undefined> {
  const { witness } = run;
  if (witness === undefined) return Promise.resolve(undefined);
  return inCase(run, NOBODY, "the witness", async (scene) => {
    const tester = await scene.connect();
    const given = witness.give(tester, scene);
    // When the run is over both this and the wait below end by the same exception: one of them is enough.
    given.catch(() => undefined);
    const first = await tester.next(() => true, run.answerMs, 0);
    // An event that cannot be read is all that is wanted: the witness itself would only be waited for.
    if (first !== undefined && first.names.length > 0) return await given;
    tester.destroy();
    const result = await given;
    if (result.ok) return result;
    return {
      ...result,
      got: first === undefined ? `nothing within ${Math.round(run.answerMs)} ms` : excerpt(first.text),
    };
  });
}
