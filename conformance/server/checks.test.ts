/** Each codec, reply and state check against a small server that keeps its contract, and one that breaks one rule. */

import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Contract, Endpoint, JsonSchema } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import type { Verdict } from "../check.js";
import type { Outcome, Report } from "../report/report.js";
import { keepContract, type SampleFaults, sampleContract, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";

/** Answers a frame in place of the server, or leaves it to the server by giving false. */
type Intercept = (frame: Record<string, unknown>, socket: WebSocket, text: string) => boolean;

function tampered(intercept: Intercept, faults: SampleFaults = {}): (socket: WebSocket) => void {
  return (socket) => {
    const emit = socket.emit.bind(socket);
    socket.emit = (name: string | symbol, ...rest: unknown[]) => {
      const text = String(rest[0]);
      if (name === "message" && intercept(objectIn(text), socket, text)) return true;
      return emit(name, ...rest);
    };
    keepContract(faults)(socket);
  };
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function judge(
  onConnection: (socket: WebSocket) => void,
  only: readonly string[],
  contract: Contract = sampleContract(),
): Promise<Report> {
  const server = await serveSample(onConnection);
  try {
    const report = await checkServer({ contract, url: server.url, seed: 3, runs: 6, only });
    expect(report.harnessFaults).toEqual([]);
    return report;
  } finally {
    await server.close();
  }
}

async function outcome(
  onConnection: (socket: WebSocket) => void,
  id: string,
  contract?: Contract,
): Promise<Outcome> {
  const others = id === "S-CD-02" || id === "S-CD-09" ? ["S-CD-11", "S-SM-01"] : [];
  const report = await judge(onConnection, [id, ...others], contract);
  const found = report.outcomes.find((one) => one.id === id);
  if (found === undefined) throw new Error(`No outcome for ${id}.`);
  return found;
}

const send = (socket: WebSocket, value: unknown): true => {
  socket.send(JSON.stringify(value));
  return true;
};

const IDS = [
  ...["S-CD-01", "S-CD-02", "S-CD-03", "S-CD-04", "S-CD-05", "S-CD-09", "S-CD-10", "S-CD-11"],
  ...["S-RR-01", "S-SM-01", "S-SM-02"],
];

describe("a server that keeps the contract", () => {
  it("passes every one of these checks", async () => {
    const report = await judge(keepContract(), IDS);
    const verdicts = report.outcomes.map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`);
    expect(
      report.outcomes.every(({ verdict }) => verdict === "pass"),
      verdicts.join("\n"),
    ).toBe(true);
    expect(report.outcomes.map(({ id }) => id)).toEqual(IDS);
  }, 60_000);
});

describe("a server that breaks one rule", () => {
  it.concurrent.each<[string, string, Verdict, (socket: WebSocket) => void, RegExp]>([
    [
      "S-CD-01",
      "refuses a valid command for its payload",
      "fail",
      tampered(
        ({ cmd }, socket) => cmd === "count" && send(socket, { event: "error", code: "invalid-payload" }),
      ),
      /"count" is not refused for its payload/,
    ],
    [
      "S-CD-01",
      "refuses a legal command for its state",
      "fail",
      tampered(
        ({ cmd }, socket) => cmd === "count" && send(socket, { event: "error", code: "illegal-state" }),
      ),
      /none of one that it allows/,
    ],
    [
      "S-CD-02",
      "sends a number as a string",
      "fail",
      keepContract({ alter: (event) => (event["event"] === "number" ? { ...event, value: "1" } : event) }),
      /integer at \/value/,
    ],
    [
      "S-CD-03",
      "accepts a field that is not declared",
      "fail",
      tampered(
        ({ cmd, text, ...rest }, socket) =>
          cmd === "say" &&
          typeof text === "string" &&
          Object.keys(rest).length > 0 &&
          send(socket, { event: "said", text }),
      ),
      /additionalProperties/,
    ],
    ["S-CD-03", "refuses each wrong payload twice", "fail", keepContract(), /refused once/],
    [
      "S-CD-04",
      "closes on text that is no JSON",
      "fail",
      tampered((_frame, socket, text) => {
        if (text.startsWith("{") && text.endsWith("}")) return false;
        socket.close(1000);
        return true;
      }),
      /the connection stays open/,
    ],
    [
      "S-CD-05",
      "ignores an unknown command in silence",
      "fail",
      tampered(({ cmd }) => typeof cmd === "string" && !["say", "ping", "count"].includes(cmd)),
      /a command of the unknown name "no-such-command" is refused once by "error"/,
    ],
    [
      "S-CD-09",
      "names its events with another field",
      "fail",
      keepContract({ field: "type" }),
      /names itself by the field `event`/,
    ],
    [
      "S-CD-10",
      "takes a command that is named by a foreign field",
      "fail",
      tampered(({ type, text }, socket) => type === "say" && send(socket, { event: "said", text })),
      /"say" named by `type` for `cmd`/,
    ],
    [
      "S-CD-10",
      "refuses it with a code that says less",
      "warn",
      keepContract({
        alter: (event) =>
          event["code"] === "wrong-discriminator" ? { ...event, code: "unknown-message" } : event,
      }),
      /the code "wrong-discriminator"/,
    ],
    [
      "S-CD-11",
      "trims text",
      "fail",
      keepContract({
        alter: (event) =>
          event["event"] === "said" ? { ...event, text: String(event["text"]).trim() } : event,
      }),
      /white space at both ends/,
    ],
    [
      "S-CD-11",
      "keeps the text of a refused command",
      "fail",
      (() => {
        let kept: unknown;
        return tampered(({ cmd, text, ...rest }, socket) => {
          if (cmd !== "say") return false;
          if (Object.keys(rest).length > 0) {
            kept = text;
            return false;
          }
          const answer = kept === undefined ? text : `${String(kept)} ${String(text)}`;
          kept = undefined;
          return send(socket, { event: "said", text: answer });
        });
      })(),
      /holds nothing of another's/,
    ],
    [
      "S-RR-01",
      "does not answer",
      "fail",
      tampered(({ cmd }) => cmd === "ping"),
      /"pong" in reply to "ping"/,
    ],
    [
      "S-RR-01",
      "answers under another id",
      "fail",
      keepContract({ alter: (event) => (event["event"] === "pong" ? { ...event, token: "other" } : event) }),
      /the correlation id that was sent/,
    ],
    [
      "S-SM-01",
      "sends an event after the last one",
      "fail",
      tampered(({ cmd }, socket) => {
        const original = socket.send.bind(socket);
        if (cmd !== "count") return false;
        socket.send = (data: unknown) => {
          original(String(data));
          if (String(data).includes("counted")) original('{"event":"number","value":0}');
        };
        return false;
      }),
      /no event \(lifecycle `counting`\)/,
    ],
    [
      "S-SM-01",
      "never ends",
      "fail",
      keepContract({ alter: (event) => (event["event"] === "counted" ? undefined : event) }),
      /counted \(lifecycle `counting`\)/,
    ],
    [
      "S-SM-02",
      "does nothing about a command that its state does not allow",
      "fail",
      slowCount,
      /"count" is refused in the state `counting`/,
    ],
  ])(
    "%s: %s",
    async (id, what, verdict, server, expected) => {
      const serving = what.includes("twice") ? refusesTwice : server;
      const found = await outcome(serving, id);
      expect(found.verdict, JSON.stringify(found, undefined, 1)).toBe(verdict);
      expect(`${found.expected} ${found.reason}`).toMatch(expected);
      expect(found.got).toBeTruthy();
      expect(found.mend).toBeTruthy();
      expect(found.replay?.command).toContain(`--only ${id}`);
    },
    60_000,
  );

  it("is not accused twice: what rests on events that cannot be read is blocked", async () => {
    const report = await judge(keepContract({ field: "type" }), IDS);
    const failing = report.outcomes.filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
    expect(failing).toEqual(["S-CD-09"]);
    for (const { id, verdict, reason } of report.outcomes) {
      if (id === "S-CD-09") continue;
      expect(`${id} ${verdict}: ${reason}`).toBe(`${id} untestable: blocked by S-CD-09`);
    }
  }, 60_000);
});

/** Counts for so long that a second `count` comes meanwhile, and says nothing about that one. */
function slowCount(socket: WebSocket): void {
  let counting = false;
  tampered(({ cmd, to, ...rest }) => {
    const valid =
      Number.isInteger(to) && Number(to) >= 1 && Number(to) <= 100 && Object.keys(rest).length === 0;
    if (cmd !== "count" || !valid) return false;
    if (counting) return true;
    counting = true;
    const numbers = setInterval(() => send(socket, { event: "number", value: 1 }), 100);
    setTimeout(() => {
      clearInterval(numbers);
      counting = false;
      send(socket, { event: "counted" });
    }, 1700);
    return true;
  })(socket);
}

/** Refuses each wrong payload, and then once more. */
function refusesTwice(socket: WebSocket): void {
  const original = socket.send.bind(socket);
  socket.send = (data: unknown) => {
    original(String(data));
    if (String(data).includes("invalid-payload")) setTimeout(() => original(String(data)), 20);
  };
  keepContract()(socket);
}

describe("what binds only by SHOULD", () => {
  it("is a warning: a format that the server does not look at", async () => {
    const named = (name: string, field: string): JsonSchema => ({
      type: "object",
      properties: { [field]: { const: name }, at: { type: "string", format: "date" } },
      required: [field, "at"],
      additionalProperties: field === "event",
    });
    const endpoint = inlineEndpoint({
      receive: "/cmd",
      send: "/event",
      commands: { mark: named("mark", "cmd") },
      events: {
        marked: named("marked", "event"),
        error: { type: "object", properties: { event: { const: "error" } }, required: ["event"] },
      },
      protocol: {
        answerMs: 1000,
        reject: { message: "error", payload: [], state: [], spontaneous: false },
      },
      endpoint: {
        operations: [
          {
            name: "mark",
            action: "receive",
            messages: ["mark"],
            reply: { messages: ["marked"], ack: false },
          },
        ],
      },
    });
    const found = await outcome(
      (socket) =>
        socket.on("message", (data) => {
          const { cmd, at, ...rest } = objectIn(String(data));
          const good = cmd === "mark" && typeof at === "string" && Object.keys(rest).length === 0;
          send(socket, good ? { event: "marked", at: "2026-01-01" } : { event: "error" });
        }),
      "S-CD-03",
      sampleContract(endpoint),
    );
    expect(found.verdict, JSON.stringify(found, undefined, 1)).toBe("warn");
    expect(found.expected).toMatch(/format/);
  }, 60_000);
});

describe("a document that declares nothing but messages and operations", () => {
  const bare: Endpoint = {
    ...inlineEndpoint({
      commands: { say: { type: "object", properties: { say: { type: "string" } }, required: ["say"] } },
      events: { said: { type: "object", properties: { said: { type: "string" } }, required: ["said"] } },
      protocol: { answerMs: 1000 },
    }),
    operations: [
      { name: "say", action: "receive", messages: ["say"], reply: { messages: ["said"], ack: false } },
    ],
  };
  const answering = (socket: WebSocket) =>
    void socket.on("message", (data) => {
      const { say } = objectIn(String(data));
      if (typeof say === "string") send(socket, { said: say });
      else socket.close(1003);
    });

  it("is judged only by what it declares, and a server may close on broken text", async () => {
    const report = await judge(answering, IDS, sampleContract(bare));
    const verdicts = Object.fromEntries(report.outcomes.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toEqual({
      "S-CD-01": "pass",
      "S-CD-02": "pass",
      "S-CD-03": "not-applicable",
      "S-CD-04": "pass",
      "S-CD-05": "not-applicable",
      "S-CD-09": "not-applicable",
      "S-CD-10": "not-applicable",
      "S-CD-11": "not-applicable",
      "S-RR-01": "pass",
      "S-SM-01": "not-applicable",
      "S-SM-02": "not-applicable",
    });
  }, 60_000);

  it("passes no server that says nothing", async () => {
    const report = await judge(() => undefined, IDS, sampleContract(bare));
    expect(report.outcomes.filter(({ verdict }) => verdict === "pass")).toEqual([]);
    expect(report.exitCode).not.toBe(0);
  }, 60_000);

  it("fails a server that dies of broken text", async () => {
    let alive = true;
    const report = await judge(
      (socket) => {
        if (!alive) return;
        socket.on("message", (data) => {
          if (Object.keys(objectIn(String(data))).length === 0) alive = false;
          else answering(socket);
        });
        answering(socket);
      },
      ["S-CD-04"],
      sampleContract(bare),
    );
    expect(report.outcomes[0]?.verdict, JSON.stringify(report.outcomes, undefined, 1)).toBe("fail");
  }, 60_000);
});
