import { afterAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Endpoint } from "../../src/contract/contract.js";
import type { Report } from "../report/report.js";
import { sampleContract, sampleEndpoint } from "../test-subject.js";
import { checkClient } from "./check-client.js";
import { createPrograms } from "./launch/test-launch.js";
import { type AdapterFaults, adapted } from "./test-adapter.js";
import { clientProgram, reconnectingEndpoint } from "./test-programs.js";

const programs = createPrograms();
afterAll(() => programs.remove());

/** Judges a client of this process. */
async function judge(id: string, faults: AdapterFaults = {}, endpoint: Endpoint = sampleEndpoint) {
  const report = await checkClient({
    contract: sampleContract(endpoint),
    adapter: adapted(endpoint, faults),
    WebSocket,
    replies: true,
    seed: 1,
    runs: 2,
    time: "real",
    only: [id],
  });
  return only(report);
}

/** The one outcome; the kit itself has made no fault. */
function only(report: Report) {
  expect(report.harnessFaults).toEqual([]);
  return report.outcomes[0];
}

const named = (text: string): unknown => JSON.parse(text).event;

/** Commands are legal only once the server has said something. */
const waitingEndpoint: Endpoint = {
  ...sampleEndpoint,
  lifecycles: [
    {
      name: "session",
      scope: "connection",
      initial: "closed",
      queued: [],
      transitions: [
        { from: ["closed"], on: ["said"], to: "open" },
        { from: ["open"], on: ["said", "say"], to: "=" },
      ],
      obligations: [],
    },
  ],
};

describe("a right client", () => {
  it.each(["C-CD-03", "C-CD-07", "C-RB-01"])("passes %s", async (id) => {
    expect(await judge(id)).toMatchObject({ id, verdict: "pass" });
  });

  it("passes C-SM-01", async () => {
    expect(await judge("C-SM-01", {}, waitingEndpoint)).toMatchObject({ verdict: "pass" });
  });
});

describe("one thing that is wrong fails the row that owns it", () => {
  const close = (socket: WebSocket): void => socket.close(4000);

  it.each<[string, string, AdapterFaults, RegExp]>([
    [
      "C-CD-03",
      "ends the connection at an unknown event",
      { heard: (text, socket) => (named(text) === "no-such-event" ? close(socket) : undefined) },
      /did not survive an event of the unknown name/,
    ],
    [
      "C-CD-03",
      "throws at a further field",
      {
        heard(text) {
          if (text.includes("wireproof-further")) throw new RangeError("too many fields");
        },
      },
      /died of a further field/,
    ],
    [
      "C-CD-07",
      "ends the connection",
      { heard: (text, socket) => (named(text) === undefined ? close(socket) : undefined) },
      /did not survive/,
    ],
    ["C-CD-07", "says nothing of it", { report: () => undefined }, /nothing was reported/],
    ["C-CD-07", "calls it something else", { report: () => "not-json" }, /was called not-json/],
    ["C-CD-07", "delivers it", { deliverInvalid: (text) => [JSON.parse(text)] }, /was delivered/],
    [
      "C-RB-01",
      "gives up under a flood",
      (() => {
        let heard = 0;
        return {
          heard(_: string, socket: WebSocket) {
            heard += 1;
            if (heard % 1000 === 0) close(socket);
          },
        };
      })(),
      /did not survive a flood/,
    ],
  ])(
    "%s: one that %s",
    async (id, _, faults, reason) => {
      expect(await judge(id, faults)).toMatchObject({
        id,
        verdict: "fail",
        reason: expect.stringMatching(reason),
      });
    },
    60_000,
  );

  it("C-SM-01: one that speaks before the session is open", async () => {
    expect(
      await judge("C-SM-01", { atOpen: '{"cmd":"say","text":"me first"}' }, waitingEndpoint),
    ).toMatchObject({
      verdict: "fail",
      got: expect.stringContaining("me first"),
    });
  });
});

describe("C-RB-02, of a client that is ended", () => {
  it.each<[string, string | undefined, string]>([
    ["says goodbye", undefined, "pass"],
    ["just ends", "process.exit(0);", "fail"],
    ["does not end", "last.close(1000);", "fail"],
  ])(
    "and %s",
    async (_, atEnd, verdict) => {
      const name = `client-${Math.random().toString(36).slice(2)}.mjs`;
      const program = programs.write(name, clientProgram(atEnd === undefined ? {} : { atEnd }));
      const report = await checkClient({
        contract: sampleContract(reconnectingEndpoint),
        command: [process.execPath, program],
        seed: 1,
        time: "real",
        only: ["C-RB-02"],
      });
      expect(only(report)).toMatchObject({ id: "C-RB-02", verdict });
    },
    60_000,
  );
});
