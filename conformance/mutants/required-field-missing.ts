import { altered, memberOf, objectIn } from "./mutant.js";

/** Over all connections: none of them alone sees fifty. */
let events = 0;

/** Leaves a required field out of one event of fifty. */
export const mutant = altered({
  name: "required-field-missing",
  fault: "Leaves a required field out of one event of fifty.",
  channel: "workflow",
  killedBy: "S-CD-02",
  needs: ["S-CD-11"],
  alter: () => {
    return {
      event(text) {
        const frame = objectIn(text);
        if (frame?.["event"] !== "token_stream" || ++events % 50 !== 0) return undefined;
        const { chunk: _, ...data } = memberOf(frame, "data");
        return [JSON.stringify({ ...frame, data })];
      },
    };
  },
});
