// This file is long because it reads the meaning of a lifecycle aloud, one rule after the other.
import { describe, expect, it } from "vitest";
import type { Endpoint, Lifecycle, ProtocolRules } from "./contract.js";
import { inlineEndpoint } from "./inline-endpoint.js";
import { type LifecycleMonitor, type LifecycleOptions, openLifecycles } from "./lifecycle.js";

const REJECT: NonNullable<ProtocolRules["reject"]> = {
  message: "error",
  code: "/code",
  payload: ["invalid-payload", "not-json"],
  state: ["illegal-state"],
  spontaneous: false,
};

const JOB: Partial<Lifecycle> = {
  name: "job",
  initial: "idle",
  transitions: [
    { from: ["idle"], on: ["start"], to: "starting" },
    { from: ["starting"], on: ["chunk"], to: "running" },
    { from: ["running"], on: ["chunk", "input"], to: "=" },
    { from: ["running"], on: ["pause"], to: "pausing" },
    { from: ["pausing"], on: ["chunk"], to: "=" },
    { from: ["pausing"], on: ["paused"], to: "paused" },
    { from: ["paused"], on: ["resume"], to: "starting" },
    { from: ["starting", "running", "pausing", "paused"], on: ["done"], to: "idle" },
  ],
  obligations: [{ in: ["starting", "pausing"], withinMs: 5000, rearm: false }],
};

const COMMANDS = ["start", "pause", "resume", "input", "ping", "bye"];
const EVENTS = ["chunk", "paused", "done", "error", "pong", "note"];

interface Given {
  readonly lifecycle?: Partial<Lifecycle>;
  readonly lifecycles?: readonly Partial<Lifecycle>[];
  readonly reject?: Partial<NonNullable<ProtocolRules["reject"]>> | null;
  readonly protocol?: Partial<ProtocolRules>;
  readonly endpoint?: Partial<Endpoint>;
  readonly options?: Partial<LifecycleOptions>;
}

function watch(given: Given = {}) {
  const { reject = {} } = given;
  const endpoint = inlineEndpoint({
    commands: Object.fromEntries(COMMANDS.map((name) => [name, true])),
    events: Object.fromEntries(EVENTS.map((name) => [name, true])),
    lifecycles: given.lifecycles ?? [given.lifecycle ?? JOB],
    protocol: {
      ...(reject === null ? {} : { reject: { ...REJECT, ...reject } }),
      unknown: { send: "ignore", receive: "error" },
      ...given.protocol,
    },
    endpoint: given.endpoint ?? {},
  });
  return new Script(openLifecycles(endpoint, { timeScale: 1, ...given.options }));
}

/** Traffic as one line each; times in ms. */
class Script {
  now = 0;
  constructor(readonly monitor: LifecycleMonitor) {}
  at(ms: number): this {
    this.now = ms;
    this.monitor.advance(ms);
    return this;
  }
  send(name: string, payload: unknown = {}): this {
    this.monitor.sent({ kind: "command", names: [name], payload }, this.now);
    return this;
  }
  sendBad(kind: "undecodable" | "unknown-name" | "unparseable" = "undecodable"): this {
    this.monitor.sent({ kind }, this.now);
    return this;
  }
  get(name: string, payload: unknown = {}): this {
    this.monitor.received({ names: [name], payload }, this.now);
    return this;
  }
  refuse(code = "illegal-state", more: object = {}): this {
    return this.get("error", { code, ...more });
  }
  close(code?: number): this {
    this.monitor.closed({ by: "server", ...(code === undefined ? {} : { code }) }, this.now);
    return this;
  }
  other(): this {
    this.monitor.otherActed(undefined, undefined, this.now);
    return this;
  }
  legal(): void {
    expect(this.monitor.violations).toEqual([]);
  }
  illegal(clause: string): void {
    expect(this.monitor.violations.map((violation) => violation.clause)).toEqual([clause]);
  }
  states(): string[] {
    return this.monitor
      .configurations()
      .flatMap((view) => view.states)
      .sort();
  }
}

const withTransitions = (
  transitions: Lifecycle["transitions"],
  more: Partial<Lifecycle> = {},
): Partial<Lifecycle> => ({
  name: "small",
  initial: "a",
  transitions,
  ...more,
});

describe("An automaton constrains only the messages that it names", () => {
  it("lets any other event pass in any state", () =>
    watch().get("pong").get("note").send("ping").get("pong").legal());
  it("refuses a named event in a state without a transition", () => watch().get("chunk").illegal("event"));
  it("touches no instance where the key is absent", () => {
    const keyed = { ...JOB, scope: { key: "/id" } };
    watch({ lifecycle: keyed }).get("chunk").get("done").at(60_000).legal();
    watch({ lifecycle: keyed }).get("chunk", { id: 1 }).illegal("event");
  });
  it("keeps one instance for each value of the key", () => {
    const script = watch({ lifecycle: { ...JOB, scope: { key: "/id" } } });
    script.send("start", { id: "x" }).get("chunk", { id: "x" }).send("start", { id: "y" });
    script.get("done", { id: "x" }).get("chunk", { id: "y" }).legal();
    script.get("chunk", { id: "x" }).illegal("event");
    expect(script.monitor.violations[0]).toMatchObject({ lifecycle: "job", key: '"x"', states: ["idle"] });
  });
});

describe("A named command is appended; the head may be taken at any later moment", () => {
  it("leaves both courses open until an event tells", () => {
    const script = watch().send("start");
    expect(script.states()).toEqual(["idle", "starting"]);
    script.get("chunk");
    expect(script.states()).toEqual(["running"]);
  });
  it("lets events of before cross the command", () => {
    watch().send("start").get("chunk").send("pause").get("chunk").get("chunk").get("paused").legal();
    watch().send("start").get("chunk").send("pause").get("done").refuse().send("start").get("chunk").legal();
  });
  it("takes commands in the order they were sent", () => {
    watch().send("start").send("input").get("chunk").get("chunk").legal();
    watch().send("start").get("chunk").send("pause").send("resume").get("paused").get("chunk").legal();
    watch().send("resume").send("start").refuse().get("chunk").legal();
    watch().send("resume").send("start").get("chunk").illegal("event");
  });
  it("takes the first transition in document order that fits", () => {
    const twin = withTransitions([
      { from: ["a"], on: ["note"], when: { "/last": true }, to: "b" },
      { from: ["a"], on: ["note"], to: "c" },
    ]);
    const first = watch({ lifecycle: twin }).get("note", { last: true });
    expect(first.states()).toEqual(["b"]);
    const otherwise = watch({ lifecycle: twin }).get("note", {});
    expect(otherwise.states()).toEqual(["c"]);
  });
  it("drops the course in which the head was neither taken nor refused within answerMs of its sending", () => {
    watch().send("resume").at(5000).legal();
    watch().send("resume").at(5001).illegal("answer");
    watch().send("resume").at(4000).refuse().at(20_000).legal();
  });
  it("counts commands that no when or bound tells apart as one", () => {
    const script = watch();
    for (let i = 0; i < 32; i++) script.send("input", { text: i });
    expect(script.monitor.configurations()[0]?.configurations).toHaveLength(1);
    expect(script.monitor.overflow).toBe(false);
  });
});

describe("when, bound and set", () => {
  const list = withTransitions([{ from: ["a"], on: ["note"], when: { "/s": ["x", "y"] }, to: "=" }]);
  it("fits a list by any of its values, and an absent pointer by nothing", () => {
    watch({ lifecycle: list }).get("note", { s: "x" }).get("note", { s: "y" }).legal();
    watch({ lifecycle: list }).get("note", { s: "z" }).illegal("event");
    watch({ lifecycle: list }).get("note").illegal("event");
  });
  const bound = withTransitions([
    { from: ["a"], on: ["start"], to: "b", set: { uuid: "/uuid" } },
    { from: ["b"], on: ["pause"], to: "=", bound: { "/uuid": "uuid" } },
    { from: ["b"], on: ["note"], to: "=", bound: { "/uuid": "uuid" } },
    { from: ["b"], on: ["done"], to: "a" },
  ]);
  const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  it("fits only if the field is absent, nothing is remembered, or both are equal", () => {
    const started = () => watch({ lifecycle: bound }).send("start", { uuid: "u" });
    started().get("note", { uuid: "u" }).get("note").legal();
    started().get("note", { uuid: "v" }).illegal("event");
    watch({ lifecycle: bound }).send("start").get("note", { uuid: "v" }).legal();
  });
  it("compares a uuid in any case", () => {
    watch({ lifecycle: bound }).send("start", { uuid }).get("note", { uuid: uuid.toUpperCase() }).legal();
  });
  it("forgets a value when the field is absent", () => {
    const again = watch({ lifecycle: bound })
      .send("start", { uuid: "u" })
      .get("note")
      .get("done")
      .send("start");
    again.get("note", { uuid: "v" }).legal();
  });
  it("must refuse a command that is bound to another value", () => {
    const script = watch({ lifecycle: bound }).send("start", { uuid: "u" }).get("note");
    script.send("pause", { uuid: "v" }).at(6000).illegal("answer");
  });
});

describe("A refusal removes one pending command", () => {
  it("and the state stays", () => {
    const script = watch().send("start").get("chunk").send("start").refuse();
    expect(script.states()).toEqual(["running"]);
    script.get("done").legal();
  });
  it("with a state code only one that no transition fitted", () => {
    watch().send("pause").refuse().legal();
    watch().send("start").refuse().illegal("refusal");
  });
  it("with a state code also where an event overtook the refusal", () => {
    // The server refused `start` while it ran; `done` was already under way.
    watch().send("start").get("chunk").send("start").get("done").refuse().legal();
    // Two refusals, both overtaken.
    watch().send("start").get("chunk").send("start").send("start").get("done").refuse().refuse().legal();
  });
  it("with a state code also one that a `may` transition fitted", () => {
    const may = withTransitions([{ from: ["a"], on: ["input"], to: "=", may: true }]);
    watch({ lifecycle: may }).send("input").refuse().legal();
    watch({ lifecycle: may }).send("input").at(9000).legal();
  });
  it("with a payload code no valid command", () =>
    watch().send("start").refuse("invalid-payload").illegal("refusal"));
  it("with a state code is legal where no lifecycle says which command a state allows", () => {
    watch({ lifecycles: [] }).send("start").refuse().legal();
    watch({ lifecycles: [] }).refuse().illegal("refusal");
    watch().send("ping").refuse().illegal("refusal");
  });
  it("with any other code any command", () => {
    const script = watch().send("start").refuse("rate-limited");
    expect(script.states()).toEqual(["idle"]);
    script.legal();
  });
  it("is the head, not a later one", () => {
    const script = watch().send("start").send("start").refuse();
    script.get("chunk").get("chunk").legal();
    script.refuse().illegal("refusal");
  });
  it("is a violation when it removes nothing", () => {
    watch().refuse().illegal("refusal");
    watch().refuse("rate-limited").illegal("refusal");
    watch().send("pause").refuse().refuse().illegal("refusal");
  });
  it("may come unasked where it is declared spontaneous, but not with a state or payload code", () => {
    const spontaneous = { reject: { spontaneous: true } };
    watch(spontaneous).refuse("internal").legal();
    watch(spontaneous).refuse().illegal("refusal");
    watch(spontaneous).refuse("not-json").illegal("refusal");
  });
  it("that may come unasked leaves pending commands in place", () => {
    const script = watch({ reject: { spontaneous: true } })
      .send("start")
      .refuse("internal");
    expect(script.states()).toEqual(["idle", "starting"]);
    script.get("chunk").legal();
  });
  it("may answer a command that no automaton names", () => {
    watch().send("ping").refuse("rate-limited").legal();
    watch().send("ping").refuse().illegal("refusal");
  });
  it("without a declared code has no class and may be any", () => {
    const plain = () => {
      const { code: _, ...rest } = REJECT;
      return watch({ protocol: { reject: rest } });
    };
    plain().send("start").get("error").legal();
    plain().sendBad().get("error").at(9000).legal();
    plain().get("error").illegal("refusal");
  });
  it("is not offered to transitions, and an event that does not fit reject.when is", () => {
    const lifecycle = withTransitions([
      { from: ["a"], on: ["start"], to: "b" },
      { from: ["b"], on: ["error", "done"], to: "a" },
    ]);
    const reject = { when: { "/code": ["illegal-state"] } };
    watch({ lifecycle, reject }).send("start").get("error", { code: "internal" }).legal();
    watch({ lifecycle, reject }).get("error", { code: "internal" }).illegal("event");
    const script = watch({ lifecycle, reject }).send("start").get("done").send("start").send("start");
    script.get("error", { code: "illegal-state" });
    expect(script.states()).toEqual(["b"]);
    script.legal();
  });
  it("is of the instance whose key it carries, else it is tried on each, and one must explain it", () => {
    const keyed = { lifecycle: { ...JOB, scope: { key: "/id" } } };
    watch(keyed).send("pause", { id: 1 }).refuse("illegal-state", { id: 1 }).legal();
    watch(keyed).send("pause", { id: 1 }).refuse("illegal-state", { id: 2 }).illegal("refusal");
    const script = watch(keyed).send("pause", { id: 1 }).send("pause", { id: 2 }).refuse().refuse();
    script.at(9000).legal();
    expect(watch(keyed).send("pause", { id: 1 }).send("start", { id: 2 }).refuse().states()).toEqual([
      "idle",
      "idle",
      "starting",
    ]);
  });
});

describe("Under queued", () => {
  const ANSWER: Partial<Lifecycle> = {
    name: "answer",
    initial: "idle",
    queued: ["start"],
    transitions: [
      { from: ["idle"], on: ["start"], to: "answering" },
      { from: ["answering"], on: ["chunk"], to: "=" },
      { from: ["answering"], on: ["done"], to: "idle" },
    ],
    obligations: [{ in: ["answering"], withinMs: 10_000, rearm: true }],
  };
  const queue = (more: Given = {}) => watch({ lifecycle: ANSWER, ...more });

  it("a command waits while the state cannot take it", () => {
    const script = queue().send("start").send("start").send("start");
    script
      .at(9000)
      .get("chunk")
      .at(18_000)
      .get("done")
      .at(19_000)
      .get("chunk")
      .get("done")
      .get("done")
      .legal();
    script.get("done").illegal("event");
  });
  it("its clock runs from the moment when the state can take it", () => {
    const script = queue().send("start").send("start").at(9000).get("done");
    script.at(13_999).legal();
    // Taken or not, nothing came: the obligation of the state it would have entered is longer than answerMs.
    script.at(19_001).illegal("obligation");
  });
  it("a state entered by it counts from when it could be taken", () => {
    const script = queue().send("start").send("start").at(9000).get("done").at(18_900).get("chunk");
    script.at(28_000).get("done").legal();
  });
  it("a refusal removes any pending command", () => {
    const script = queue().send("start").send("start").send("start").refuse("rate-limited");
    script.get("done").get("done").at(9000).legal();
    script.get("done").illegal("event");
  });
  it("a state code refuses no command that waits", () => {
    queue().send("start").get("chunk").send("start").refuse().illegal("refusal");
  });
  it("a refusal of a frame that does not decode is due from when nothing waits", () => {
    const script = queue().send("start").sendBad().at(8000).get("chunk").at(16_000).get("done");
    script.at(20_900).refuse("not-json").legal();
    queue().send("start").sendBad().at(8000).get("done").at(13_001).illegal("undecodable");
    queue().sendBad().at(5001).illegal("undecodable");
  });
});

describe("A frame that does not decode", () => {
  it("waits for one refusal with a payload code, due in answerMs", () => {
    watch().sendBad().at(4999).refuse("not-json").at(9000).legal();
    watch().sendBad().at(5001).illegal("undecodable");
    watch().sendBad().refuse("rate-limited").illegal("refusal");
  });
  it("has not one refusal too many", () =>
    watch().sendBad().refuse("not-json").refuse("not-json").illegal("refusal"));
  it("has one each", () => watch().sendBad().sendBad().refuse("not-json").at(5001).illegal("undecodable"));
  it("waits for nothing where reject is not declared, and may be answered by a close", () => {
    watch({ reject: null }).sendBad().at(60_000).close(1008).legal();
  });
  it("waits for none when it is an unknown name that is ignored", () => {
    const ignore = { protocol: { unknown: { send: "ignore", receive: "ignore" } } } as const;
    watch(ignore).sendBad("unknown-name").at(9000).legal();
    watch(ignore).sendBad("unknown-name").refuse("invalid-payload").illegal("refusal");
    watch().sendBad("unknown-name").at(5001).illegal("undecodable");
  });
  it("may be refused or not when the document does not say what becomes of an unknown name", () => {
    const silent = () => {
      const endpoint = inlineEndpoint({
        events: { error: true },
        protocol: { reject: REJECT },
        lifecycles: [JOB],
      });
      return new Script(openLifecycles(endpoint, { timeScale: 1 }));
    };
    silent().sendBad("unknown-name").at(9000).legal();
    silent().sendBad("unknown-name").refuse("not-json").legal();
    silent().sendBad("unknown-name").refuse("not-json").refuse("not-json").illegal("refusal");
  });
  it("may be answered by a close when it is binary, over-long, not UTF-8 or unreadable to the transport", () => {
    watch().sendBad("unparseable").close(1003).legal();
    watch().sendBad("unparseable").refuse("not-json").at(9000).legal();
    watch().sendBad("unparseable").at(5001).illegal("undecodable");
    watch().sendBad("undecodable").close(1003).illegal("close");
    watch().sendBad("unparseable").sendBad().refuse("not-json").close(1003).legal();
  });
});

describe("A named event", () => {
  it("moves each configuration by its first fitting transition, and drops one with none", () => {
    const script = watch().send("start").get("chunk").send("pause");
    expect(script.states()).toEqual(["pausing", "running"]);
    script.get("paused");
    expect(script.states()).toEqual(["paused"]);
  });
  it.each([
    ["after the terminal one", (s: Script) => s.get("done").get("chunk")],
    ["a second terminal one", (s: Script) => s.get("done").get("done")],
    ["in paused", (s: Script) => s.send("pause").get("paused").get("chunk")],
    ["an acknowledgement that nobody asked for", (s: Script) => s.get("paused")],
  ])("is a violation: %s", (_, script) => {
    const faulty = script(watch().send("start").get("chunk"));
    faulty.illegal("event");
  });
  it("shows the last set that was not empty, and what would have been legal", () => {
    const script = watch().send("start").get("chunk").get("paused");
    expect(script.monitor.violations[0]).toMatchObject({
      lifecycle: "job",
      states: ["running"],
      legal: ["chunk", "done"],
      expected: "one of chunk, done",
      got: "paused",
      message: "Event paused came in state running, where it is not legal.",
    });
  });
  it("that may be one of several messages is any of them", () => {
    const script = watch().send("start");
    script.monitor.received({ names: ["chunk", "note"], payload: {} }, 1);
    expect(script.states()).toEqual(["idle", "running", "starting"]);
  });
  it("accuses nobody once more after an empty set", () => {
    watch().get("chunk").get("chunk").refuse("rate-limited").at(60_000).illegal("event");
  });
});

describe("$other", () => {
  const SHARED = withTransitions(
    [
      { from: ["a"], on: ["$other"], to: "b" },
      { from: ["b"], on: ["note"], to: "=" },
      { from: ["b"], on: ["done"], to: "a" },
    ],
    { obligations: [{ in: ["b"], withinMs: 3000, rearm: false }] },
  );
  it("may be taken silently while another connection uses the same address or key", () => {
    watch({ lifecycle: SHARED }).get("note").illegal("event");
    watch({ lifecycle: SHARED }).other().get("note").get("done").get("note").legal();
  });
  it("may be taken always where the kit did not invent the identity", () => {
    watch({ lifecycle: SHARED, options: { otherAlways: true } })
      .get("note")
      .legal();
  });
  it("concerns the instance of its key only", () => {
    const keyed = { lifecycle: { ...SHARED, scope: { key: "/id" } } };
    const script = watch(keyed);
    script.monitor.otherActed("small", 1, 0);
    script.get("note", { id: 1 }).legal();
    script.get("note", { id: 2 }).illegal("event");
  });
  it("may lead to any of several states", () => {
    const two = withTransitions([
      { from: ["a"], on: ["$other"], to: "b" },
      { from: ["a"], on: ["$other"], to: "c" },
      { from: ["c"], on: ["note"], to: "=" },
    ]);
    watch({ lifecycle: two, options: { otherAlways: true } })
      .get("note")
      .legal();
  });
  it("starts the clock of the state it enters at the next event", () => {
    const script = watch({ lifecycle: SHARED }).at(1000).other().at(60_000);
    script.legal();
    expect(script.states()).toEqual(["a", "b"]);
    script.get("note").at(62_999).get("note").legal();
    script.at(63_001).illegal("obligation");
  });
});

describe("Clocks of obligations", () => {
  it("count from the sending of the command that entered the state", () => {
    watch().send("start").at(4999).get("chunk").legal();
    watch().send("start").at(5001).illegal("answer");
    const script = watch({ protocol: { answerMs: 8000 } })
      .send("start")
      .at(2000)
      .send("input")
      .at(5001);
    expect(script.states()).toEqual(["idle"]);
    script.at(8001).illegal("answer");
  });
  it("are not restarted by a loop", () => {
    const script = watch().send("start").get("chunk").send("pause").at(4000).get("chunk").at(5001);
    // Not taken by now, or not left in time: neither is allowed any more.
    expect(script.monitor.violations[0]?.states).toEqual(["running", "pausing"]);
    script.illegal("answer");
  });
  it("are restarted by any named event under rearm", () => {
    const rearm = withTransitions(
      [
        { from: ["a"], on: ["start"], to: "b" },
        { from: ["b"], on: ["chunk"], to: "=" },
      ],
      { obligations: [{ in: ["b"], withinMs: 10_000, rearm: true }] },
    );
    const script = watch({ lifecycle: rearm }).send("start").at(9000).get("chunk").at(18_000).get("chunk");
    script.at(28_000).legal();
    script.at(28_001).illegal("obligation");
  });
  it("count in the initial state from the opening, or for a key from its first message", () => {
    const first = withTransitions([{ from: ["a"], on: ["note"], to: "b" }], {
      obligations: [{ in: ["a"], withinMs: 2000, rearm: false }],
    });
    watch({ lifecycle: first, options: { openedAtMs: 500 } })
      .at(2500)
      .get("note")
      .legal();
    watch({ lifecycle: first, options: { openedAtMs: 500 } })
      .at(2501)
      .illegal("obligation");
    watch({ lifecycle: { ...first, scope: { key: "/id" } } })
      .at(60_000)
      .legal();
  });
  it("are scaled, but never below the floor of one second", () => {
    watch({ options: { timeScale: 0.01 } })
      .send("start")
      .at(1000)
      .get("chunk")
      .legal();
    watch({ options: { timeScale: 0.01 } })
      .send("start")
      .at(1001)
      .illegal("answer");
    watch({ options: { timeScale: 0.01, minimumMs: 0 } })
      .send("start")
      .at(51)
      .illegal("answer");
    watch({ options: { timeScale: 2 } })
      .send("start")
      .at(10_000)
      .get("chunk")
      .legal();
    watch({ options: { timeScale: 1, graceMs: 250 } })
      .send("start")
      .at(5250)
      .get("chunk")
      .legal();
  });
  it("decide nothing when the transcript ends before a deadline", () =>
    watch().send("start").at(4000).legal());
});

describe("A close by the server", () => {
  const ENDING = {
    ...JOB,
    transitions: [...(JOB.transitions ?? []), { from: ["*"], on: ["bye"], to: "$closed" }],
  };
  const closeCodes = { closeCodes: { "1000": { cause: ["done"], retry: false, by: "both" as const } } };

  it("that nothing explains is a violation", () => watch().close(1000).illegal("close"));
  it("is none when heartbeat, a limit or a shutdown explains it", () => {
    const script = watch();
    script.monitor.closed({ by: "server", code: 1012, explained: true }, 10);
    script.legal();
  });
  it("is none when the client closed first", () => {
    const script = watch();
    script.monitor.closed({ by: "client" }, 10);
    script.close().get("chunk").legal();
  });
  it("is due in answerMs after a command towards $closed", () => {
    watch({ lifecycle: ENDING }).send("bye").at(4000).close(1000).legal();
    watch({ lifecycle: ENDING }).send("bye").at(5001).illegal("close");
  });
  it("carries the code whose cause is done", () => {
    watch({ lifecycle: ENDING, endpoint: closeCodes }).send("bye").close(1000).legal();
    watch({ lifecycle: ENDING, endpoint: closeCodes }).send("bye").close(1011).illegal("close");
  });
  it("is all that is judged after a command towards $closed", () => {
    const script = watch({ lifecycles: [ENDING, { ...JOB, name: "second" }] });
    script
      .send("start")
      .get("chunk")
      .send("bye")
      .get("paused")
      .refuse("not-json")
      .sendBad()
      .at(4999)
      .close()
      .legal();
  });
  it("is not due when the command was refused", () => {
    const script = watch({ lifecycle: ENDING }).send("bye").refuse("rate-limited").at(9000);
    expect(script.states()).toEqual(["idle"]);
    script.legal();
    script.get("chunk").illegal("event");
  });
  it("ends the judgement", () => {
    const script = watch({ lifecycle: ENDING }).send("bye").close(1000).at(60_000);
    script.get("chunk").legal();
  });
  it("is not judged where the document declares no lifecycle", () =>
    watch({ lifecycles: [] }).close(1006).legal());
});

describe("More than 256 configurations", () => {
  it("make the verdict inconclusive, and accuse nobody", () => {
    const counting = withTransitions(
      [
        { from: ["a"], on: ["input"], to: "=", set: { last: "/n" } },
        { from: ["a"], on: ["note"], to: "=", bound: { "/n": "last" } },
      ],
      { queued: ["input"] },
    );
    const script = watch({ lifecycle: counting, reject: { spontaneous: true } });
    for (let i = 0; i < 12; i++) script.send("input", { n: i });
    for (let i = 0; i < 12; i++) script.refuse("internal");
    expect(script.monitor.overflow).toBe(true);
    script.get("note", { n: "no such" }).at(60_000).legal();
  });
});

describe("What the walks ask", () => {
  it("is whether a command is legal in every configuration, in none, or in some", () => {
    const script = watch();
    const legality = (name: string) => script.monitor.legalNow({ name, payload: {} });
    expect([legality("start"), legality("pause"), legality("ping")]).toEqual(["legal", "illegal", "legal"]);
    script.send("start");
    expect([legality("start"), legality("pause")]).toEqual(["undecided", "illegal"]);
    script.get("chunk");
    expect([legality("start"), legality("pause")]).toEqual(["illegal", "legal"]);
  });
  it("counts a `may` transition as undecided, and a queued command as legal", () => {
    const may = withTransitions([{ from: ["a"], on: ["input"], to: "=", may: true }], { queued: ["start"] });
    const { monitor } = watch({ lifecycle: may });
    expect(monitor.legalNow({ name: "input", payload: {} })).toBe("undecided");
    expect(monitor.legalNow({ name: "start", payload: {} })).toBe("legal");
  });
  it("knows an instance that was not seen yet", () => {
    const { monitor } = watch({ lifecycle: { ...JOB, scope: { key: "/id" } } });
    expect(monitor.legalNow({ name: "start", payload: { id: 9 } })).toBe("legal");
    expect(monitor.legalNow({ name: "pause", payload: { id: 9 } })).toBe("illegal");
    expect(monitor.configurations()).toEqual([]);
  });
  it("is which states and transitions were certainly visited", () => {
    const script = watch().send("start").get("chunk").send("pause");
    const visited = () => [
      [...(script.monitor.visited.states.get("job") ?? [])].sort(),
      [...(script.monitor.visited.transitions.get("job") ?? [])].sort(),
    ];
    // Whoever is running has been starting, though nothing was seen of it at the time.
    expect(visited()).toEqual([
      ["idle", "running", "starting"],
      [0, 1],
    ]);
    script.get("paused");
    expect(visited()).toEqual([
      ["idle", "paused", "pausing", "running", "starting"],
      [0, 1, 3, 5],
    ]);
  });
  it("is which transition would take a command, as far as that is certain", () => {
    const script = watch();
    const taking = (name: string) => script.monitor.taking({ name, payload: {} });
    expect(taking("start")).toEqual([{ lifecycle: "job", transition: 0 }]);
    expect(taking("pause")).toEqual([]);
    script.send("start");
    expect(taking("start")).toEqual([]);
  });
  it("is whether a clock runs for something that the server owes", () => {
    const script = watch();
    expect(script.monitor.owes).toBe(false);
    expect(script.send("start").monitor.owes).toBe(true);
  });
  it("is whether anything of ours is unanswered", () => {
    const script = watch();
    expect(script.monitor.settled).toBe(true);
    expect(script.send("start").monitor.settled).toBe(false);
    expect(script.get("chunk").monitor.settled).toBe(true);
    expect(script.sendBad().monitor.settled).toBe(false);
  });
});

describe("A long stream", () => {
  it("costs the same for each event", () => {
    const script = watch().send("start").get("chunk");
    const started = performance.now();
    for (let i = 0; i < 200_000; i++) script.monitor.received({ names: ["chunk"], payload: {} }, i);
    script.legal();
    // Some 0.3 µs an event where it was measured; a set that grows would take minutes.
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
