import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../test/requirement.js";
import type { Lifecycle, Transition } from "../../contract/contract.js";
import { Automaton } from "../../contract/lifecycle/automaton.js";
import { channelText, object, ownFindings, ref, writeDocument } from "../test-support/documents.js";
import type { Letter } from "./crossing/alphabet.js";
import { exploreCrossings } from "./crossing/explore.js";

const kind = (name: string, more = {}) => object({ kind: { const: name }, ...more });
const TURN = [
  { from: "idle", on: ref("say"), to: "busy" },
  { from: "busy", on: ref("said"), to: "idle" },
  { from: "busy", on: ref("stop"), to: "idle" },
];

/** What lint says of a channel with one lifecycle. */
const findingsOf = (transitions: readonly unknown[], extensions: Record<string, unknown> = {}) =>
  ownFindings(
    writeDocument(
      channelText({
        commands: { say: kind("say", { topic: {} }), stop: kind("stop", { topic: {} }) },
        events: {
          said: kind("said"),
          more: kind("more"),
          state: kind("state", { is: { enum: ["idle", "busy"] } }),
          no: kind("no", { code: { enum: ["invalid-payload", "too-late"] } }),
        },
        extensions: {
          "x-ws-lifecycle": [
            {
              name: "turn",
              scope: "connection",
              initial: "idle",
              transitions,
              ...(extensions["lifecycle"] as object),
            },
          ],
          ...(extensions["protocol"] === undefined ? {} : { "x-ws-protocol": extensions["protocol"] }),
        },
      }),
    ),
  );

describe("a command that comes too late", () => {
  it("is a warning, with the shortest course to it, as the page shows it", async () => {
    const [finding, ...others] = await findingsOf(TURN);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: "crossing",
      severity: "warning",
      pointer: "/channels/c/x-ws-lifecycle/0/transitions/2",
    });
    const page = readFileSync(join(ROOT, "docs/rules/crossing.md"), "utf8");
    expect(page).toContain(`\`\`\`\n${finding?.detail}\n\`\`\`\n`);
  });

  it("is for information where a refusal says so", async () => {
    const reject = { message: ref("no"), code: "/code", state: ["too-late"] };
    const findings = await findingsOf(TURN, { protocol: { reject } });
    expect(findings.map(({ severity, mend }) => [severity, mend])).toEqual([
      ["info", expect.stringMatching(/^Nothing, where clients are ready for `no`; else let `idle` take it/)],
    ]);
  });

  it.each([
    ["waits", TURN, { queued: [ref("stop")] }],
    ["may be refused", [...TURN, { from: "idle", on: ref("stop"), to: "=", may: true }], {}],
  ])("is none where it %s", async (_, transitions, lifecycle) => {
    const findings = await findingsOf(transitions, { lifecycle });
    expect(findings.filter(({ message }) => message.includes("does not take it"))).toEqual([]);
  });
});

describe("two ends that part", () => {
  const parted = [
    { from: "idle", on: ref("say"), to: "busy" },
    { from: "idle", on: ref("more"), to: "told" },
    { from: "busy", on: ref("more"), to: "=" },
    { from: "told", on: ref("say"), to: "=" },
  ];

  it("are a warning", async () => {
    const findings = await findingsOf([...parted, { from: ["busy", "told"], on: ref("stop"), to: "=" }]);
    expect(findings.map(({ severity, message }) => [severity, message])).toEqual([
      [
        "warning",
        expect.stringContaining("then the client takes the state for `busy`, and the server for `told`"),
      ],
    ]);
    expect(findings[0]?.detail?.split("\n")).toEqual(
      [
        "client                                   server",
        "idle                                     idle",
        "busy    ── say ─── ·",
        "                   · ── more ───  told",
        "busy    ◀─ more ── ·",
        "                   · ── say ───▶  told",
      ].map((line) =>
        expect.stringMatching(new RegExp(line.trim().replaceAll(/\s+/g, "\\s+").replaceAll(/─+/g, "─+"))),
      ),
    );
  });

  it("are for information where each event that may follow leads both into one state", async () => {
    const findings = await findingsOf([
      ...parted,
      { from: ["busy", "told"], on: ref("said"), to: "done" },
      { from: "done", on: ref("say"), to: "=" },
    ]);
    expect(findings.map(({ severity }) => severity)).toEqual(["info"]);
  });

  it("are found as well where they only remember different values", async () => {
    const findings = await findingsOf([
      { from: "idle", on: ref("say"), to: "busy", set: { topic: "/topic" } },
      { from: "busy", on: ref("stop"), to: "stopping", bound: { "/topic": "topic" } },
      { from: "busy", on: ref("more"), to: "=", set: { topic: "/topic" } },
      { from: "stopping", on: ref("more"), to: "=" },
      { from: "stopping", on: ref("said"), to: "=" },
    ]);
    expect(findings.map(({ message }) => message)).toEqual([
      // What the event says in its place may be another value, or none.
      "`stop` and `more` of `turn` can pass each other: the command was legal when it was sent, and `busy` does not take it.",
      "`stop` and `more` of `turn` can pass each other: then both are in `stopping`, and remember different values.",
    ]);
  });
});

it("messages that take the same transitions are one finding, not one each", async () => {
  const findings = await findingsOf([
    { from: "idle", on: ref("say"), to: "busy" },
    { from: "busy", on: [ref("said"), ref("more")], to: "idle" },
    { from: "busy", on: ref("stop"), to: "=" },
  ]);
  expect(findings.map(({ message }) => message)).toEqual([
    expect.stringContaining("`stop` and `said` (as 1 other) of `turn` can pass each other"),
  ]);
});

// Small lifecycles, most of them faulty: commands a and b, events x and y.
const STATES = ["one", "two", "three"];
const transition: fc.Arbitrary<Transition> = fc.record({
  from: fc.subarray(STATES, { minLength: 1, maxLength: 2 }),
  on: fc.constantFrom("a", "b", "x", "y").map((name) => [name]),
  to: fc.constantFrom(...STATES, "=", "$closed"),
});
const lifecycles: fc.Arbitrary<Lifecycle> = fc
  .array(transition, { minLength: 1, maxLength: 8 })
  .map((transitions) => ({
    name: "l",
    scope: "connection",
    initial: "one",
    queued: [],
    transitions,
    obligations: [],
  }));

const explore = (lifecycle: Lifecycle) => {
  const automaton = new Automaton(lifecycle);
  const letters = (direction: Letter["direction"], names: readonly string[]): Letter[] =>
    names.map((name) => ({ direction, name, label: name, alike: [], move: automaton.move(name, {}) }));
  return exploreCrossings(automaton, letters("command", ["a", "b"]), letters("event", ["x", "y"]));
};

/** A second reading of a lifecycle, which shares nothing with the first. */
const moves = (lifecycle: Lifecycle, state: string, name: string): string | undefined => {
  const found = lifecycle.transitions.find(({ from, on }) => from.includes(state) && on.includes(name));
  return found === undefined ? undefined : found.to === "=" ? state : found.to;
};

describe("over all small lifecycles", () => {
  it("each course that is shown is one that two ends can take, and ends as it is said", () => {
    let shown = 0;
    fc.assert(
      fc.property(lifecycles, (lifecycle) => {
        for (const { trace, outcome, client, server, command } of explore(lifecycle).crossings) {
          shown++;
          const ends = { client: "one", server: "one" };
          const queues = { client: [] as string[], server: [] as string[] };
          let refused: string | undefined;
          for (const { end, kind: done, letter } of trace) {
            const next = moves(lifecycle, ends[end], letter.name);
            if (done === "send") {
              expect(next).toBeDefined();
              queues[end === "client" ? "server" : "client"].push(letter.name);
            } else {
              expect(queues[end].shift()).toBe(letter.name);
              if (end === "server" && next === undefined && ends.server !== "$closed")
                refused ??= letter.name;
            }
            ends[end] = next ?? ends[end];
          }
          expect([ends, queues]).toEqual([
            { client: client.state, server: server.state },
            { client: [], server: [] },
          ]);
          expect(refused).toBe(outcome === "refused" ? command.name : undefined);
          if (outcome === "parted") expect(ends.client).not.toBe(ends.server);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(shown).toBeGreaterThan(50);
  });

  it("where nothing is found, no walk of two ends comes upon anything", () => {
    let clean = 0;
    fc.assert(
      fc.property(lifecycles, fc.infiniteStream(fc.nat({ max: 5 })), (lifecycle, choices) => {
        const { crossings, complete } = explore(lifecycle);
        expect(complete).toBe(true);
        if (crossings.length > 0) return;
        clean++;
        const walk = { client: "one", server: "one", up: [] as string[], down: [] as string[] };
        for (const choice of choices.take(60)) {
          const { up, down } = walk;
          if (choice < 4) {
            const [queue, end, name] =
              choice < 2
                ? ([up, "client", choice === 0 ? "a" : "b"] as const)
                : ([down, "server", choice === 2 ? "x" : "y"] as const);
            const next = moves(lifecycle, walk[end], name);
            if (next === undefined || queue.length >= 2 || up.length + down.length >= 3) continue;
            queue.push(name);
            walk[end] = next;
          } else if (choice === 4) {
            const name = up.shift();
            if (name === undefined || walk.server === "$closed") continue;
            const next = moves(lifecycle, walk.server, name);
            expect([lifecycle.transitions, walk.server, name, next]).not.toContain(undefined);
            walk.server = next ?? walk.server;
          } else {
            const name = down.shift();
            if (name !== undefined) walk.client = moves(lifecycle, walk.client, name) ?? walk.client;
          }
          const over = walk.client === "$closed" || walk.server === "$closed";
          if (up.length + down.length === 0 && !over) expect(walk.client).toBe(walk.server);
        }
      }),
      { numRuns: 1000, seed: 2 },
    );
    expect(clean).toBeGreaterThan(50);
  });
});

it("a lifecycle of many states and messages is given up in time, not for ever", () => {
  const states = Array.from({ length: 200 }, (_, index) => `s${index}`);
  const transitions = states.flatMap((state, index): Transition[] =>
    ["a", "b", "x", "y"].map((name, step) => ({
      from: [state],
      on: [name],
      // All orders lead to the same: nothing is wrong, and everything must be looked at.
      to: states[(index + step) % states.length] ?? "s0",
    })),
  );
  const lifecycle = {
    name: "l",
    scope: "connection" as const,
    initial: "s0",
    queued: [],
    transitions,
    obligations: [],
  };
  expect(explore(lifecycle)).toEqual({ crossings: [], complete: false });
});
