/** C-RB-02: a client process that gets SIGTERM says goodbye, and is gone in time. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { meet } from "./meeting.js";
import { endText } from "./witness.js";

/** C-RB-02. */
export const termination: ClientCheck = {
  id: "C-RB-02",
  async run(context) {
    const property = await runProperty(context, {
      label: "SIGTERM",
      examples: ["idle"],
      script: (_, scene: ClientCase) => terminate(context, scene),
    });
    return resultOf(property, { pass: "it sent Close, and exited in time" });
  },
};

const MEND =
  "On SIGTERM close the connection (code 1000 or 1001), wait for the answer for a moment, and exit.";

async function terminate(context: ClientContext, scene: ClientCase): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  if (client.process === undefined) {
    return {
      verdict: "untestable",
      reason: "the client has no process of its own that could be ended: launch it by its command",
    };
  }
  const expected = `a Close frame after SIGTERM, and an exit within ${Math.round(context.answerMs)} ms`;
  scene.note("the kit sends SIGTERM");
  const isGone = await client.process.terminate(context.answerMs);
  const end = await peer.ended(context.answerMs);
  if (!isGone) {
    return {
      verdict: "fail",
      reason: "the client did not exit",
      expected,
      got: `it lives on ${Math.round(context.answerMs)} ms after SIGTERM; ${endText(peer)}`,
      late: true,
      mend: MEND,
    };
  }
  if (end?.by === "subject" && end.how === "close") return { verdict: "pass" };
  const exit = client.process.exit;
  const how = exit?.signal == null ? `it exited with ${exit?.code ?? "no code"}` : `${exit.signal} ended it`;
  return {
    verdict: "fail",
    reason: "the client ended without a Close frame",
    expected,
    got: `${endText(peer)}; ${how}`,
    mend: MEND,
  };
}
