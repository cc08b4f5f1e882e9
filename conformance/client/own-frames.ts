/** C-FR-01: the client's own frames, as they were seen on every connection of every check. */
import type { ClientCheck } from "./check.js";

/** C-FR-01; violations are charged by the runner, with their transcripts. */
export const ownFrames: ClientCheck = {
  id: "C-FR-01",
  passive: true,
  smoke: true,
  async run({ record }) {
    const frames = record.judgements.get("C-FR-01") ?? 0;
    const notes = record.notices.get("C-FR-01") ?? [];
    const noted = notes.length === 0 ? {} : { notes };
    if (frames === 0) {
      return { verdict: "inconclusive", reason: "the client sent no frame", cases: record.cases, ...noted };
    }
    return {
      verdict: "pass",
      reason: `each of ${frames} frames is masked and well-formed`,
      cases: record.cases,
      ...noted,
    };
  },
};
