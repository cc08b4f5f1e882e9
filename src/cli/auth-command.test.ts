import { describe, expect, it } from "vitest";
import { authorizeBy, credentialsIn } from "./auth-command.js";

const node = (script: string): readonly string[] => [process.execPath, "-e", script];

describe("the command that gives credentials", () => {
  it("is asked for each connection, as an argv that no shell sees", async () => {
    const script = `console.log(JSON.stringify({ headers: { Authorization: process.argv[1] + process.env.USER_TOKEN },
      query: { at: String(process.hrtime.bigint()) }, first: [{ hello: 1 }, "text"] }))`;
    const authorize = await authorizeBy([...node(script), "$HOME; "], { USER_TOKEN: "t" });
    const [one, other] = [await authorize(), await authorize()];
    expect(one).toMatchObject({ headers: { Authorization: "$HOME; t" }, first: ['{"hello":1}', "text"] });
    expect(one.query).not.toEqual(other.query);
  });

  it("that fails is a mistake of the user, told before the run", async () => {
    const asked = authorizeBy(node("console.error('no such account'); process.exit(3)"), {});
    await expect(asked).rejects.toThrow(/it exited with 3; it said:\nno such account/);
    await expect(authorizeBy(["/nowhere/at-all"], {})).rejects.toThrow(
      /--auth-command \/nowhere\/at-all: .*ENOENT/,
    );
  });

  it("that never ends is ended", async () => {
    await expect(authorizeBy(node("setInterval(() => 0, 1000)"), {}, 300)).rejects.toThrow(
      "longer than 0.3 s",
    );
  });

  it.each([
    ["nothing", "its output is not JSON; it prints one JSON object"],
    ["[]", "its output is no JSON object"],
    ['{"header":{}}', 'its output has the field "header"'],
    ['{"headers":{"A":1}}', "its headers are no texts"],
    ['{"first":{}}', "its first is no list"],
  ])("must print what can be used, and its output stays secret: %s", (text, said) => {
    expect(() => credentialsIn(text)).toThrow(said);
  });
});
