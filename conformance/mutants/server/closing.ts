/** Faults in the closing handshake: S-FR-16 to S-FR-18. */
import { altered, type Mutant } from "../mutant.js";
import { closePayload, OPCODE, type PassingFrame } from "../proxy-wire.js";

const isClose = ({ from, opcode }: PassingFrame): boolean => from === "client" && opcode === OPCODE.close;
const codeOf = ({ payload }: PassingFrame): number | undefined =>
  payload.length < 2 ? undefined : payload.readUInt16BE(0);

export const closingMutants: readonly Mutant[] = [
  altered({
    name: "closing-handshake-unanswered",
    fault: "Never answers a Close frame.",
    channel: "workflow",
    killedBy: "S-FR-16",
    alter: () => ({ control: (frame) => (isClose(frame) ? null : undefined) }),
  }),
  altered({
    name: "reset-instead-of-close",
    fault: "Answers a Close frame with a reset.",
    channel: "tasks",
    killedBy: "S-FR-16",
    alter: () => ({
      control(frame, line) {
        if (!isClose(frame)) return undefined;
        line.reset();
        return null;
      },
    }),
  }),
  altered({
    name: "empty-close-unanswered",
    fault: "Answers a Close frame with a code, and none without.",
    channel: "answer",
    killedBy: "S-FR-16",
    alter: () => ({ control: (frame) => (isClose(frame) && frame.payload.length === 0 ? null : undefined) }),
  }),
  altered({
    name: "longest-reason-unanswered",
    fault: "Never answers a Close frame with the longest reason, 123 bytes.",
    channel: "pipeline",
    killedBy: "S-FR-16",
    alter: () => ({
      control: (frame) => (isClose(frame) && frame.payload.length === 125 ? null : undefined),
    }),
  }),
  altered({
    name: "close-code-2999-accepted",
    fault: "Takes close codes from 2999 on for those of applications.",
    channel: "answer",
    killedBy: "S-FR-17",
    alter: () => ({
      control: (frame) => (isClose(frame) && codeOf(frame) === 2999 ? closePayload(3000) : undefined),
    }),
  }),
  altered({
    name: "close-code-3000-refused",
    fault: "Answers close code 3000 by 1002.",
    channel: "pipeline",
    killedBy: "S-FR-18",
    alter: () => ({
      control(frame, line) {
        if (!isClose(frame) || codeOf(frame) !== 3000) return undefined;
        line.close(1002);
        return null;
      },
    }),
  }),
];
