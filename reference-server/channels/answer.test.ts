import { describe, expect, it } from "vitest";
import { createJumpClock, type Frame, type Peer, serveForTests } from "../test-peer.js";

const served = serveForTests({ channels: ["answer"] });
const open = (): Promise<Peer> => served.connect("/ws/chat");

const DONE = { type: "done" };
const contentOf = (frames: Frame[]): string =>
  frames
    .filter(({ type }) => type === "content")
    .map(({ content }) => content)
    .join("");

describe("the answer channel", () => {
  it.each([
    "Hello",
    'data: is text, and so is {"type":"ping"} \\',
    "  white\n\tspace  ",
    "<b>&amp;</b> 会議 👍🏽 e\u0301 \u0000",
    "🕰".repeat(5_000),
    "x".repeat(65_536),
  ])("the answer holds the query unchanged (%#)", async (query) => {
    const peer = await open();
    peer.send({ query });
    expect(contentOf(await peer.until(DONE))).toContain(query);
  });

  it("says what it does before it answers, and ends with exactly one done, nothing after it", async () => {
    const peer = await open();
    peer.send({ query: "Hello" });
    const frames = [...(await peer.until(DONE)), ...(await peer.during(100))];
    expect(frames.map(({ type }) => type).slice(0, 3)).toEqual(["status", "metadata", "content"]);
    expect(frames.filter(({ type }) => type === "done")).toHaveLength(1);
    expect(frames.at(-1)).toEqual(DONE);
  });

  it("stays open between answers", async () => {
    const peer = await open();
    for (const query of ["one", "two", "three"]) {
      peer.send({ query });
      expect(contentOf(await peer.until(DONE))).toContain(query);
    }
  });

  it("answers queries that come during an answer one after another, in order of arrival", async () => {
    const peer = await open();
    const queries = ["first", "second", "third", "fourth"];
    for (const query of queries) peer.send({ query });
    for (const query of queries) {
      const content = contentOf(await peer.until(DONE));
      expect(content).toContain(query);
      expect(queries.filter((other) => content.includes(other))).toEqual([query]);
    }
  });

  it("lets sixteen queries wait; more are refused with rate-limited and end nothing", async () => {
    const peer = await open();
    for (let n = 0; n < 20; n++) peer.send({ query: `query ${n} of twenty` });
    const refused = await peer.until({ type: "error" });
    expect(refused.at(-1)).toMatchObject({ type: "error", code: "rate-limited" });
    for (let n = 0; n < 17; n++) await peer.until(DONE);
    const all = [...peer.received, ...(await peer.during(100))];
    expect(all.filter(({ type }) => type === "done")).toHaveLength(17);
    expect(all.filter(({ type }) => type === "error")).toHaveLength(3);
  });

  it("an agent that throws ends its query with one error and no done, and the next query is answered", async () => {
    const peer = await open();
    peer.send({ query: "fail please" });
    peer.send({ query: "go on" });
    const failed = await peer.until({ type: "error" });
    expect(failed.at(-1)).toMatchObject({ type: "error", code: "internal" });
    expect(failed.some(({ type }) => type === "done")).toBe(false);
    expect(contentOf(await peer.until(DONE))).toContain("go on");
  });

  it("a refusal during an answer ends nothing", async () => {
    const peer = await open();
    peer.send({ query: "a long question that takes some time to answer" });
    await peer.next({ type: "content" });
    peer.send("nonsense");
    await peer.next({ type: "error", code: "not-json" });
    expect(contentOf(await peer.until(DONE))).toContain("answer");
  });

  it("keeps conversation memory per session_id, over connections, and gives nobody another's words", async () => {
    const [first, second] = [await open(), await open()];
    first.send({ query: "my secret", session_id: "tab-1" });
    expect(await first.until(DONE)).toContainEqual({
      type: "metadata",
      tool_used: "echo",
      has_context: false,
    });
    second.send({ query: "again", session_id: "tab-1" });
    const again = await second.until(DONE);
    expect(again).toContainEqual({ type: "metadata", tool_used: "echo", has_context: true });
    expect(again).toContainEqual({ type: "clear" });
    expect(contentOf(again)).not.toContain("secret");
    second.send({ query: "elsewhere", session_id: "tab-2" });
    expect(await second.until(DONE)).toContainEqual({
      type: "metadata",
      tool_used: "echo",
      has_context: false,
    });
  });

  it("stops the work for a client that is gone", async () => {
    const peer = await open();
    peer.send({ query: "x".repeat(60_000) });
    await peer.next({ type: "content" });
    const before = served.server().stats().timers;
    peer.socket.terminate();
    await peer.closed;
    await expect.poll(() => served.server().stats().timers, { timeout: 1_000 }).toBeLessThan(before);
  });

  it.each([
    ["a ping of another channel, with the hint", '{"type":"ping"}', "invalid-payload"],
    ["an empty query", '{"query":""}', "invalid-payload"],
    ["a query over 65 536 characters", JSON.stringify({ query: "x".repeat(65_537) }), "invalid-payload"],
    ["an unknown field", '{"query":"a","stream":true}', "invalid-payload"],
    ["a number", "7", "not-object"],
    ["an array", "[]", "not-object"],
    ["broken JSON", "{", "not-json"],
  ])("refuses %s and runs no agent", async (_title, frame, code) => {
    const peer = await open();
    peer.send(frame);
    expect(await peer.next()).toMatchObject({ type: "error", code });
    expect(await peer.during(50)).toEqual([]);
    peer.send({ query: "still here" });
    expect(contentOf(await peer.until(DONE))).toContain("still here");
  });
});

describe("the answer channel, with a clock of its own", () => {
  const clock = createJumpClock();
  const slow = serveForTests({ channels: ["answer"], timeScale: 1, clock });

  it("keeps a client that listens in silence, for it declares no heartbeat", async () => {
    const peer = await slow.connect("/ws/chat");
    for (let minute = 0; minute < 60; minute++) clock.jump(60_000);
    peer.send({ query: "still here" });
    expect(contentOf(await peer.until(DONE))).toContain("still here");
  });
});
