/** Faults in the frames that are sent: S-FR-13, S-FR-19. */
import { altered, type Mutant } from "../mutant.js";
import { closePayload, OPCODE, writeFrame } from "../proxy-wire.js";

export const frameWritingMutants: readonly Mutant[] = [
  altered({
    name: "server-frames-masked",
    fault: "Masks its frames.",
    channel: "answer",
    killedBy: "S-FR-13",
    needs: ["S-CD-11"],
    alter: () => ({
      frame: (frame) =>
        frame.from === "server" && frame.opcode === OPCODE.text
          ? [writeFrame({ ...frame, masked: true })]
          : undefined,
    }),
  }),
  altered({
    name: "length-not-minimal",
    fault: "Writes the length of short frames in two bytes.",
    channel: "tasks",
    killedBy: "S-FR-13",
    needs: ["S-RR-01"],
    alter: () => ({
      frame({ from, opcode, payload }) {
        if (from !== "server" || opcode !== OPCODE.text || payload.length > 125) return undefined;
        return [Buffer.from([0x81, 126, 0, payload.length]), payload];
      },
    }),
  }),
  altered({
    name: "rsv1-set-now-and-then",
    fault: "Sets RSV1 on one frame of ten, though no extension was agreed on.",
    channel: "workflow",
    killedBy: "S-FR-13",
    needs: ["S-CD-11"],
    across: () => {
      let frames = 0;
      return () => ({
        frame: (frame) =>
          frame.from === "server" && frame.opcode === OPCODE.text && ++frames % 10 === 0
            ? [writeFrame({ ...frame, rsv: 4, masked: false })]
            : undefined,
      });
    },
  }),
  altered({
    name: "text-cut-inside-a-character",
    fault: "Writes text that ends inside a character of UTF-8.",
    channel: "conversation",
    killedBy: "S-FR-13",
    needs: ["S-CD-11"],
    alter: () => ({
      frame(frame) {
        const cut = frame.payload.findLastIndex((byte) => byte >= 0xc0);
        if (frame.from !== "server" || frame.opcode !== OPCODE.text || cut < 0) return undefined;
        return [writeFrame({ ...frame, payload: frame.payload.subarray(0, cut + 1), masked: false })];
      },
    }),
  }),
  altered({
    name: "closes-with-1006",
    fault: "Writes 1006 into its Close frames.",
    channel: "pipeline",
    killedBy: "S-FR-13",
    needs: ["S-FR-16"],
    alter: () => ({
      control: ({ from, opcode }) =>
        from === "server" && opcode === OPCODE.close ? closePayload(1006) : undefined,
    }),
  }),
  altered({
    name: "data-after-close",
    fault: "Sends one more event after its Close frame.",
    channel: "tasks",
    killedBy: "S-FR-19",
    needs: ["S-FR-16"],
    alter: () => ({
      frame({ from, opcode, bytes }) {
        if (from !== "server" || opcode !== OPCODE.close) return undefined;
        const late = Buffer.from('{"event":"pong"}');
        return [bytes, writeFrame({ opcode: OPCODE.text, payload: late, masked: false })];
      },
    }),
  }),
];
