/** The first words with a subject: can its events be read at all? */
import { inCase } from "../case.js";
import { fillingOf, runExchange } from "../exchange.js";
import { RunAborted, SubjectGone, SubjectRefused } from "../interruption.js";
import type { Run } from "../run.js";

/** The case is nobody's: what it brings to light is charged to the checks that own it. */
const NOBODY = "kit";

/**
 * Gives the witness once, and where passive checks are alone (`fully`) every exchange of the document. Returns the check
 * that owns the fault when events came and not one of them could be read; it does not wait for more of the same.
 */
export async function firstWords(run: Run, fully: boolean): Promise<string | undefined> {
  const { witness } = run;
  try {
    if (witness !== undefined) {
      await inCase(run, NOBODY, "the witness", async (scene) => {
        const tester = await scene.connect();
        const given = witness.give(tester, scene);
        // When the run is over both this and the wait below end by the same exception: one of them is enough.
        given.catch(() => undefined);
        const first = await tester.next(() => true, run.answerMs, 0);
        // An event that cannot be read is all that is wanted: the witness itself would only be waited for.
        if (first === undefined || first.names.length === 0) tester.destroy();
        await given;
      });
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
      return undefined;
    throw error;
  }
  const { record } = run;
  if (record.validEvents > 0) return undefined;
  return record.violations.find(({ check }) => check === "S-CD-09")?.check;
}
