import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dataOf, type Frame, type Peer, serveForTests } from "../test-peer.js";
import { pipelineUuids } from "./pipelines.js";

const served = serveForTests({ channels: ["pipeline"] });
let serial = 0;
/** A pipeline that no other test uses. */
const fresh = (): string => pipelineUuids[serial++] ?? "";
const open = (uuid: string, query = "?session_type=person"): Promise<Peer> =>
  served.connect(`/api/v1/pipelines/${uuid}/ws/connect${query}`);
const entered = async (uuid: string, query?: string): Promise<Peer> => {
  const peer = await open(uuid, query);
  await peer.next({ type: "connected" });
  return peer;
};
const say = (text: string, more: Frame = {}): Frame => ({
  type: "message",
  message: [{ type: "Plain", text }],
  ...more,
});
const FINAL = { type: "response", data: { is_final: true } };

async function rest(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${served.server().port}/api/v1/pipelines/${path}`, init);
  return { status: response.status, body: await response.json() };
}

describe("the pipeline channel", () => {
  it("knows the 32 pipelines that the document gives as examples", () => {
    const document = readFileSync(new URL("../../asyncapi.yaml", import.meta.url), "utf8");
    expect(pipelineUuids).toHaveLength(32);
    for (const uuid of pipelineUuids) expect(document).toContain(`- ${uuid}\n`);
  });

  it("connected is the first frame, once", async () => {
    const uuid = fresh();
    const peer = await open(uuid);
    expect(await peer.next()).toEqual({
      type: "connected",
      connection_id: expect.any(String),
      pipeline_uuid: uuid,
      session_type: "person",
      timestamp: expect.any(String),
    });
    expect(await peer.during(100)).toEqual([]);
  });

  it("session_type defaults to person", async () => {
    const peer = await open(fresh(), "");
    expect(await peer.next()).toMatchObject({ session_type: "person" });
  });

  it.each([
    ["an unknown pipeline with 404", "00000000-0000-4000-8000-000000000000", "", 404],
    ["a bad session type with 400", pipelineUuids[31] ?? "", "?session_type=crowd", 400],
  ])("refuses %s, before the 101", async (_title, uuid, query, status) => {
    await expect(open(uuid, query)).rejects.toThrow(`HTTP ${status}`);
  });

  it("echoes a question before the first response, and answers it once, cumulatively", async () => {
    const peer = await entered(fresh());
    peer.send(say("What is wireproof, 小明?"));
    const frames = await peer.until(FINAL);
    expect(frames[0]).toMatchObject({
      type: "user_message",
      data: {
        role: "user",
        content: "What is wireproof, 小明?",
        is_final: true,
        message_chain: [{ type: "Plain", text: "What is wireproof, 小明?" }],
      },
    });
    const answers = frames.slice(1).map(dataOf);
    expect(answers.length).toBeGreaterThan(2);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers[0]?.["id"]).not.toBe(dataOf(frames[0] ?? {})["id"]);
    for (const [index, { content }] of answers.entries()) {
      expect(String(content).startsWith(String(answers[index - 1]?.["content"] ?? ""))).toBe(true);
    }
    expect(answers.filter(({ is_final }) => is_final === true)).toHaveLength(1);
    expect(await peer.during(100)).toEqual([]);
  });

  it("with stream: false there is one final frame and no other", async () => {
    const peer = await entered(fresh());
    peer.send(say("whole", { stream: false }));
    const frames = [...(await peer.until(FINAL)), ...(await peer.during(100))];
    expect(frames.map(({ type }) => type)).toEqual(["user_message", "response"]);
  });

  it("answers may interleave across ids, each under its own", async () => {
    const peer = await entered(fresh());
    peer.send(say("one"));
    peer.send(say("two"));
    const frames = [...(await peer.until(FINAL)), ...(await peer.until(FINAL))];
    const last = new Map(frames.map(dataOf).map(({ id, content }) => [id, String(content)]));
    expect(last.size).toBe(4);
    const finals = [...last.values()];
    expect(finals.filter((text) => text.includes("one"))).toHaveLength(2);
    expect(finals.filter((text) => text.includes("two"))).toHaveLength(2);
  });

  it("every connection of the same pipeline and session type gets them, the sender too, once; nobody else", async () => {
    const [uuid, other] = [fresh(), fresh()];
    const [sender, listener] = [await entered(uuid), await entered(uuid)];
    const [group, stranger] = [await entered(uuid, "?session_type=group"), await entered(other)];
    sender.send(say("for persons"));
    const [sent, heard] = await Promise.all([sender.until(FINAL), listener.until(FINAL)]);
    expect(sent).toEqual(heard);
    expect(await group.during(100)).toEqual([]);
    expect(stranger.received).toHaveLength(1);
  });

  it("content is the Plain texts joined, other components as [Type]; unknown types are kept", async () => {
    const peer = await entered(fresh());
    const message = [
      { type: "At", target: 7, display: "Ann" },
      { type: "Plain", text: " look " },
      { type: "Sticker", id: "😀", nested: { deep: [1] } },
      { type: "Quote", id: "q", origin: [{ type: "Plain", text: "old" }] },
      { type: "Plain", text: "!" },
    ];
    peer.send({ type: "message", message, stream: false });
    const [echo] = await peer.until(FINAL);
    expect(echo).toMatchObject({ data: { content: "[At] look [Sticker][Quote]!", message_chain: message } });
  });

  it("echoes and answers a text of a megabyte less its envelope", async () => {
    const peer = await entered(fresh());
    const text = "x".repeat(1_000_000);
    peer.send(say(text, { stream: false }));
    const [echo, answer] = await peer.until(FINAL);
    expect(dataOf(echo ?? {})["content"]).toBe(text);
    expect(dataOf(answer ?? {})["content"]).toContain(text);
  });

  it("disconnect: the server closes with 1000", async () => {
    const peer = await entered(fresh());
    peer.send({ type: "disconnect" });
    expect((await peer.closed).code).toBe(1000);
  });

  it("answers a ping with a pong", async () => {
    const peer = await entered(fresh());
    peer.send({ type: "ping" });
    expect(await peer.next()).toEqual({ type: "pong", timestamp: expect.any(String) });
  });

  it.each([
    ["a component without type", '{"type":"message","message":[{"text":"a"}]}', "invalid-payload"],
    [
      "a known component with an unknown field",
      '{"type":"message","message":[{"type":"AtAll","x":1}]}',
      "invalid-payload",
    ],
    ["no component", '{"type":"message","message":[]}', "invalid-payload"],
    ["the wrong field", '{"cmd":"ping"}', "wrong-discriminator"],
    ["an unknown command", '{"type":"dance"}', "unknown-message"],
    ["broken JSON", "{", "not-json"],
  ])("refuses %s, and nothing reaches others", async (_title, frame, code) => {
    const uuid = pipelineUuids[30] ?? "";
    const [peer, listener] = [await entered(uuid), await entered(uuid)];
    peer.send(frame);
    expect(await peer.next()).toMatchObject({ type: "error", code });
    peer.send({ type: "ping" });
    await peer.next({ type: "pong" });
    expect(listener.received).toHaveLength(1);
  });

  it("refuses with rate-limited more than 64 answers under way for one connection", async () => {
    const peer = await entered(fresh());
    for (let n = 0; n < 70; n++) peer.send(say(`question ${n}`));
    expect(await peer.next({ type: "error" })).toMatchObject({ code: "rate-limited" });
  });

  describe("its REST interface", () => {
    it("gives the history of a room, and forgets it on reset; ids go on", async () => {
      const uuid = fresh();
      const peer = await entered(uuid);
      peer.send(say("remember", { stream: false }));
      await peer.until(FINAL);
      const history = await rest("GET", `${uuid}/ws/messages/person`);
      expect(history).toMatchObject({
        status: 200,
        body: {
          code: 0,
          msg: "ok",
          data: {
            messages: [
              { id: 1, role: "user" },
              { id: 2, role: "assistant", is_final: true },
            ],
          },
        },
      });
      expect(await rest("GET", `${uuid}/ws/messages/group`)).toMatchObject({
        body: { data: { messages: [] } },
      });
      expect(await rest("POST", `${uuid}/ws/reset/person`)).toMatchObject({ status: 200, body: { code: 0 } });
      expect(await rest("GET", `${uuid}/ws/messages/person`)).toMatchObject({
        body: { data: { messages: [] } },
      });
      peer.send(say("new", { stream: false }));
      expect(dataOf((await peer.until(FINAL))[0] ?? {})["id"]).toBe(3);
    });

    it("keeps 500 entries of history", async () => {
      const uuid = fresh();
      const peer = await entered(uuid);
      for (let n = 0; n < 300; n++) {
        peer.send(say(`question ${n}`, { stream: false }));
        if (n % 30 === 29) for (let answers = 0; answers < 30; answers++) await peer.until(FINAL);
      }
      const { body } = await rest("GET", `${uuid}/ws/messages/person`);
      expect(body).toMatchObject({ data: { messages: { length: 500 } } });
    });

    it("counts connections by session type with their ids and since when, exactly after drops", async () => {
      const uuid = fresh();
      const [first, second, third] = [
        await entered(uuid),
        await entered(uuid),
        await entered(uuid, "?session_type=group"),
      ];
      expect(await rest("GET", `${uuid}/ws/connections`)).toMatchObject({
        body: {
          data: {
            total: 3,
            person: 2,
            group: 1,
            connections: [
              {
                session_type: "person",
                connection_id: first.received[0]?.["connection_id"],
                since: expect.any(String),
              },
              { session_type: "person", connection_id: second.received[0]?.["connection_id"] },
              { session_type: "group", connection_id: third.received[0]?.["connection_id"] },
            ],
          },
        },
      });
      first.socket.terminate();
      third.send({ type: "disconnect" });
      await Promise.all([first.closed, third.closed]);
      await expect
        .poll(async () => (await rest("GET", `${uuid}/ws/connections`)).body)
        .toMatchObject({ data: { total: 1, person: 1, group: 0 } });
    });

    it("broadcasts to all connections of the pipeline, whatever their session type, and to no other", async () => {
      const [uuid, other] = [fresh(), fresh()];
      const [person, group, stranger] = [
        await entered(uuid),
        await entered(uuid, "?session_type=group"),
        await entered(other),
      ];
      expect(await rest("POST", `${uuid}/ws/broadcast`, { message: "12:00 «Wartung» 🔧" })).toMatchObject({
        status: 200,
        body: { data: { connections: 2 } },
      });
      for (const peer of [person, group]) {
        expect(await peer.next()).toEqual({
          type: "broadcast",
          message: "12:00 «Wartung» 🔧",
          timestamp: expect.any(String),
        });
      }
      expect(await stranger.during(50)).toEqual([]);
    });

    it.each([
      ["GET", "nowhere/ws/connections", undefined, 404],
      ["GET", `${pipelineUuids[29]}/ws/messages/crowd`, undefined, 400],
      ["GET", `${pipelineUuids[29]}/ws/nothing`, undefined, 404],
      ["POST", `${pipelineUuids[29]}/ws/messages/person`, {}, 405],
      ["GET", `${pipelineUuids[29]}/ws/reset/person`, undefined, 405],
      ["POST", `${pipelineUuids[29]}/ws/broadcast`, { message: 7 }, 400],
      ["POST", `${pipelineUuids[29]}/ws/broadcast`, { message: "x".repeat(300_000) }, 413],
    ])("answers %s %s (%#) with an HTTP status and the same envelope", async (method, path, body, status) => {
      expect(await rest(method, path, body)).toEqual({
        status,
        body: { code: status, msg: expect.any(String), data: null },
      });
    });
  });
});
