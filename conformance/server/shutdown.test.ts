/** S-RC-05 and the death of a subject, with processes that the kit started itself. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import type { Report } from "../report/report.js";
import { sampleContract, sampleEndpoint } from "../test-subject.js";
import { checkServer } from "./check-server.js";
import { startSubject } from "./process.js";

const contract = sampleContract({
  ...sampleEndpoint,
  closeCodes: {
    "1001": { cause: ["going-away"], retry: true, by: "server" },
    "1012": { cause: ["restart"], retry: true, by: "server" },
  },
});

/** A server that keeps the part of the sample contract that its witness needs, and does `onTerm` on SIGTERM. */
const server = (onTerm: string, onMessage = ""): string => `
  const { WebSocketServer } = require("ws");
  const server = new WebSocketServer({ port: Number(process.argv[1]), host: "127.0.0.1" });
  server.on("connection", (socket) => socket.on("message", (data) => {
    ${onMessage}
    let value;
    try { value = JSON.parse(String(data)); } catch { return socket.send('{"event":"error","code":"not-json"}'); }
    if (value && value.cmd === "say") socket.send(JSON.stringify({ event: "said", text: value.text }));
  }));
  process.on("SIGTERM", () => { ${onTerm} });`;

async function judge(script: string, only: readonly string[]): Promise<Report> {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  // The address of a listening TCP server is an AddressInfo.
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, "close");
  const url = `ws://127.0.0.1:${port}`;
  const subject = await startSubject({ argv: [process.execPath, "-e", script, String(port)], url });
  try {
    return await checkServer({ contract, url, seed: 1, runs: 2, only, subject, patienceMs: 2000 });
  } finally {
    await subject.stop();
  }
}

const outcome = (report: Report, id: string) => report.outcomes.find((one) => one.id === id);
const LEAVE =
  "for (const client of server.clients) client.close(1012); setTimeout(() => process.exit(0), 300);";

describe("a server that is told to end", () => {
  it("passes when it says so to every client and exits", async () => {
    const report = await judge(server(LEAVE), ["S-RC-05", "S-HS-01"]);
    expect(outcome(report, "S-RC-05")).toMatchObject({ verdict: "pass" });
    expect(report.harnessFaults).toEqual([]);
  }, 60_000);

  it.each([
    ["says 1000", LEAVE.replace("1012", "1000"), /with 1000/],
    ["just exits", "process.exit(0)", /without a Close frame|reset/],
    ["goes on", "", /the connection is open/],
  ])(
    "fails when it %s",
    async (_, onTerm, got) => {
      const report = await judge(server(onTerm), ["S-RC-05", "S-HS-01"]);
      expect(outcome(report, "S-RC-05")).toMatchObject({
        verdict: "fail",
        got: expect.stringMatching(got),
        expected: expect.stringMatching(/1001 or 1012/),
      });
    },
    120_000,
  );

  it("cannot be tried on a server that somebody else started", async () => {
    const { keepContract, serveSample } = await import("../test-subject.js");
    const other = await serveSample(keepContract());
    try {
      const report = await checkServer({ contract, url: other.url, seed: 1, runs: 2, only: ["S-RC-05"] });
      expect(outcome(report, "S-RC-05")).toMatchObject({ verdict: "untestable" });
    } finally {
      await other.close();
    }
  });
});

describe("a server that dies", () => {
  it("is reported at once and once, with what was going on and what it wrote last", async () => {
    const die = `if (!String(data).trimStart().startsWith("{")) { console.error("no memory left"); process.exit(9); }`;
    const report = await judge(server(LEAVE, die), ["S-HS-01", "S-CD-04", "S-FR-01"]);
    const failed = report.outcomes.filter(({ verdict }) => verdict === "fail");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatch(/process exited with 9 while .*S-CD-04/);
    expect(failed[0]?.got).toContain("no memory left");
    expect(report.outcomes.some(({ verdict }) => verdict === "untestable")).toBe(true);
    expect(report.exitCode).toBe(1);
  }, 60_000);
});
