import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createWalks } from "../../src/arbitrary/speech/walks.js";
import type { Endpoint, Lifecycle, Transition } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import { Automaton, NO_MEMORY } from "../../src/contract/lifecycle/automaton.js";
import { type ClientMonitor, createClientMonitor, type NamedMessage } from "./client-monitor.js";

const COMMANDS = ["go", "stop", "ask"];
const EVENTS = ["gone", "told", "over"];
const REFUSED = "refused";

function endpointWith(...lifecycles: readonly Partial<Lifecycle>[]): Endpoint {
  const object = { type: "object" };
  const endpoint = inlineEndpoint({
    commands: Object.fromEntries(COMMANDS.map((name) => [name, object])),
    events: Object.fromEntries([...EVENTS, REFUSED].map((name) => [name, object])),
  });
  return {
    ...endpoint,
    protocol: {
      ...endpoint.protocol,
      reject: { message: REFUSED, payload: [], state: [], spontaneous: false },
    },
    lifecycles: lifecycles.map((lifecycle, index) => ({
      name: `machine ${index}`,
      scope: "connection",
      initial: "a",
      queued: [],
      transitions: [],
      obligations: [],
      ...lifecycle,
    })),
  };
}

const on = (from: string, name: string, to: string, more: Partial<Transition> = {}): Transition => ({
  from: [from],
  on: [name],
  to,
  ...more,
});

const said = (name: string, payload: unknown = {}): NamedMessage => ({ names: [name], payload });

/** A server that takes every command as it comes, and its monitor of the client. */
function play(endpoint: Endpoint) {
  const walks = createWalks(endpoint);
  const waiting: NamedMessage[] = [];
  const monitor: ClientMonitor = createClientMonitor({
    endpoint,
    place: (lifecycle, key) => ({ ...walks.placeOf(lifecycle, key), waiting }),
  });
  return {
    walks,
    waiting,
    monitor,
    command(name: string, payload: unknown = {}, atMs = 0) {
      const found = monitor.received(said(name, payload), atMs);
      if (walks.verdict(name, payload) === "legal") walks.passed(name, payload);
      return found;
    },
    event(name: string, payload: unknown = {}, atMs = 0) {
      walks.passed(name, payload);
      monitor.sent(said(name, payload), atMs);
    },
  };
}

const SESSION = {
  transitions: [
    on("a", "go", "busy"),
    on("busy", "told", "="),
    on("busy", "stop", "stopping"),
    on("stopping", "told", "="),
    on("busy", "over", "a"),
    on("stopping", "over", "a"),
  ],
} satisfies Partial<Lifecycle>;

describe("a command of a client", () => {
  it("is judged by what the client has sent itself, at once", () => {
    const { command } = play(endpointWith(SESSION));
    expect(command("go")).toEqual([]);
    expect(command("go")).toEqual([
      { lifecycle: "machine 0", key: undefined, states: ["busy"], legal: ["stop"] },
    ]);
    expect(command("stop")).toEqual([]);
    expect(command("stop")).toMatchObject([{ states: ["stopping"], legal: [] }]);
  });

  it("may be behind what was sent to it, and may be not", () => {
    const { command, event } = play(endpointWith(SESSION));
    command("go");
    event("told");
    event("over");
    // It has not read the end yet, so that stopping is legal; or it has, so that another start is.
    expect(command("stop")).toEqual([]);
    event("over");
    expect(command("go")).toEqual([]);
    expect(command("go")).toHaveLength(1);
  });

  it("is never further behind than it was", () => {
    const { command, event } = play(endpointWith(SESSION));
    command("go");
    event("over");
    // Only who has read the end may start again, and is no longer in the first run.
    expect(command("go")).toEqual([]);
    expect(command("stop")).toEqual([]);
    expect(command("go")).toHaveLength(1);
  });

  it("is expected to know after five seconds what was sent to it", () => {
    const { command, event } = play(endpointWith(SESSION));
    command("go");
    event("over", {}, 1000);
    expect(command("stop", {}, 6001)).toMatchObject([{ states: ["a"], legal: ["go"] }]);
  });

  it("may be taken back by a refusal, or not yet", () => {
    const { command, event, monitor, walks } = play(endpointWith(SESSION));
    command("go");
    const undone = walks.passed("stop", {});
    monitor.received(said("stop"), 0);
    undone.undo();
    monitor.refused(said("stop"));
    event(REFUSED);
    expect(command("stop")).toEqual([]);
  });

  it("that ends the connection ends the judgement", () => {
    const { command } = play(endpointWith({ transitions: [on("a", "stop", "$closed")] }));
    expect(command("go")).toEqual([]);
    command("stop");
    expect(command("stop")).toEqual([]);
  });

  it("waits where it is queued, and is then taken in order", () => {
    const { command, event } = play(
      endpointWith({
        queued: ["ask"],
        transitions: [on("a", "ask", "busy"), on("busy", "over", "a"), on("a", "stop", "done")],
      }),
    );
    expect(command("ask")).toEqual([]);
    expect(command("ask")).toEqual([]);
    expect(command("stop")).toHaveLength(1);
    event("over");
    event("over");
    expect(command("stop")).toEqual([]);
  });

  it("is judged for each key by itself", () => {
    const { command } = play(endpointWith({ ...SESSION, scope: { key: "/id" } }));
    expect(command("go", { id: 1 })).toEqual([]);
    expect(command("go", { id: 2 })).toEqual([]);
    expect(command("go", {})).toEqual([]);
    expect(command("go", { id: 1 })).toMatchObject([{ key: "1" }]);
  });

  it("may be refused under `may`, so that both are believed", () => {
    const { command } = play(
      endpointWith({
        transitions: [on("a", "go", "b", { may: true }), on("b", "stop", "a"), on("a", "ask", "a")],
      }),
    );
    command("go");
    expect(command("stop")).toEqual([]);
    expect(command("stop")).toHaveLength(1);
  });

  it("is bound to what was remembered", () => {
    const { command } = play(
      endpointWith({
        transitions: [
          on("a", "go", "b", { set: { id: "/id" } }),
          on("b", "stop", "a", { bound: { "/id": "id" } }),
        ],
      }),
    );
    command("go", { id: 1 });
    expect(command("stop", { id: 2 })).toHaveLength(1);
    expect(command("stop", { id: 1 })).toEqual([]);
  });

  it("is not judged where too much is possible, and the lifecycle is named", () => {
    const { command, event, monitor } = play(
      endpointWith({
        transitions: [
          on("a", "go", "a", { set: { id: "/id" } }),
          on("a", "told", "a", { set: { id: "/id" } }),
        ],
      }),
    );
    for (let id = 0; id < 400; id += 1) event("told", { id });
    expect(command("stop")).toEqual([]);
    expect(monitor.overflown).toEqual(["machine 0"]);
  });

  it("costs nothing however long the same event streams", () => {
    const { command, event } = play(endpointWith(SESSION));
    command("go");
    for (let count = 0; count < 5000; count += 1) event("told");
    expect(command("stop")).toEqual([]);
    expect(command("stop")).toHaveLength(1);
  });

  it("tells whether the client must take an event for illegal", () => {
    const { command, event, monitor } = play(endpointWith(SESSION));
    expect(monitor.legality(said("over"))).toBe("illegal");
    command("go");
    expect(monitor.legality(said("over"))).toBe("legal");
    event("over");
    // The first run may still go on for the client.
    expect(monitor.legality(said("told"))).toBe("undecided");
    expect(monitor.legality(said(REFUSED))).toBe("legal");
  });
});

/** Any small lifecycle, sensible or not. */
const lifecycles = fc
  .record({
    transitions: fc.array(
      fc.record({
        from: fc.uniqueArray(fc.constantFrom("a", "b", "c", "*"), { minLength: 1, maxLength: 2 }),
        on: fc.constantFrom(...COMMANDS, ...EVENTS).map((name) => [name]),
        to: fc.constantFrom("a", "b", "c", "="),
        keep: fc.constantFrom("none", "none", "set", "bound"),
        may: fc.constantFrom(false, false, false, true),
      }),
      { minLength: 4, maxLength: 14 },
    ),
    queued: fc.subarray(COMMANDS, { maxLength: 1 }),
  })
  .map(
    ({ transitions, queued }): Partial<Lifecycle> => ({
      queued,
      transitions: transitions.map(({ from, on: names, to, keep, may }) => ({
        from,
        on: names,
        to,
        ...(keep === "set" ? { set: { kept: "/v" } } : keep === "bound" ? { bound: { "/v": "kept" } } : {}),
        ...(may ? { may: true } : {}),
      })),
    }),
  );

const turns = fc.array(fc.record({ what: fc.nat(9), choice: fc.nat(63), value: fc.nat(1) }), {
  minLength: 5,
  maxLength: 60,
});

interface Place {
  readonly state: string;
  readonly memory: typeof NO_MEMORY;
}

describe("a client that keeps its lifecycle", () => {
  test.prop([lifecycles, turns, fc.boolean(), fc.boolean()], { numRuns: 400 })(
    "is never accused, however late everything comes",
    (lifecycle, plan, believesServer, refuses) => {
      const endpoint = endpointWith(lifecycle);
      const [machine] = endpoint.lifecycles;
      if (machine === undefined) throw new Error("one lifecycle");
      const automaton = new Automaton(machine);
      const { walks, waiting, monitor } = play(endpoint);
      let client: Place = { state: "a", memory: NO_MEMORY };
      let late: NamedMessage[] = [];
      const toServer: { command: NamedMessage; index: number }[] = [];
      const toClient: { event: NamedMessage; place: Place; waiting: NamedMessage[]; processed: number }[] =
        [];
      const sent: NamedMessage[] = [];
      let processed = 0;
      const step = (place: Place, { names, payload }: NamedMessage): Place | undefined => {
        const next = automaton.first(place.state, place.memory, automaton.move(names[0] ?? "", payload));
        return next === undefined ? undefined : { state: next.state, memory: next.memory };
      };
      /** The client's own commands, each taken as soon as it can be. */
      const drain = (): void => {
        for (let head = late[0]; head !== undefined; head = late[0]) {
          const next = step(client, head);
          if (next === undefined) return;
          client = next;
          late = late.slice(1);
        }
      };
      const apply = (command: NamedMessage): void => {
        const next = step(client, command);
        const queued = machine.queued.includes(command.names[0] ?? "");
        if (queued && (next === undefined || late.length > 0)) late = [...late, command];
        else client = next ?? client;
      };
      const tell = (event: NamedMessage): void => {
        monitor.sent(event, 0);
        toClient.push({ event, place: walks.placeOf(machine, ""), waiting: [...waiting], processed });
      };
      const drainServer = (): void => {
        for (let head = waiting[0]; head !== undefined; head = waiting[0]) {
          if (walks.verdict(head.names[0] ?? "", head.payload) !== "legal") return;
          walks.passed(head.names[0] ?? "", head.payload);
          waiting.shift();
        }
      };
      for (const { what, choice, value } of plan) {
        if (what < 3) {
          // The client sends something that it takes for legal.
          const name = COMMANDS[choice % COMMANDS.length] ?? "";
          const command = said(name, { v: value });
          const allowed =
            !automaton.names(name) || step(client, command) !== undefined || machine.queued.includes(name);
          if (!allowed) continue;
          apply(command);
          toServer.push({ command, index: sent.length });
          sent.push(command);
        } else if (what < 5) {
          const next = toServer.shift();
          if (next === undefined) continue;
          const { command } = next;
          expect(monitor.received(command, 0)).toEqual([]);
          processed = next.index + 1;
          const name = command.names[0] ?? "";
          const queued = machine.queued.includes(name);
          const verdict = queued && waiting.length > 0 ? "waits" : walks.verdict(name, command.payload);
          if (verdict === "waits") waiting.push(command);
          else if (verdict === "illegal") tell(said(REFUSED));
          else {
            const passage = walks.passed(name, command.payload);
            if (refuses && choice % 4 === 0) {
              passage.undo();
              monitor.refused(command);
              tell(said(REFUSED));
            }
          }
        } else if (what < 7) {
          const name = EVENTS[choice % EVENTS.length] ?? "";
          const payload = { v: value };
          if (walks.verdict(name, payload) !== "legal") continue;
          walks.passed(name, payload);
          tell(said(name, payload));
          drainServer();
        } else {
          const next = toClient.shift();
          if (next === undefined) continue;
          if (believesServer) {
            // It reasons perfectly: it knows where the server stood, and what became of its commands since.
            client = next.place;
            late = [...next.waiting];
            for (const command of sent.slice(next.processed)) {
              drain();
              apply(command);
            }
          } else if (next.event.names[0] !== REFUSED) client = step(client, next.event) ?? client;
          drain();
        }
      }
    },
  );

  test.prop([lifecycles, turns], { numRuns: 400 })(
    "is accused exactly of what its state forbids, where everything comes at once",
    (lifecycle, plan) => {
      const [machine] = endpointWith(lifecycle).lifecycles;
      if (machine === undefined) throw new Error("one lifecycle");
      const transitions = machine.transitions.map(({ may: _, ...transition }) => transition);
      const endpoint = endpointWith({ ...lifecycle, transitions, queued: [] });
      const { walks, command, event } = play(endpoint);
      let atMs = 0;
      for (const { what, choice, value } of plan) {
        atMs += 6000;
        const payload = { v: value };
        if (what < 5) {
          const name = COMMANDS[choice % COMMANDS.length] ?? "";
          const verdict = walks.verdict(name, payload);
          expect(command(name, payload, atMs)).toHaveLength(verdict === "illegal" ? 1 : 0);
        } else {
          const name = EVENTS[choice % EVENTS.length] ?? "";
          if (walks.verdict(name, payload) === "legal") event(name, payload, atMs);
        }
      }
    },
  );
});
