import { describe, expect, it } from "vitest";
import { encodeFrame } from "./frames/encode.js";
import { type FrameSpec, OPCODE } from "./frames/frame.js";
import { watchOwnFrames } from "./own-frames.js";

const frame = encodeFrame({ opcode: OPCODE.text, payload: new Uint8Array(200) }, () =>
  Uint8Array.of(1, 2, 3, 4),
);

describe("what the kit owes by itself", () => {
  it("is sent at once between frames", () => {
    const own = watchOwnFrames();
    const sent: string[] = [];
    own.whenControl(() => sent.push("before"));
    own.wrote(frame);
    own.whenControl(() => sent.push("after"));
    expect(sent).toEqual(["before", "after"]);
  });

  it("waits in the middle of a frame until it is whole", () => {
    const own = watchOwnFrames();
    const sent: string[] = [];
    own.wrote(frame.subarray(0, 1));
    own.whenControl(() => sent.push("pong"));
    own.wrote(frame.subarray(1, 150));
    expect(sent).toEqual([]);
    own.wrote(Buffer.concat([frame.subarray(150), frame.subarray(0, 3)]));
    expect(sent).toEqual([]);
    own.wrote(frame.subarray(3));
    expect(sent).toEqual(["pong"]);
  });

  it.each([
    ["frames", true],
    ["bytes", false],
  ])("is a control frame between the fragments of a message, never a text (%s)", (_, whole) => {
    const own = watchOwnFrames();
    const sent: string[] = [];
    const say = (spec: FrameSpec): void =>
      whole ? own.sent(spec) : own.wrote(encodeFrame(spec, () => Uint8Array.of(1, 2, 3, 4)));
    say({ opcode: OPCODE.text, fin: false, payload: Uint8Array.of(97) });
    own.whenControl(() => sent.push("pong"));
    own.whenText(() => sent.push("text"));
    say({ opcode: OPCODE.ping, payload: Uint8Array.of(1) });
    expect(own.heldSince).toBeTypeOf("number");
    expect(sent).toEqual(["pong"]);
    say({ opcode: OPCODE.continuation, payload: Uint8Array.of(98) });
    expect(sent).toEqual(["pong", "text"]);
    expect(own.heldSince).toBeUndefined();
  });

  it("is nothing after a Close frame", () => {
    const own = watchOwnFrames();
    own.sent({ opcode: OPCODE.close });
    expect([own.takesControl(), own.takesText()]).toEqual([false, false]);
  });
});
