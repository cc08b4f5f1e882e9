import { describe, expect, it } from "vitest";
import { encodeFrame } from "./frames/encode.js";
import { OPCODE } from "./frames/frame.js";
import { watchOwnFrames } from "./own-frames.js";

const frame = encodeFrame({ opcode: OPCODE.text, payload: new Uint8Array(200) }, () =>
  Uint8Array.of(1, 2, 3, 4),
);

describe("what the kit owes by itself", () => {
  it("is sent at once between frames", () => {
    const own = watchOwnFrames();
    const sent: string[] = [];
    own.whenWhole(() => sent.push("before"));
    own.wrote(frame);
    own.whenWhole(() => sent.push("after"));
    expect(sent).toEqual(["before", "after"]);
  });

  it("waits in the middle of a frame until it is whole", () => {
    const own = watchOwnFrames();
    const sent: string[] = [];
    own.wrote(frame.subarray(0, 1));
    own.whenWhole(() => sent.push("pong"));
    own.wrote(frame.subarray(1, 150));
    expect(sent).toEqual([]);
    own.wrote(Buffer.concat([frame.subarray(150), frame.subarray(0, 3)]));
    expect(sent).toEqual([]);
    own.wrote(frame.subarray(3));
    expect(sent).toEqual(["pong"]);
  });
});
