import { describe, expect, it } from "vitest";
import { startServer } from "../server.js";
import { connect, createJumpClock, dataOf, type Frame, type Peer, serveForTests } from "../test-peer.js";

const served = serveForTests({ channels: ["workflow"] });
const open = (): Promise<Peer> => served.connect("/ws");

const UUID = "0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f1";
let serial = 0;
const freshUuid = (): string =>
  `${UUID.slice(0, -3)}${(0x100 + serial++).toString(16).padStart(4, "0")}`.slice(0, 36);

const COMPLETED = { event: "execution:completed" };
const PAUSED = { event: "execution:paused" };
const ASKED = { event: "human_interaction_required" };
const start = (workflow_id: string, more: Frame = {}): Frame => ({
  cmd: "start_session",
  data: { workflow_id, ...more },
});
const names = (frames: Frame[]): unknown[] => frames.map(({ event }) => event);
const chunks = (frames: Frame[]): string =>
  frames
    .filter(({ event }) => event === "token_stream")
    .map((frame) => dataOf(frame)["chunk"])
    .join("");
const refusal = (code: string): Frame => ({ event: "error", data: { code } });

describe("the workflow channel", () => {
  it("answers a ping with a pong that carries its token, when it had one", async () => {
    const peer = await open();
    peer.send({ cmd: "ping", data: { token: "7 ✓" } });
    expect(await peer.next()).toEqual({ event: "pong", data: { token: "7 ✓" } });
    peer.send(' {"cmd":"ping"}\n');
    expect(await peer.next()).toEqual({ event: "pong" });
    peer.send({ cmd: "ping", data: {} });
    expect(await peer.next()).toEqual({ event: "pong" });
  });

  it.each([
    "short",
    "",
    "data: keep this\n\t<b>&amp;</b> \u0000 \ud83d\ude80 e\u0301 \u2028",
    "🚀".repeat(20_000),
    "x".repeat(65_536),
  ])("echo: the chunks joined are the input (%#)", async (input) => {
    const peer = await open();
    peer.send(start("echo", { input }));
    expect(chunks(await peer.until(COMPLETED))).toBe(input);
  });

  it("council: three agents speak in parallel, think, spend, use a tool and vote", async () => {
    const peer = await open();
    peer.send(start("council", { session_uuid: freshUuid() }));
    const frames = await peer.until(COMPLETED);
    expect(frames.filter(({ event }) => event === "node:parallel_start")).toHaveLength(1);
    expect(frames.filter(({ event }) => event === "token_usage")).toHaveLength(3);
    expect(names(frames)).toContain("tool_execution");
    expect(frames.some((frame) => dataOf(frame)["is_thinking"] === true)).toBe(true);
    expect(frames.at(-1)).toMatchObject({ event: "execution:completed", data: { status: "completed" } });
  });

  it("says the same to the same seed", async () => {
    const told: unknown[] = [];
    for (const _ of [1, 2]) {
      const server = await startServer({ port: 0, seed: 42, timeScale: 0.02, channels: ["workflow"] });
      const peer = await connect(`${server.url}/ws`);
      peer.send(start("council"));
      told.push((await peer.until(COMPLETED)).map(({ timestamp, ...rest }) => rest));
      await server.close();
    }
    expect(told[0]).toEqual(told[1]);
  });

  it("human: asks, and goes on when somebody answers", async () => {
    const peer = await open();
    peer.send(start("human"));
    await peer.next(ASKED);
    peer.send({ cmd: "user_input", data: { text: "ship it, 小明" } });
    expect(chunks(await peer.until(COMPLETED))).toBe("ship it, 小明");
  });

  it("accepts user_input that nobody waits for, without effect", async () => {
    const peer = await open();
    peer.send(start("human"));
    await peer.next(ASKED);
    peer.send({ cmd: "user_input", data: { text: "wrong node", node_id: "nobody" } });
    peer.send({ cmd: "ping" });
    expect(await peer.next()).toEqual({ event: "pong" });
    peer.send({ cmd: "user_input", data: { text: "right", node_id: "review" } });
    expect(chunks(await peer.until(COMPLETED))).toBe("right");
  });

  it("fail: one error `internal`, the node failed, completed with failed", async () => {
    const peer = await open();
    peer.send(start("fail"));
    const frames = await peer.until(COMPLETED);
    expect(frames.slice(-3)).toMatchObject([
      { event: "error", data: { code: "internal" } },
      { event: "node_state_change", data: { status: "failed" } },
      { event: "execution:completed", data: { status: "failed" } },
    ]);
  });

  it("flood: 5 000 tokens of 4 KiB, in order, none missing, for a client that reads", async () => {
    const peer = await open();
    peer.send(start("flood"));
    expect(chunks(await peer.until(COMPLETED))).toHaveLength(5_000 * 4_096);
  });

  it("every event of a session carries the uuid of its start, or one that the server drew", async () => {
    const peer = await open();
    const session_uuid = freshUuid().toUpperCase();
    peer.send(start("echo", { input: "a", session_uuid }));
    for (const frame of await peer.until(COMPLETED)) expect(dataOf(frame)["session_uuid"]).toBe(session_uuid);
    peer.send(start("echo", { input: "a" }));
    const drawn = (await peer.until(COMPLETED)).map((frame) => dataOf(frame)["session_uuid"]);
    expect(new Set(drawn).size).toBe(1);
    expect(drawn[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("execution:completed comes exactly once and last, and the connection may start again", async () => {
    const peer = await open();
    peer.send(start("echo", { input: "a" }));
    await peer.until(COMPLETED);
    expect(await peer.during(100)).toEqual([]);
    peer.send(start("echo", { input: "b" }));
    expect(chunks(await peer.until(COMPLETED))).toBe("b");
  });

  it("refuses an unknown workflow with not-found, and the session stays idle", async () => {
    const peer = await open();
    peer.send(start("nothing"));
    await peer.next(refusal("not-found"));
    peer.send(start("echo", { input: "x" }));
    expect(chunks(await peer.until(COMPLETED))).toBe("x");
  });

  it("refuses a start while not idle, also with the same uuid, with illegal-state", async () => {
    const peer = await open();
    const session_uuid = freshUuid();
    peer.send(start("human", { session_uuid }));
    peer.send(start("human", { session_uuid }));
    await peer.next(refusal("illegal-state"));
    peer.send(start("echo"));
    await peer.next(refusal("illegal-state"));
  });

  it("refuses pause_session and resume_session with another uuid with not-found", async () => {
    const peer = await open();
    peer.send(start("human", { session_uuid: freshUuid() }));
    await peer.next(ASKED);
    for (const cmd of ["pause_session", "resume_session"]) {
      peer.send({ cmd, data: { session_uuid: freshUuid() } });
      await peer.next(refusal("not-found"));
    }
  });

  it.each(["pause_session", "resume_session"])("refuses %s in idle with illegal-state", async (cmd) => {
    const peer = await open();
    peer.send({ cmd });
    expect(await peer.next()).toMatchObject(refusal("illegal-state"));
  });

  it("rests after pause_session: execution:paused comes, nothing follows it, resume answers with the node states", async () => {
    const peer = await open();
    const session_uuid = freshUuid();
    peer.send(start("council", { session_uuid }));
    await peer.next({ event: "token_stream" });
    peer.send({ cmd: "pause_session", data: { session_uuid: session_uuid.toUpperCase() } });
    await peer.next(PAUSED);
    expect(await peer.during(100)).toEqual([]);
    peer.send({ cmd: "resume_session" });
    expect(await peer.next()).toMatchObject({ event: "node_state_change" });
    await peer.until(COMPLETED);
  });

  it("answers a join with the current node states, and each member gets each later event once", async () => {
    const [first, second, stranger] = [await open(), await open(), await open()];
    const session_uuid = freshUuid();
    first.send(start("human", { session_uuid }));
    await first.next(ASKED);
    second.send(start("human", { session_uuid: session_uuid.toUpperCase() }));
    expect(names(await second.until({ node_id: "review" }))).toEqual([
      "node_state_change",
      "node_state_change",
    ]);
    second.send({ cmd: "user_input", data: { text: "from the second" } });
    const heard = (await Promise.all([first.until(COMPLETED), second.until(COMPLETED)])).map((frames) =>
      frames.map(({ timestamp, ...frame }) => ({ ...frame, data: { ...dataOf(frame), session_uuid: "" } })),
    );
    expect(heard[0]).toEqual(heard[1]);
    expect(stranger.received).toEqual([]);
  });

  it("a pause by one member rests the engine for all, and any of them resumes it for all", async () => {
    const [first, second] = [await open(), await open()];
    const session_uuid = freshUuid();
    first.send(start("human", { session_uuid }));
    await first.next(ASKED);
    second.send(start("human", { session_uuid }));
    await second.next({ node_id: "review" });
    first.send({ cmd: "pause_session" });
    await Promise.all([first.next(PAUSED), second.next(PAUSED)]);
    second.send({ cmd: "resume_session" });
    await Promise.all([first.next({ node_id: "review" }), second.next({ node_id: "review" })]);
    first.send({ cmd: "user_input", data: { text: "on" } });
    await Promise.all([first.until(COMPLETED), second.until(COMPLETED)]);
  });

  it("tells who joins a resting session that it rests", async () => {
    const [first, second] = [await open(), await open()];
    const session_uuid = freshUuid();
    first.send(start("human", { session_uuid }));
    await first.next(ASKED);
    first.send({ cmd: "pause_session" });
    await first.next(PAUSED);
    second.send(start("human", { session_uuid }));
    expect(names(await second.until(PAUSED))).toEqual([
      "node_state_change",
      "node_state_change",
      "execution:paused",
    ]);
  });

  it.each([
    ["broken JSON", "{", "not-json"],
    ["an array", "[]", "not-object"],
    ["null", "null", "not-object"],
    ["a string", '"x"', "not-object"],
    ["the wrong field", '{"type":"ping"}', "wrong-discriminator"],
    ["the other direction's field", '{"event":"pong"}', "wrong-discriminator"],
    ["no field", "{}", "missing-discriminator"],
    ["an unknown command", '{"cmd":"dance"}', "unknown-message"],
    ["a missing field", '{"cmd":"start_session"}', "invalid-payload"],
    ["null for absent", '{"cmd":"ping","data":null}', "invalid-payload"],
    ["an unknown field", '{"cmd":"ping","extra":1}', "invalid-payload"],
    ["a uuid that is none", '{"cmd":"pause_session","data":{"session_uuid":"x"}}', "invalid-payload"],
    ["ten thousand brackets", "[".repeat(10_000), "too-deep"],
  ])("refuses %s once, and the connection stays open", async (_title, frame, code) => {
    const peer = await open();
    peer.send(frame);
    peer.send({ cmd: "ping" });
    const [refused, pong, ...rest] = await peer.until({ event: "pong" });
    expect(refused).toMatchObject(refusal(code));
    expect(pong).toEqual({ event: "pong" });
    expect(rest).toEqual([]);
  });
});

describe("the workflow channel, with a clock of its own", () => {
  const clock = createJumpClock();
  const slow = serveForTests({ channels: ["workflow"], timeScale: 1, clock });
  const enter = (): Promise<Peer> => slow.connect("/ws");

  it("keeps a session without connections for thirty seconds, then ends it", async () => {
    const first = await enter();
    const session_uuid = freshUuid();
    first.send(start("human", { session_uuid }));
    await first.next(ASKED);
    first.socket.terminate();
    await expect.poll(() => slow.server().stats().connections).toBe(0);
    clock.jump(29_000);
    const second = await enter();
    second.send(start("human", { session_uuid }));
    expect(await second.next()).toMatchObject({ node_id: "draft", data: { status: "completed" } });
    second.socket.terminate();
    await expect.poll(() => slow.server().stats().connections).toBe(0);
    clock.jump(30_001);
    const third = await enter();
    third.send(start("human", { session_uuid }));
    expect(await third.next()).toMatchObject({ node_id: "draft", data: { status: "running" } });
    third.socket.terminate();
  });

  it("closes a client that stays silent with 4408 between 75 s and 85 s, and keeps one that speaks", async () => {
    const [silent, alive] = [await enter(), await enter()];
    for (const seconds of [30, 30, 14]) {
      clock.jump(seconds * 1_000);
      alive.send({ cmd: "ping" });
      await alive.next({ event: "pong" });
    }
    expect(silent.socket.readyState).toBe(silent.socket.OPEN);
    clock.jump(10_500);
    expect((await silent.closed).code).toBe(4408);
    alive.send({ cmd: "ping" });
    await alive.next({ event: "pong" });
  });
});
