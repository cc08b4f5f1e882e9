/** Faults in answering pings of RFC 6455: S-FR-11, S-FR-12. */
import { memberOf, objectIn } from "../content.js";
import { altered, type Mutant } from "../mutant.js";
import { OPCODE } from "../proxy-wire.js";

export const pingMutants: readonly Mutant[] = [
  altered({
    name: "ping-payload-not-echoed",
    fault: "Answers an RFC 6455 ping with an empty pong.",
    channel: "workflow",
    killedBy: "S-FR-11",
    alter: () => ({
      control: ({ from, opcode }) =>
        from === "server" && opcode === OPCODE.pong ? new Uint8Array(0) : undefined,
    }),
  }),
  altered({
    name: "longest-ping-cut",
    fault: "Answers a ping of 125 bytes with 124.",
    channel: "conversation",
    killedBy: "S-FR-11",
    alter: () => ({
      control: ({ from, opcode, payload }) =>
        from === "server" && opcode === OPCODE.pong && payload.length === 125
          ? payload.subarray(0, 124)
          : undefined,
    }),
  }),
  altered({
    name: "no-pong-while-it-works",
    fault: "Answers no ping while an answer is under way.",
    channel: "pipeline",
    killedBy: "S-FR-11",
    alter: () => {
      let working = false;
      return {
        event(text) {
          const frame = objectIn(text);
          if (frame?.["type"] === "response") working = memberOf(frame, "data")["is_final"] !== true;
          return undefined;
        },
        control: ({ from, opcode }) =>
          from === "server" && opcode === OPCODE.pong && working ? null : undefined,
      };
    },
  }),
  altered({
    name: "burst-of-pings-drowns",
    fault: "Answers no ping after the fifth of a burst.",
    channel: "workflow",
    killedBy: "S-FR-12",
    alter: () => {
      let burst = 0;
      return {
        control({ from, opcode }, line) {
          if (from !== "server" || opcode !== OPCODE.pong) return undefined;
          if (burst === 0) line.later(100, () => (burst = 0));
          return ++burst > 5 ? null : undefined;
        },
      };
    },
  }),
];
