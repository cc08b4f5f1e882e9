/** Faults in reading frames and messages: S-FR-01 to S-FR-10, S-FR-14, S-FR-15, S-FR-20. */
import { gathered, oneFrame } from "../gathered.js";
import { altered, type Mutant } from "../mutant.js";
import { OPCODE, writeFrame } from "../proxy-wire.js";

/** 1 MiB: `maxBytes` of all five channels. */
const MAX_BYTES = 1_048_576;

const strict = new TextDecoder("utf-8", { fatal: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export const frameReadingMutants: readonly Mutant[] = [
  altered({
    name: "long-frame-cut",
    fault: "Drops the connection when a message needs a 64-bit length.",
    channel: "tasks",
    killedBy: "S-FR-01",
    alter: () => ({
      command(text, line) {
        if (Buffer.byteLength(text) < 65_536) return undefined;
        line.reset();
        return [];
      },
    }),
  }),
  altered({
    name: "exactly-126-lost",
    fault: "Loses a message of exactly 126 bytes.",
    channel: "answer",
    killedBy: "S-FR-01",
    alter: () => ({ command: (text) => (Buffer.byteLength(text) === 126 ? [] : undefined) }),
  }),
  altered({
    name: "greatest-message-refused",
    fault: "Closes with 1009 on a message of exactly the greatest size.",
    channel: "pipeline",
    killedBy: "S-FR-01",
    alter: () => ({
      command(text, line) {
        if (Buffer.byteLength(text) < MAX_BYTES) return undefined;
        line.close(1009);
        return [];
      },
    }),
  }),
  altered({
    name: "unmasked-control-accepted",
    fault: "Takes control frames that are not masked, and refuses such data.",
    channel: "workflow",
    killedBy: "S-FR-03",
    alter: () => ({
      frame: (frame) =>
        frame.from === "client" && !frame.masked && frame.opcode >= OPCODE.close
          ? [writeFrame({ ...frame, masked: true })]
          : undefined,
    }),
  }),
  altered({
    name: "rsv3-of-close-accepted",
    fault: "Ignores RSV3, of Close frames only.",
    channel: "pipeline",
    killedBy: "S-FR-05",
    alter: () => ({
      frame: (frame) =>
        frame.from === "client" && frame.rsv === 1 && frame.opcode === OPCODE.close
          ? [writeFrame({ ...frame, rsv: 0, masked: true })]
          : undefined,
    }),
  }),
  altered({
    name: "opcode-15-ignored",
    fault: "Ignores frames of one reserved opcode, the last.",
    channel: "conversation",
    killedBy: "S-FR-06",
    alter: () => ({ frame: ({ from, opcode }) => (from === "client" && opcode === 15 ? [] : undefined) }),
  }),
  altered({
    name: "empty-last-fragment-loses-message",
    fault: "Loses a message whose last fragment is empty.",
    channel: "tasks",
    killedBy: "S-FR-09",
    alter: () => {
      let held: Uint8Array[] = [];
      return {
        frame({ from, opcode, fin, bytes, payload }) {
          if (from !== "client" || opcode >= OPCODE.close) return undefined;
          held.push(bytes);
          if (!fin) return [];
          const whole = held;
          held = [];
          return opcode === OPCODE.continuation && payload.length === 0 ? [] : whole;
        },
      };
    },
  }),
  altered({
    name: "third-frame-of-a-chunk-lost",
    fault: "Reads no more than two frames of what TCP gives it at once.",
    channel: "workflow",
    killedBy: "S-FR-10",
    alter: () => {
      let inChunk = 0;
      return {
        frame({ from, opcode }) {
          if (from !== "client" || opcode !== OPCODE.text) return undefined;
          // The proxy reads a chunk without a pause.
          if (inChunk === 0) setImmediate(() => (inChunk = 0));
          return ++inChunk > 2 ? [] : undefined;
        },
      };
    },
  }),
  altered({
    name: "surrogates-accepted",
    fault: "Takes UTF-8 that spells surrogates, as some languages write it.",
    channel: "answer",
    killedBy: "S-FR-14",
    alter: () => ({
      frame: gathered(({ opcode, payload }) => {
        if (opcode !== OPCODE.text) return undefined;
        const mended = Buffer.from(
          payload.toString("latin1").replace(/\xed[\xa0-\xbf][\x80-\xbf]/g, "?"),
          "latin1",
        );
        return mended.length === payload.length ? undefined : [oneFrame(OPCODE.text, mended)];
      }),
    }),
  }),
  altered({
    name: "invalid-utf8-in-fragments-accepted",
    fault: "Checks UTF-8 only of messages in one frame.",
    channel: "pipeline",
    killedBy: "S-FR-14",
    alter: () => ({
      frame: gathered(({ opcode, payload, fragments }) =>
        opcode === OPCODE.text && fragments > 1 && !isUtf8(payload)
          ? [oneFrame(OPCODE.text, Buffer.from(payload.toString("utf8")))]
          : undefined,
      ),
    }),
  }),
  altered({
    name: "binary-ignored",
    fault: "Ignores a binary frame.",
    channel: "answer",
    killedBy: "S-FR-15",
    alter: () => ({ frame: gathered(({ opcode }) => (opcode === OPCODE.binary ? [] : undefined)) }),
  }),
  altered({
    name: "huge-length-waited-for",
    fault: "Waits for all that a header promises, however much it is.",
    channel: "workflow",
    killedBy: "S-FR-20",
    alter: () => ({ tooLong: () => null }),
  }),
];
