import { describe, expect, it } from "vitest";
import { describeFailure, UsageError } from "./failure.js";

const systemError = (code: string, more: object): Error =>
  Object.assign(new Error(`${code}: it failed`), { code, ...more });

describe("what a user sees of something thrown", () => {
  it("is what a usage error says", () => {
    expect(describeFailure(new UsageError("there is no file x"), false)).toBe("error: there is no file x");
  });

  it.each([
    [
      systemError("EADDRINUSE", { port: 8080 }),
      /^error: port 8080: the port is in use; choose another with --port/,
    ],
    [systemError("EACCES", { path: "out/a.ts" }), /^error: out\/a\.ts: permission denied \(EACCES\)$/],
    [systemError("ECONNREFUSED", {}), /^error: nothing listens there/],
  ])("is what to do about %s", (error, said) => {
    expect(describeFailure(error, false)).toMatch(said);
  });

  it.each([new TypeError("x is not a function\n    at f (file.js:1:1)"), "a text", undefined])(
    "has no stack, and says how to report it: %s",
    (thrown) => {
      const said = describeFailure(thrown, false);
      expect(said).toMatch(/^internal error: .*\nThis is a fault of wireproof.*\n.*WIREPROOF_DEBUG=1/);
      expect(said).not.toMatch(/\n\s+at /);
    },
  );

  it("has the stack under WIREPROOF_DEBUG", () => {
    expect(describeFailure(new TypeError("x"), true)).toMatch(/\n\s+at /);
  });
});
