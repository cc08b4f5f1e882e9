import { afterAll, describe, expect, it } from "vitest";
import type { Outcome } from "../report/report.js";
import { sampleContract } from "../test-subject.js";
import { checkClient } from "./check-client.js";
import { createPrograms } from "./launch/test-launch.js";
import { bareProgram, clientProgram, reconnectingEndpoint } from "./test-programs.js";

const programs = createPrograms();
afterAll(() => programs.remove());

/** Judges a program by some rows. */
async function judge(text: string, only: readonly string[]): Promise<readonly Outcome[]> {
  const name = `client-${Math.random().toString(36).slice(2)}.mjs`;
  const report = await checkClient({
    contract: sampleContract(reconnectingEndpoint),
    command: [process.execPath, programs.write(name, text)],
    seed: 1,
    runs: 2,
    time: "option",
    timeScale: 0.05,
    only,
  });
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes;
}

const ROWS = ["C-HS-02", "C-HS-03", "C-HS-04", "C-HS-06", "C-HS-07", "C-SE-01", "C-SE-02"];

describe("a client that takes no response but a right one", () => {
  it("passes every row about handshakes that the server spoils", async () => {
    const outcomes = await judge(clientProgram(), ROWS);
    expect(outcomes.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(outcomes).toHaveLength(ROWS.length);
  }, 60_000);
});

describe("a client that takes no certificate at all", () => {
  it("shows nothing by refusing the bad ones", async () => {
    const [outcome] = await judge(
      clientProgram({ options: '{ checkServerIdentity: () => new Error("no") }' }),
      ["C-SE-01"],
    );
    expect(outcome).toMatchObject({
      verdict: "untestable",
      reason: expect.stringContaining("right certificate"),
    });
  }, 60_000);
});

/** Follows a redirect with all that it said to the first host. */
const FOLLOWS = `const to = new URL(/location: (.*)/i.exec(head)[1]); socket.destroy();
  open(to, credentials);`;

describe("one thing that is wrong fails the row that owns it", () => {
  it.each<[string, string, string]>([
    ["C-HS-02", "looks at no more than the status", bareProgram()],
    ["C-HS-03", "does not look at what it did not offer", bareProgram()],
    [
      "C-HS-04",
      "stays away after a refusal",
      clientProgram({ delay: "last.refused ? Number.NaN : 3000", onRefusal: "socket.refused = true;" }),
    ],
    ["C-HS-04", "does not heed Retry-After", clientProgram({ onRefusal: "" })],
    [
      "C-HS-06",
      "waits for an answer without end",
      clientProgram({ options: "{ handshakeTimeout: undefined }" }),
    ],
    ["C-HS-06", "gives up far too soon", clientProgram({ options: "{ handshakeTimeout: 1000 * scale }" })],
    ["C-HS-07", "has two sockets at once", `${clientProgram()}\nsetTimeout(connect, 30);`],
    ["C-SE-01", "trusts any certificate", clientProgram({ options: "{ rejectUnauthorized: false }" })],
    [
      "C-SE-01",
      "goes on without TLS",
      clientProgram().replaceAll(
        "process.argv.at(-1)",
        '(n > 0 ? process.argv.at(-1).replace("wss:", "ws:") : process.argv.at(-1))',
      ),
    ],
    [
      "C-SE-02",
      "carries its token to another host",
      bareProgram({ opens: "head.startsWith('HTTP/1.1 101')", onRefusal: FOLLOWS }),
    ],
  ])(
    "%s: one that %s",
    async (id, _, text) => {
      const [outcome] = await judge(text, [id]);
      expect(outcome).toMatchObject({ id, verdict: "fail" });
    },
    60_000,
  );
});
