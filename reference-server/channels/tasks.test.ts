import { describe, expect, it } from "vitest";
import { dataOf, type Frame, type Peer, serveForTests } from "../test-peer.js";

const served = serveForTests({ channels: ["tasks"] });
const open = (): Promise<Peer> => served.connect("/ws/ws");

let serial = 0;
const freshId = (prefix = "session"): string => `${prefix}-${serial++}`;
const update = (status: string): Frame => ({ event: "session.update", data: { status } });
const refusal = (code: string, session_id?: string): Frame => ({
  event: "error",
  ...(session_id === undefined ? {} : { session_id }),
  data: { code },
});

/** A client that has subscribed. */
async function subscribed(session_id: string): Promise<Peer> {
  const peer = await open();
  peer.send({ event: "subscribe", session_id });
  await peer.next({ event: "subscribed", session_id });
  return peer;
}

const isEnd = (frame: Frame): boolean =>
  frame["event"] === "session.update" && ["completed", "failed"].includes(String(dataOf(frame)["status"]));

describe("the tasks channel", () => {
  it("answers a ping with a pong", async () => {
    const peer = await open();
    peer.send({ event: "ping" });
    expect(await peer.next()).toEqual({ event: "pong" });
  });

  it("subscribe is answered with the snapshot, and creates an unknown session", async () => {
    const peer = await open();
    const session_id = freshId();
    peer.send({ event: "subscribe", session_id });
    expect(await peer.next()).toEqual({
      event: "subscribed",
      session_id,
      data: { status: "created", completed_tasks: 0, total_tasks: expect.any(Number) },
    });
  });

  it("start runs the tasks to the end: running first, one terminal update, nothing after it", async () => {
    const session_id = freshId();
    const peer = await subscribed(session_id);
    peer.send({ event: "start", session_id });
    expect(await peer.next()).toMatchObject(update("running"));
    const frames = [...(await peer.until(update("completed"))), ...(await peer.during(100))];
    expect(frames.filter(isEnd)).toHaveLength(1);
    expect(frames.at(-1)).toMatchObject(update("completed"));
    expect(frames.some(({ event }) => event === "task.update")).toBe(true);
    for (const frame of frames) expect(frame["session_id"]).toBe(session_id);
  });

  it("progress never goes back and never over the total, and counts anew when the session runs again", async () => {
    const session_id = freshId();
    const peer = await subscribed(session_id);
    for (const _ of ["first", "again"]) {
      peer.send({ event: "start", session_id });
      const frames = await peer.until(update("completed"));
      const counts = frames
        .filter(({ event }) => event === "progress.update")
        .map((frame) => Number(dataOf(frame)["completed_tasks"]));
      expect(counts[0]).toBe(0);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(counts.at(-1)).toBe(dataOf(frames.at(-1) ?? {})["total_tasks"]);
    }
  });

  it("a session whose task fails ends with failed", async () => {
    const session_id = freshId("fail");
    const peer = await subscribed(session_id);
    peer.send({ event: "start", session_id });
    const frames = await peer.until(update("failed"));
    expect(frames.at(-2)).toMatchObject({
      event: "task.update",
      data: { status: "failed", error: expect.any(String) },
    });
  });

  it("pause is answered with paused, nothing runs meanwhile, resume with running", async () => {
    const session_id = freshId();
    const peer = await subscribed(session_id);
    peer.send({ event: "start", session_id });
    await peer.next(update("running"));
    peer.send({ event: "pause", session_id });
    await peer.until(update("paused"));
    expect(await peer.during(150)).toEqual([]);
    peer.send({ event: "resume", session_id });
    await peer.until(update("running"));
    await peer.until(update("completed"));
  });

  it.each(["created", "running", "paused"])("stop in %s ends the session with failed", async (state) => {
    const session_id = freshId();
    const peer = await subscribed(session_id);
    if (state !== "created") peer.send({ event: "start", session_id });
    if (state !== "created") await peer.until(update("running"));
    if (state === "paused") peer.send({ event: "pause", session_id });
    if (state === "paused") await peer.until(update("paused"));
    peer.send({ event: "stop", session_id });
    await peer.until(update("failed"));
    expect(await peer.during(100)).toEqual([]);
  });

  it.each([
    ["pause", "created"],
    ["resume", "created"],
    ["subscribe", "created"],
    ["start", "running"],
    ["resume", "running"],
    ["stop", "ended"],
    ["pause", "ended"],
  ])("refuses %s in %s with illegal-state and its session_id", async (event, state) => {
    const session_id = freshId();
    const peer = await subscribed(session_id);
    if (state !== "created") peer.send({ event: "start", session_id });
    if (state !== "created") await peer.until(update(state === "ended" ? "completed" : "running"));
    peer.send({ event, session_id });
    await peer.next(refusal("illegal-state", session_id));
  });

  it("refuses an unsubscribe without a subscription", async () => {
    const peer = await open();
    const session_id = freshId();
    peer.send({ event: "unsubscribe", session_id });
    expect(await peer.next()).toMatchObject(refusal("illegal-state", session_id));
  });

  it("refuses to steer an unknown session with not-found", async () => {
    const peer = await open();
    const session_id = freshId();
    peer.send({ event: "start", session_id });
    expect(await peer.next()).toMatchObject(refusal("not-found", session_id));
  });

  it("without a subscription the session's state decides what is taken", async () => {
    const session_id = freshId();
    const watcher = await subscribed(session_id);
    const other = await open();
    other.send({ event: "pause", session_id });
    expect(await other.next()).toMatchObject(refusal("illegal-state", session_id));
    other.send({ event: "start", session_id });
    await watcher.until(update("running"));
    expect(other.received).toHaveLength(1);
  });

  it("after unsubscribed nothing of the session comes at all", async () => {
    const session_id = freshId();
    const peer = await subscribed(session_id);
    peer.send({ event: "start", session_id });
    await peer.next(update("running"));
    peer.send({ event: "unsubscribe", session_id });
    await peer.until({ event: "unsubscribed", session_id });
    expect(await peer.during(200)).toEqual([]);
  });

  it("every subscriber gets every update, also what another tab did; strangers get nothing", async () => {
    const session_id = freshId();
    const [first, second, stranger] = [
      await subscribed(session_id),
      await subscribed(session_id),
      await subscribed(freshId()),
    ];
    first.send({ event: "start", session_id });
    await second.next(update("running"));
    second.send({ event: "pause", session_id });
    await first.until(update("paused"));
    first.send({ event: "resume", session_id });
    await second.until(update("running"));
    second.send({ event: "stop", session_id });
    await Promise.all([first.until(update("failed")), second.until(update("failed"))]);
    expect(first.received.slice(1)).toEqual(second.received.slice(1));
    expect(stranger.received).toHaveLength(1);
  });

  it("two tabs that press the same button: one is taken, the other refused, both see what happens", async () => {
    const session_id = freshId();
    const [first, second] = [await subscribed(session_id), await subscribed(session_id)];
    first.send({ event: "start", session_id });
    second.send({ event: "start", session_id });
    const [left, right] = [await first.until(update("running")), await second.until(update("running"))];
    expect([...left, ...right].filter(({ event }) => event === "error")).toHaveLength(1);
  });

  it("who subscribes while the session changes is told its snapshot when it has", async () => {
    const session_id = freshId();
    const first = await subscribed(session_id);
    const second = await open();
    first.send({ event: "start", session_id });
    first.send({ event: "ping" });
    await first.until({ event: "pong" });
    second.send({ event: "subscribe", session_id });
    expect(await second.next()).toMatchObject({ event: "subscribed", data: { status: "running" } });
  });

  it("a session outlives its connection: who comes back is told how far it is", async () => {
    const session_id = freshId();
    const first = await subscribed(session_id);
    first.send({ event: "start", session_id });
    await first.until({ event: "progress.update", data: { completed_tasks: 1 } });
    first.socket.terminate();
    const second = await open();
    second.send({ event: "subscribe", session_id });
    expect(await second.next()).toMatchObject({
      event: "subscribed",
      data: { status: "running", completed_tasks: 1 },
    });
    await second.until(update("completed"));
  });

  it("keeps several sessions of one connection apart", async () => {
    const peer = await open();
    const [one, two] = [freshId(), freshId()];
    for (const session_id of [one, two]) peer.send({ event: "subscribe", session_id });
    await peer.until({ event: "subscribed", session_id: two });
    for (const session_id of [one, two]) peer.send({ event: "start", session_id });
    peer.send({ event: "pause", session_id: one });
    expect(await peer.next()).toMatchObject(refusal("illegal-state", one));
    const ends = (): unknown[] => peer.received.filter(isEnd).map((frame) => frame["session_id"]);
    await expect.poll(() => ends().length, { timeout: 15_000 }).toBe(2);
    expect((await peer.during(200)).filter(isEnd)).toEqual([]);
    expect(ends().sort()).toEqual([one, two].sort());
  });

  it.each([
    ["an unknown event", '{"event":"dance"}', "unknown-message"],
    ["the wrong field", '{"type":"ping"}', "wrong-discriminator"],
    ["an empty session_id", '{"event":"start","session_id":""}', "invalid-payload"],
    ["no session_id", '{"event":"start"}', "invalid-payload"],
    ["an unknown field", '{"event":"ping","extra":1}', "invalid-payload"],
    ["broken JSON", "{", "not-json"],
  ])("refuses %s, and the connection stays open", async (_title, frame, code) => {
    const peer = await open();
    peer.send(frame);
    peer.send({ event: "ping" });
    expect(await peer.until({ event: "pong" })).toMatchObject([refusal(code), { event: "pong" }]);
  });
});
