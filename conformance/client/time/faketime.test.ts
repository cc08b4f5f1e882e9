import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { requirement } from "../../../test/requirement.js";
import { createPrograms } from "../launch/test-launch.js";
import { FAKETIME, faketimeEnvironment, findLibfaketime, whyNoFaketime } from "./faketime.js";

const programs = createPrograms();
afterAll(programs.remove);
const { signal } = new AbortController();

describe("libfaketime", () => {
  it.each(["lib/x86_64-linux-gnu/faketime", "lib/faketime", "lib64/faketime", "local/lib/faketime"])(
    "is found in %s",
    (folder) => {
      const root = join(programs.folder, folder.replaceAll("/", "-"));
      mkdirSync(join(root, folder), { recursive: true });
      const path = programs.write(join(folder.replaceAll("/", "-"), folder, "libfaketime.so.1"), "");
      expect(findLibfaketime(root)).toEqual({ path });
    },
  );

  it("is named, with the way to get it, where it is not", () => {
    expect(findLibfaketime(join(programs.folder, "none"))).toEqual({
      missing: expect.stringMatching(/libfaketime\.so\.1.*apt-get install faketime/),
    });
  });

  it("leaves in place what is preloaded already", () => {
    expect(faketimeEnvironment("/lib/f.so", 10, { LD_PRELOAD: "/lib/a.so" })).toMatchObject({
      LD_PRELOAD: "/lib/f.so:/lib/a.so",
      FAKETIME: "+0 x10",
    });
  });
});

const library = requirement("libfaketime");

describe.skipIf(!library.available)("a program under libfaketime", () => {
  const found = findLibfaketime();
  const env = faketimeEnvironment("path" in found ? found.path : "", FAKETIME.speed);

  it.each([[[process.execPath, "client.js"]], [["npx", "tsx", "client.ts"]], [["/opt/client", "--run"]]])(
    "lives faster, as one of the same kind shows: %j",
    async (argv) => {
      expect(await whyNoFaketime(argv, env, FAKETIME.speed, signal)).toBeUndefined();
    },
  );

  it.skipIf(!requirement("python").available)("lives faster in Python as well", async () => {
    expect(await whyNoFaketime(["python3", "client.py"], env, FAKETIME.speed, signal)).toBeUndefined();
  });

  it("is told by what it does where it lives on as ever", async () => {
    const none = { ...env, FAKETIME: "+0 x1" };
    expect(await whyNoFaketime([process.execPath], none, FAKETIME.speed, signal)).toMatch(
      /node waits 2\d{3} ms of the wall for 2000 ms/,
    );
  });

  it("is told by its name where it does not start", async () => {
    const node = programs.write("node", "");
    expect(await whyNoFaketime([node], env, FAKETIME.speed, signal)).toBe(
      "node does not start under libfaketime",
    );
  });
});
