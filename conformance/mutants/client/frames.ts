/** Faults in the frames of a client: C-FR-01 to C-FR-09. */

import { WebSocket } from "ws";
import { altered, type ClientMutant, framed } from "./client-mutant.js";

/** The bytes of a frame with another head, its mask key and payload as they were. */
function withHead(bytes: Buffer, head: readonly number[], from: number): Buffer {
  return Buffer.concat([Buffer.from(head), bytes.subarray(from)]);
}

export const frameMutants: readonly ClientMutant[] = [
  altered({
    name: "constant-mask-key",
    fault: "Masks every frame with the same key.",
    killedBy: "C-FR-01",
    needs: ["C-FR-05"],
    options: () => ({ socketOptions: { generateMask: (key: Buffer) => key.fill(7) } }),
  }),
  framed({
    name: "unmasked",
    fault: "Does not mask its frames.",
    killedBy: "C-FR-01",
    faults: {
      write: ({ bytes, payload }) =>
        payload.length > 125 ? bytes : Buffer.concat([Buffer.from([bytes[0] ?? 0, payload.length]), payload]),
    },
  }),
  framed({
    name: "long-lengths",
    fault: "Writes short lengths in sixteen bits.",
    channel: "tasks",
    killedBy: "C-FR-01",
    faults: {
      write: ({ bytes, payload }) =>
        payload.length > 125 ? bytes : withHead(bytes, [bytes[0] ?? 0, 0xfe, 0, payload.length], 2),
    },
  }),
  framed({
    name: "masked-frame-taken",
    fault: "Takes masked frames of a server.",
    killedBy: "C-FR-02",
    faults: { tolerates: ["masked"] },
  }),
  framed({
    name: "reserved-bits-taken",
    fault: "Does not look at the reserved bits.",
    killedBy: "C-FR-02",
    faults: { tolerates: ["reserved-bits"] },
  }),
  framed({
    name: "reserved-opcode-taken",
    fault: "Ignores frames of a reserved opcode.",
    channel: "pipeline",
    killedBy: "C-FR-02",
    faults: { tolerates: ["reserved-opcode"] },
  }),
  framed({
    name: "fragmented-control-taken",
    fault: "Takes control frames in fragments.",
    channel: "answer",
    killedBy: "C-FR-02",
    faults: { tolerates: ["control-fragmented"] },
  }),
  framed({
    name: "orphan-continuation-taken",
    fault: "Takes a continuation of nothing for a message.",
    channel: "tasks",
    killedBy: "C-FR-02",
    faults: { tolerates: ["orphan-continuation"] },
  }),
  framed({
    name: "interrupted-message-taken",
    fault: "Takes a new message inside of another.",
    killedBy: "C-FR-02",
    faults: { tolerates: ["interrupted-message"] },
  }),
  altered({
    name: "any-octets-are-text",
    fault: "Takes text that is not UTF-8.",
    killedBy: "C-FR-03",
    options: () => ({ socketOptions: { skipUTF8Validation: true } }),
  }),
  framed({
    name: "code-point-cut-refused",
    fault: "Wants each fragment of a text to be UTF-8 by itself.",
    killedBy: "C-FR-04",
    faults: { judgesUtf8ByFragment: true },
  }),
  framed({
    name: "frame-in-pieces-lost",
    fault: "Forgets a frame that does not come in one segment.",
    killedBy: "C-FR-04",
    faults: { forgetsSplitFrames: true },
  }),
  framed({
    name: "empty-fragment-fails-it",
    fault: "Fails the connection at an empty fragment.",
    killedBy: "C-FR-04",
    faults: { refusesEmptyFragment: true },
  }),
  framed({
    name: "no-pong-frame",
    fault: "Answers no ping of RFC 6455.",
    killedBy: "C-FR-05",
    faults: { pong: () => undefined },
  }),
  framed({
    name: "empty-pong",
    fault: "Answers pings without their payload.",
    channel: "answer",
    killedBy: "C-FR-05",
    faults: { pong: () => Buffer.alloc(0) },
  }),
  framed({
    name: "long-ping-unanswered",
    fault: "Does not answer pings of more than 100 bytes.",
    killedBy: "C-FR-05",
    faults: { pong: (payload) => (payload.length > 100 ? undefined : payload) },
  }),
  framed({
    name: "ping-between-fragments-refused",
    fault: "Fails the connection at a ping between fragments.",
    channel: "pipeline",
    killedBy: "C-FR-05",
    faults: { refusesControlInsideMessage: true },
  }),
  framed({
    name: "dies-of-a-stray-pong",
    fault: "Ends the connection at a pong that it did not ask for.",
    channel: "tasks",
    killedBy: "C-FR-05",
    faults: { diesOfPong: true },
  }),
  framed({
    name: "close-unanswered",
    fault: "Does not answer a Close frame.",
    killedBy: "C-FR-06",
    faults: { answerToClose: null },
  }),
  framed({
    name: "close-answered-by-1002",
    fault: "Answers every Close frame with 1002.",
    channel: "pipeline",
    killedBy: "C-FR-06",
    faults: { answerToClose: 1002 },
  }),
  framed({
    name: "command-after-close",
    fault: "Sends a command after its Close frame.",
    channel: "tasks",
    killedBy: "C-FR-06",
    faults: { afterClose: '{"event":"ping"}' },
  }),
  framed({
    name: "illegal-close-code-taken",
    fault: "Takes Close codes that nobody may send.",
    killedBy: "C-FR-07",
    faults: { tolerates: ["close-code"] },
  }),
  framed({
    name: "bad-close-reason-taken",
    fault: "Takes a Close frame whose reason is not UTF-8.",
    channel: "answer",
    killedBy: "C-FR-07",
    verdict: "warn",
    faults: { tolerates: ["close-reason-utf8"], answerToClose: 1000 },
  }),
  framed({
    name: "reads-on-after-close",
    fault: "Delivers what comes behind a Close frame.",
    killedBy: "C-FR-07",
    faults: { readsBehindClose: true },
  }),
  altered({
    name: "abnormal-end-told-as-1000",
    fault: "Tells its application of an end without Close as of one with 1000.",
    killedBy: "C-FR-08",
    socket: () =>
      class Glossed extends WebSocket {
        override emit(type: string | symbol, ...given: unknown[]): boolean {
          return type === "close" && given[0] === 1006
            ? super.emit(type, 1000, given[1])
            : super.emit(type, ...given);
        }
      },
  }),
  altered({
    name: "takes-any-size",
    fault: "Takes messages of any length.",
    killedBy: "C-FR-09",
    side: (side) => ({
      ...side,
      // White space is what makes them long.
      decode: (frame) => side.decode(typeof frame === "string" ? frame.trim() : frame),
    }),
    options: () => ({ socketOptions: { maxPayload: 0 } }),
  }),
  altered({
    name: "limit-one-byte-too-low",
    fault: "Refuses a message of just the declared length.",
    channel: "pipeline",
    killedBy: "C-FR-09",
    options: () => ({ socketOptions: { maxPayload: 1_048_575 } }),
  }),
];
