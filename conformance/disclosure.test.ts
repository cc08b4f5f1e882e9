import { describe, expect, it } from "vitest";
import { disclosureIn, tokensIn } from "./disclosure.js";

describe("a stack trace", () => {
  it.each([
    [
      "JavaScript",
      "TypeError: x is undefined\n    at handle (file:///srv/app.js:10:5)\n    at emit (node:events:518:28)",
    ],
    ["JavaScript in JSON", JSON.stringify({ message: "x\n    at Object.<anonymous> (server.js:3:7)" })],
    ["Python", 'Traceback (most recent call last):\n  File "server.py", line 3, in handle'],
    ["Python in JSON", JSON.stringify({ error: 'File "main.py", line 12, in <module>' })],
    ["Go", "panic: runtime error\n\ngoroutine 18 [running]:\nmain.handle"],
    ["Java", "java.lang.NullPointerException\n\tat com.example.Chat.handle(Chat.java:42)"],
    ["C#", "System.Exception: no\n   at Chat.Handle(String text) in C:\\src\\Chat.cs:line 12"],
    ["Rust", "thread 'main' panicked at src/main.rs:3:5"],
    ["Ruby", "app.rb:3:in `handle'"],
  ])("of %s is found", (_, text) => {
    expect(disclosureIn(text)?.what).toBe("a stack trace");
  });
});

describe("the path of a file", () => {
  it.each([
    ["cannot open /srv/chat/server.py"],
    ["ENOENT: no such file or directory, open '/app/config/settings.json'"],
    ["template /usr/share/chat/error.html is missing"],
    ["failed at /builds/chat/src/handler.go:31"],
    ["cannot read C:\\Users\\ann\\chat\\app.ts"],
    [JSON.stringify({ message: "cannot read C:\\Users\\ann\\chat\\app.ts" })],
    ["import of file:///srv/chat/index.js failed"],
  ])("is found in %s", (text) => {
    expect(disclosureIn(text)?.what).toBe("the path of a file");
  });

  it("that the client itself sent is only repeated", () => {
    expect(disclosureIn("unknown name /srv/x.py", '{"cmd":"/srv/x.py"}')).toBeUndefined();
  });
});

describe("what an error may say", () => {
  it.each([
    ["the frame is not JSON: Unexpected token } in JSON at position 5"],
    ["expected an integer at /data/workflow_id, got null"],
    ["/data/items/0/name: must be string"],
    ["must match the schema https://example.com/schemas/app/user.json"],
    ["see https://example.com/home/docs/errors.html#illegal-state"],
    ["unknown command /help"],
    ["at 10:30:15 the server restarts"],
    ["one of: a/b, c/d, text/html; charset=utf-8"],
    ["pause at line 3 is not allowed while running"],
    ["the pipeline /api/v1/pipelines/1703860a/ws/connect is unknown"],
    ["ratio 3/4, path data/x.json, ~/x"],
    [
      JSON.stringify({
        event: "error",
        data: { code: "invalid-payload", path: "/app/name", message: "too long" },
      }),
    ],
  ])("%s", (text) => {
    expect(disclosureIn(text)).toBeUndefined();
  });
});

describe("what looks like a secret", () => {
  it("is noted, and ordinary words are not", () => {
    expect(tokensIn("invalid token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk")).toHaveLength(1);
    expect(tokensIn("key sk-abcdefghijklmnopqrstu expired")).toHaveLength(1);
    expect(tokensIn("the session 1703860a-4d1e-4a64-8d9c-140edb2ae359 is unknown")).toEqual([]);
  });
});
