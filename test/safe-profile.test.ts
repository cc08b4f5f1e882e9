/**
 * `--profile safe` as the server sees it: everything that the kit sends passes a proxy that counts. No frame breaks RFC
 * 6455, no command is one that the server refuses, and no second holds more messages than the document allows.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkServer } from "../conformance/index.js";
import { createJudge } from "../conformance/judge.js";
import { type Alteration, startFrameProxy } from "../conformance/mutants/frame-proxy.js";
import { startServer } from "../reference-server/server.js";
import { readContract } from "../src/document/read-contract.js";
import { ROOT } from "./requirement.js";

const TIME_SCALE = 0.05;
/** Declared for this test alone: high enough to finish, low enough to be noticed. */
const RATE = { messages: 200, perMs: 1000 };
const WINDOW_MS = RATE.perMs;

const OPCODES = new Set([0, 1, 8, 9, 10]);

describe("the profile safe", () => {
  for (const channel of ["workflow", "answer"]) {
    it(`sends ${channel} nothing illegal, and no more than the declared rate`, {
      timeout: 240_000,
    }, async () => {
      const declared = readContract(readFileSync(`${ROOT}generated/contract.json`, "utf8"));
      const contract = {
        ...declared,
        endpoints: declared.endpoints.map((endpoint) => ({
          ...endpoint,
          protocol: {
            ...endpoint.protocol,
            rate: { ...RATE, perMs: RATE.perMs / TIME_SCALE, answer: "error" as const },
          },
        })),
      };
      const endpoint = contract.endpoints.find(({ name }) => name === channel);
      if (endpoint === undefined) throw new Error(`There is no ${channel}.`);
      const { commands } = createJudge(contract, endpoint);
      const illegal: string[] = [];
      const sentAt: number[] = [];
      const refused: string[] = [];
      const alter = (): Alteration => {
        let text = "";
        return {
          frame: (frame) => {
            if (frame.from === "server") {
              const said = frame.payload.toString();
              // The refusals of the document carry a code; what fails inside of a session does as well.
              if (frame.opcode === 1 && /"code":"(?!internal|not-found)/.test(said))
                refused.push(said.slice(0, 300));
              return undefined;
            }
            if (!frame.masked || frame.rsv !== 0 || !OPCODES.has(frame.opcode))
              illegal.push(frame.bytes.toString("hex"));
            if (frame.opcode >= 8 && (!frame.fin || frame.payload.length > 125))
              illegal.push(frame.bytes.toString("hex"));
            if (frame.opcode > 1) return undefined;
            text = frame.opcode === 1 ? frame.payload.toString() : text + frame.payload.toString();
            if (!frame.fin) return undefined;
            sentAt.push(performance.now());
            const judged = commands.judge(text);
            if (!judged.ok) illegal.push(`${judged.error.code}: ${text.slice(0, 300)}`);
            return undefined;
          },
        };
      };
      const server = await startServer({ port: 0, channels: [channel], timeScale: TIME_SCALE, seed: 1 });
      const proxy = await startFrameProxy(server.port, alter);
      try {
        const report = await checkServer({
          contract,
          channel,
          url: `ws://127.0.0.1:${proxy.port}`,
          profile: "safe",
          timeScale: TIME_SCALE,
          seed: 1,
          runs: 2,
        });
        expect(
          report.outcomes.filter(({ verdict }) => verdict === "fail").map(({ id, got }) => `${id} ${got}`),
        ).toEqual([]);
        expect(report.outcomes.filter(({ verdict }) => verdict === "pass").length).toBeGreaterThan(10);
      } finally {
        await proxy.close();
        await server.close();
      }
      expect(illegal).toEqual([]);
      expect(refused).toEqual([]);
      expect(sentAt.length).toBeGreaterThan(20);
      expect(mostIn(WINDOW_MS, sentAt)).toBeLessThanOrEqual(RATE.messages);
    });
  }
});

/** The largest number of moments in any window. */
function mostIn(windowMs: number, moments: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [index, at] of moments.entries()) {
    while (at - (moments[from] ?? at) > windowMs) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
