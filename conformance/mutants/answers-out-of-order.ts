import { altered, objectIn } from "./mutant.js";

/** Answers the second of two waiting questions first. */
export const mutant = altered({
  name: "answers-out-of-order",
  fault: "Answers the second of two waiting questions first.",
  channel: "answer",
  killedBy: "S-CD-11",
  alter: () => {
    let waiting = 0;
    let answer: string[] = [];
    let held: string[] | undefined;
    return {
      command(text) {
        if (typeof objectIn(text)?.["query"] === "string") waiting++;
        return undefined;
      },
      event(text) {
        answer.push(text);
        const type = objectIn(text)?.["type"];
        if (type !== "done" && type !== "error") return [];
        waiting--;
        const whole = answer;
        answer = [];
        if (held !== undefined) {
          const first = held;
          held = undefined;
          return [...whole, ...first];
        }
        if (waiting === 0) return whole;
        held = whole;
        return [];
      },
    };
  },
});
