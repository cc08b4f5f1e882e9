import { describe, expect, it, vi } from "vitest";
import { IllegalEvent, openConnection } from "./connection.js";
import type { Acknowledgement } from "./socket.js";
import { bench, type Command, type Event, MemorySocket, protocolOf } from "./test-bench.js";
import { ManualClock } from "./test-clock.js";

const patience = { ms: 75_000, graceMs: 10_000, life: "any", close: 4408, level: "SHOULD" } as const;

describe("a connection", () => {
  it("hands a command that decodes and is legal to its member", () => {
    const { socket, taken } = bench();
    socket.give('{"do":"go"}');
    expect(taken).toEqual(["go"]);
    expect(socket.sent).toEqual([]);
  });

  it("refuses a frame that does not decode once, with its code, and stays open", () => {
    const { socket, taken } = bench();
    socket.give("nonsense");
    socket.give('{"do":"go"}');
    expect(socket.codes()).toEqual(["not-json"]);
    expect(taken).toEqual(["go"]);
    expect(socket.closes).toEqual([]);
  });

  it("refuses a command that is illegal in the state, and nothing changes", () => {
    const { socket, connection, taken } = bench();
    socket.give('{"do":"go"}');
    socket.give('{"do":"go"}');
    expect(socket.codes()).toEqual(["illegal-state"]);
    expect(connection.state("trip")).toBe("away");
    expect(taken).toEqual(["go"]);
  });

  it("refuses an unknown command, or ignores it where the document says so", () => {
    const refusing = bench();
    refusing.socket.give('{"do":"fly"}');
    expect(refusing.socket.codes()).toEqual(["unknown-message"]);
    const ignoring = bench({ protocol: { unknown: { send: "ignore", receive: "ignore" } } });
    ignoring.socket.give('{"do":"fly"}');
    expect(ignoring.socket.sent).toEqual([]);
  });

  it("takes the state back when the member refuses a legal command", () => {
    const { socket, connection } = bench({ member: { take: () => ({ code: "not-found", text: "no" }) } });
    socket.give('{"do":"go"}');
    expect(socket.codes()).toEqual(["not-found"]);
    expect(connection.state("trip")).toBe("home");
  });

  it("answers a member that throws with one `internal`, stays open and keeps the state", () => {
    const fault = new Error("broken");
    const { socket, connection, faults } = bench({
      member: {
        take() {
          throw fault;
        },
      },
    });
    socket.give('{"do":"go"}');
    expect(socket.codes()).toEqual(["internal"]);
    expect(faults).toEqual([fault]);
    expect(connection.state("trip")).toBe("home");
    expect(socket.closes).toEqual([]);
    expect(socket.sent.join()).not.toContain("broken");
  });

  it("never sends an event that its own contract forbids", () => {
    const { socket, connection } = bench();
    expect(() => connection.emit({ is: "done" })).toThrow(IllegalEvent);
    expect(socket.sent).toEqual([]);
  });

  it("closes with 1003 on a binary frame", () => {
    const { socket } = bench();
    socket.give(new Uint8Array([1]));
    expect(socket.closes).toEqual([1003]);
  });

  it("sends nothing and takes nothing after a close", () => {
    const { socket, connection, taken } = bench();
    connection.close("restart");
    expect(connection.emit({ is: "note" })).toBe(false);
    socket.give('{"do":"go"}');
    expect(socket.sent).toEqual([]);
    expect(taken).toEqual([]);
    expect(socket.closes).toEqual([1012]);
  });

  it("destroys the socket five seconds after a Close that nobody answers", () => {
    const { socket, connection, clock } = bench();
    connection.close("slow-consumer");
    clock.advance(4_999);
    expect(socket.closes).toEqual([4429]);
    clock.advance(1);
    expect(socket.closes).toEqual([4429, undefined]);
  });

  it("closes a slow consumer with 4429 when its queue is over the bound, and thins nothing before", () => {
    const { socket, connection } = bench({ protocol: { sendQueueBytes: 100 } });
    connection.emit({ is: "note" });
    socket.queued = 101;
    connection.emit({ is: "note" });
    expect(connection.emit({ is: "note" })).toBe(false);
    expect(socket.sent).toHaveLength(2);
    expect(socket.closes).toEqual([4429]);
  });

  it("closes a client that only pings and never reads", () => {
    const { socket } = bench({ protocol: { sendQueueBytes: 100 } });
    socket.queued = 101;
    socket.listener?.beat();
    expect(socket.closes).toEqual([4429]);
  });

  it("closes with the code for `done` after a command that leads to $closed", () => {
    const { socket } = bench();
    socket.give('{"do":"bye"}');
    expect(socket.closes).toEqual([1000]);
  });

  it("closes a silent client with 4408, not before the bound and within the grace", () => {
    const { socket, clock } = bench({
      protocol: { heartbeat: { mode: "application", initiator: "client", patience } },
    });
    clock.advance(75_000);
    expect(socket.closes).toEqual([]);
    clock.advance(10_000);
    expect(socket.closes[0]).toBe(4408);
  });

  it.each([
    ["a data frame", (socket: MemorySocket) => socket.give("nonsense")],
    ["a ping of the transport", (socket: MemorySocket) => socket.listener?.beat()],
  ])("counts any frame as life: %s", (_title, live) => {
    const { socket, clock } = bench({
      protocol: { heartbeat: { mode: "application", initiator: "client", patience } },
    });
    for (let beat = 0; beat < 5; beat++) {
      clock.advance(67_500);
      live(socket);
    }
    expect(socket.closes).toEqual([]);
    clock.advance(86_000);
    expect(socket.closes[0]).toBe(4408);
  });

  it("counts only pings as life where the document says so", () => {
    const heartbeat = {
      mode: "application",
      initiator: "client",
      ping: "ping",
      patience: { ...patience, life: "ping" },
    } as const;
    const { socket, clock } = bench({ protocol: { heartbeat } });
    clock.advance(60_000);
    socket.give('{"do":"ping"}');
    clock.advance(60_000);
    expect(socket.closes).toEqual([]);
    socket.give('{"do":"go"}');
    clock.advance(20_000);
    expect(socket.closes[0]).toBe(4408);
  });

  it("multiplies its patience by the time scale", () => {
    const heartbeat = { mode: "application", initiator: "client", patience } as const;
    const { socket, clock } = bench({ protocol: { heartbeat }, timeScale: 0.01 });
    clock.advance(749);
    expect(socket.closes).toEqual([]);
    clock.advance(110);
    expect(socket.closes[0]).toBe(4408);
  });

  it("lets queued commands wait and answers them in order of arrival", async () => {
    const order: string[] = [];
    const { socket, connection } = bench({
      member: {
        take(command) {
          order.push(command.do);
          return undefined;
        },
      },
    });
    socket.give('{"do":"ask"}');
    socket.give('{"do":"ask"}');
    socket.give('{"do":"ask"}');
    expect(order).toHaveLength(1);
    connection.emit({ is: "went" });
    await Promise.resolve();
    expect(order).toHaveLength(1);
    connection.emit({ is: "done" });
    await Promise.resolve();
    expect(order).toHaveLength(2);
    expect(socket.codes()).toEqual(["went", "done"]);
  });

  it("refuses with rate-limited what would wait beyond the bound", () => {
    const { socket } = bench({ waiting: 2 });
    for (let i = 0; i < 4; i++) socket.give('{"do":"ask"}');
    expect(socket.codes()).toEqual(["rate-limited"]);
  });

  it("refuses, or closes with 4429, what exceeds the rate, and starts anew with the next window", () => {
    const refusing = bench({ rate: { messages: 2, perMs: 1_000, answer: "error" } });
    for (let i = 0; i < 3; i++) refusing.socket.give('{"do":"ping"}');
    expect(refusing.socket.codes()).toEqual(["rate-limited"]);
    refusing.clock.advance(1_000);
    refusing.socket.give('{"do":"ping"}');
    expect(refusing.taken).toHaveLength(3);
    const closing = bench({ rate: { messages: 2, perMs: 1_000, answer: "close" } });
    for (let i = 0; i < 3; i++) closing.socket.give('{"do":"ping"}');
    expect(closing.socket.closes).toEqual([4429]);
  });

  it("acknowledges a taken command, and a refused one beside its refusal", () => {
    const { socket } = bench();
    const answers: Acknowledgement[] = [];
    socket.give('{"do":"go"}', (answer) => answers.push(answer));
    socket.give('{"do":"go"}', (answer) => answers.push(answer));
    expect(answers).toEqual([
      { ok: true },
      { ok: false, code: "illegal-state", message: expect.any(String) },
    ]);
    expect(socket.codes()).toEqual(["illegal-state"]);
  });

  it("releases everything at the end: no timer, one report, the member told once", () => {
    const left = vi.fn();
    const heartbeat = { mode: "application", initiator: "client", patience } as const;
    const { socket, connection, clock, ends } = bench({ protocol: { heartbeat }, member: { left } });
    socket.give("nonsense");
    connection.close("restart");
    socket.listener?.closed(1012, "restart");
    socket.listener?.closed(1006, "");
    expect(left).toHaveBeenCalledTimes(1);
    expect(clock.timers.size).toBe(0);
    expect(ends).toEqual([
      { id: "c1", code: 1012, reason: "restart", durationMs: 0, commands: 0, events: 1, refused: 1 },
    ]);
  });

  it("closes with 1011 when its channel cannot even let it in", () => {
    const socket = new MemorySocket();
    const faults: unknown[] = [];
    openConnection<Command, Event>({
      id: "c2",
      protocol: protocolOf(),
      socket,
      clock: new ManualClock(),
      timeScale: 1,
      join() {
        throw new Error("no room");
      },
      onFault: (fault) => faults.push(fault),
      onEnd() {},
    });
    expect(faults).toHaveLength(1);
    expect(socket.closes).toEqual([1011]);
  });
});
