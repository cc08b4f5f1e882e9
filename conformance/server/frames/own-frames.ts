/** S-FR-13 and S-FR-19: what is judged of every frame of the server in the whole run, whoever asked for it. */
import type { Check } from "../../check.js";

/** S-FR-13: the server's own frames. */
export const ownFrames: Check = {
  id: "S-FR-13",
  passive: true,
  safe: true,
  smoke: true,
  async run({ record }) {
    const { cases, judgements } = record;
    const frames = judgements.get("S-FR-13") ?? 0;
    if (frames === 0) {
      return { verdict: "inconclusive", reason: "the server sent no frame in the whole run", cases };
    }
    return {
      verdict: "pass",
      reason: `each of ${frames} frames was unmasked, of minimal length, without reserved bits and, where text, UTF-8`,
      cases,
    };
  },
};

/** S-FR-19: nothing after its Close. */
export const silentAfterClose: Check = {
  id: "S-FR-19",
  passive: true,
  safe: true,
  async run({ record }) {
    const { cases, judgements } = record;
    const closes = judgements.get("S-FR-19") ?? 0;
    if (closes === 0) {
      return { verdict: "inconclusive", reason: "the server sent no Close frame in the whole run", cases };
    }
    return { verdict: "pass", reason: `no data frame followed any of ${closes} Close frames`, cases };
  },
};
