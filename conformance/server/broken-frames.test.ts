/** S-CD-04: what the author of a server is told that takes what is no JSON. */

import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { keepContract, sampleContract, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";

/** A server that keeps the contract and reads another text than the one that was sent. */
const reading =
  (change: (text: string) => string | undefined) =>
  (socket: WebSocket): void => {
    const emit = socket.emit.bind(socket);
    socket.emit = (name: string, ...rest: unknown[]) => {
      if (name !== "message") return emit(name, ...rest);
      const text = change(String(rest[0]));
      return text === undefined ? true : emit(name, Buffer.from(text), false);
    };
    keepContract()(socket);
  };

async function judge(onConnection: (socket: WebSocket) => void) {
  const server = await serveSample(onConnection);
  try {
    const only = ["S-CD-04"];
    const report = await checkServer({ contract: sampleContract(), url: server.url, seed: 1, runs: 1, only });
    const [outcome] = report.outcomes;
    if (outcome === undefined) throw new Error("There is no outcome.");
    return outcome;
  } finally {
    await server.close();
  }
}

describe("text that is no JSON", () => {
  it("may be no number either: who takes NaN hears of his parser", async () => {
    const outcome = await judge(reading((text) => text.replace(/,"nan":NaN/, "")));
    expect(outcome.verdict, outcome.reason).toBe("warn");
    expect(outcome.expected).toContain("NaN");
    expect(outcome.mend).toMatch(/JSON has no NaN.*parse_constant/);
  }, 30_000);

  it("is answered: who says nothing hears how long that was waited for", async () => {
    const outcome = await judge(reading((text) => (text === "null" ? undefined : text)));
    expect(outcome.verdict, outcome.reason).toBe("fail");
    expect(outcome.got).toMatch(/^no answer within \d+ ms: .*\(sent: null\)$/);
    expect(outcome.clause).toContain("PROTOCOL.md");
  }, 30_000);
});
