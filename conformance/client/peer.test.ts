import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { closeBody } from "../frames/close.js";
import { encodeFrame } from "../frames/encode.js";
import { type FrameSpec, OPCODE } from "../frames/frame.js";
import { HarnessFault } from "../judge.js";
import { sampleEndpoint } from "../test-subject.js";
import type { AcceptOptions, ClientCase, Peer } from "./check.js";
import { charged, playCase } from "./test-case.js";
import { frameClients, rawClient } from "./test-client.js";

const SAY = '{"cmd":"say","text":"a"}';
const bytes = (text: string): Buffer => Buffer.from(text);
const text = (value: string): FrameSpec => ({ opcode: OPCODE.text, payload: bytes(value) });
const KEY = Uint8Array.of(1, 2, 3, 4);

/** Plays a case with a client of the kit's own frames that is connected. */
async function withFrames<T>(
  script: (
    peer: Peer,
    client: ReturnType<ReturnType<typeof frameClients>["last"]>,
    scene: ClientCase,
  ) => Promise<T>,
  accept?: AcceptOptions,
  endpoint = sampleEndpoint,
) {
  const clients = frameClients();
  return playCase(
    async (scene) => {
      await scene.launch();
      const peer = await scene.connection(accept);
      await clients.last().socket.handshake;
      return script(peer, clients.last(), scene);
    },
    { client: clients.start, endpoint },
  );
}

/** Waits until the peer has read all that was sent before a last ping, or the session is over. */
async function settled(peer: Peer, scene: ClientCase, send: (spec: FrameSpec) => void): Promise<void> {
  const last = bytes("last");
  send({ opcode: OPCODE.ping, payload: last });
  while (peer.end === undefined && !peer.frames.some(({ payload }) => last.equals(payload)))
    await scene.wait(2);
}

describe("the oracle of a client's frames", () => {
  it.each<[string, readonly FrameSpec[], readonly string[]]>([
    ["right frames", [text(SAY), { opcode: OPCODE.ping }, { opcode: OPCODE.pong }], []],
    [
      "a message in fragments",
      [
        { ...text('{"cmd":"say",'), fin: false },
        { opcode: 0, payload: bytes('"text":"a"}') },
      ],
      [],
    ],
    ["an unmasked frame", [{ ...text(SAY), mask: false }], ["C-FR-01"]],
    ["reserved bits", [{ ...text(SAY), rsv: 4 }], ["C-FR-01"]],
    ["a reserved opcode", [{ opcode: 0xb }], ["C-FR-01"]],
    ["a length that is not minimal", [{ ...text(SAY), lengthBits: 16 }], ["C-FR-01"]],
    ["a fragmented control frame", [{ opcode: OPCODE.ping, fin: false }], ["C-FR-01"]],
    ["a control frame that is too long", [{ opcode: OPCODE.ping, payload: Buffer.alloc(126) }], ["C-FR-01"]],
    ["a continuation of nothing", [{ opcode: 0, payload: bytes("a") }], ["C-FR-01"]],
    ["a message inside another", [{ ...text("{"), fin: false }, text(SAY)], ["C-FR-01"]],
    [
      "text that is not UTF-8",
      [{ opcode: OPCODE.text, payload: Buffer.from([0x22, 0xff, 0x22]) }],
      ["C-FR-01", "C-CD-01"],
    ],
    [
      "one mask key all the time",
      [
        { ...text(SAY), mask: KEY },
        { ...text(SAY), mask: KEY },
      ],
      ["C-FR-01"],
    ],
    [
      "mask keys in turn",
      Array.from({ length: 6 }, (_, index) => ({ ...text(SAY), mask: Uint8Array.of(index % 2, 9, 9, 9) })),
      ["C-FR-01", "C-FR-01"],
    ],
    ["an empty Close", [{ opcode: OPCODE.close }], []],
    ["a Close of one byte", [{ opcode: OPCODE.close, payload: bytes("a") }], ["C-FR-06"]],
    ["a Close with 1005", [{ opcode: OPCODE.close, payload: closeBody(1005) }], ["C-FR-06"]],
    [
      "a Close whose reason is not UTF-8",
      [{ opcode: OPCODE.close, payload: Buffer.from([3, 232, 0xff]) }],
      ["C-FR-06"],
    ],
  ])("says of %s", async (_, specs, expected) => {
    const { violations } = await withFrames(async (peer, { send }, scene) => {
      for (const spec of specs) send(spec);
      await settled(peer, scene, send);
      if (specs.some(({ opcode }) => opcode === OPCODE.close)) await peer.ended(2000);
    });
    expect(charged(violations)).toEqual(expected);
  });

  it("sees data after a Close", async () => {
    const { violations } = await withFrames(
      async (peer, { send }, scene) => {
        send({ opcode: OPCODE.close, payload: closeBody(1000) });
        send(text(SAY));
        while (peer.frames.length < 2) await scene.wait(2);
      },
      { obliging: { control: false } },
    );
    expect(charged(violations)).toEqual(["C-FR-06"]);
  });

  it("sees a length that no reader takes, and ends the connection", async () => {
    const { violations } = await withFrames(async (peer, { send }) => {
      send({ ...text(SAY), lengthBits: 64, declaredLength: 1n << 63n });
      expect((await peer.ended(2000))?.by).toBe("kit");
    });
    expect(charged(violations)).toEqual(["C-FR-01"]);
  });

  it("sees the same first mask key on three connections", async () => {
    const clients = frameClients();
    const { violations } = await playCase(
      async (scene) => {
        for (let count = 0; count < 3; count += 1) {
          await scene.launch();
          const peer = await scene.connection();
          await clients.last().socket.handshake;
          clients.last().send({ ...text(SAY), mask: KEY });
          await peer.next(() => true, 2000);
        }
      },
      { client: clients.start },
    );
    expect(charged(violations)).toEqual(["C-FR-01"]);
  });

  it("has nothing against a client of the `ws` package, whatever it sends", async () => {
    const { violations, run } = await playCase(async (scene) => {
      const socket = new WebSocket(scene.url);
      const peer = await scene.connection();
      await once(socket, "open");
      for (let count = 0; count < 300; count += 1) {
        socket.send(JSON.stringify({ cmd: "say", text: "é".repeat(count * 97) }));
        if (count % 10 === 0) socket.ping(`${count}`);
      }
      socket.send('{"cmd":"say",', { fin: false });
      socket.send('"text":""}', { fin: true });
      while (peer.commands.length < 301) await scene.wait(5);
      socket.close(4000, "done");
      expect(await peer.ended(2000)).toMatchObject({
        by: "subject",
        how: "close",
        code: 4000,
        reason: "done",
      });
      await once(socket, "close");
    });
    expect(violations).toEqual([]);
    expect(run.record.judgements.get("C-FR-01")).toBeGreaterThan(330);
    expect(run.record.judgements.get("C-FR-06")).toBe(1);
  });
});

describe("the kit's side of a connection", () => {
  it("answers a ping and a Close, and is the one who ends TCP", async () => {
    await withFrames(async (peer, { send, frames, socket }, scene) => {
      send({ opcode: OPCODE.ping, payload: bytes("p") });
      send({ opcode: OPCODE.close, payload: closeBody(1001) });
      await peer.ended(2000);
      while (socket.tcpEnd === undefined) await scene.wait(2);
      expect(frames.map(({ opcode, payload }) => [opcode, Buffer.from(payload)])).toEqual([
        [OPCODE.pong, bytes("p")],
        [OPCODE.close, Buffer.from(closeBody(1001))],
      ]);
      expect(socket.tcpEnd.how).toBe("fin");
    });
  });

  it("answers neither where it is told not to", async () => {
    await withFrames(
      async (peer, { send, frames, socket }, scene) => {
        send({ opcode: OPCODE.ping });
        send({ opcode: OPCODE.close });
        await peer.ended(2000);
        await scene.wait(50);
        expect(frames).toEqual([]);
        expect(socket.tcpEnd).toBeUndefined();
      },
      { obliging: false },
    );
  });

  it("closes, is answered, and ends TCP", async () => {
    await playCase(async (scene) => {
      const socket = new WebSocket(scene.url);
      const peer = await scene.connection();
      await once(socket, "open");
      const closed = once(socket, "close");
      peer.close(4408, "silent");
      expect(await peer.ended(2000)).toMatchObject({ by: "kit", how: "close", code: 4408 });
      expect(await closed).toEqual([4408, bytes("silent")]);
    });
  });

  it("tells FIN from RST, and either from a Close", async () => {
    for (const how of ["fin", "rst"] as const) {
      const client = rawClient();
      await playCase(
        async (scene) => {
          await scene.launch();
          const peer = await scene.connection();
          if (how === "rst") client.socket().resetAndDestroy();
          else client.socket().end();
          expect(await peer.ended(2000)).toMatchObject({ by: "subject", how });
          expect(peer.tcpEnd?.how).toBe(how);
        },
        { client: client.start },
      );
    }
  });

  it("waits for the pong with one payload among others", async () => {
    await withFrames(async (peer, { send }) => {
      send({ opcode: OPCODE.pong, payload: bytes("other") });
      expect(await peer.pong(bytes("mine"), 50)).toBe(false);
      send({ opcode: OPCODE.pong, payload: bytes("mine") });
      expect(await peer.pong(bytes("mine"), 2000)).toBe(true);
    });
  });

  it("stops reading, and reads on", async () => {
    await withFrames(async (peer, client, scene) => {
      peer.pause();
      client.text(SAY);
      await scene.wait(50);
      expect(peer.commands).toEqual([]);
      peer.resume();
      expect((await peer.next(() => true, 2000))?.text).toBe(SAY);
    });
  });

  it("keeps out of a message that a script has begun", async () => {
    await withFrames(async (peer, { send, texts, faults, frames, text: say }, scene) => {
      peer.frame({ opcode: OPCODE.text, fin: false, payload: bytes('{"event":"said",'), mask: false });
      say('{"cmd":"ping","token":"t"}');
      send({ opcode: OPCODE.ping });
      while (frames.length < 2) await scene.wait(2);
      peer.frame({ opcode: OPCODE.continuation, payload: bytes('"text":"a"}') });
      while (texts.length < 2) await scene.wait(2);
      expect(texts).toEqual(['{"event":"said","text":"a"}', '{"event":"pong","token":"t"}']);
      expect(faults).toEqual([]);
    });
  });

  it("says nothing after its Close", async () => {
    await withFrames(async (peer, { send, texts, text: say }, scene) => {
      peer.close(1001);
      say('{"cmd":"ping"}');
      await peer.next(() => true, 2000);
      send({ opcode: OPCODE.close });
      await peer.ended(2000);
      await scene.wait(20);
      expect(texts).toEqual([]);
    });
  });

  it("writes masked frames and any bytes where a script wants them", async () => {
    await withFrames(async (peer, { faults, frames }, scene) => {
      peer.frame({ ...text("{}"), mask: KEY });
      peer.raw(
        encodeFrame({ opcode: 0xb, mask: false }, () => KEY),
        "a reserved opcode",
      );
      while (frames.length < 2) await scene.wait(2);
      expect(faults).toEqual(["masked", "reserved-opcode"]);
    });
  });
});

describe("what the kit sends itself is judged as well", () => {
  const faults: readonly [string, (peer: Peer) => void][] = [
    ["an invalid event", (peer) => peer.event("said", { event: "said" })],
    ["an event under another name", (peer) => peer.event("pong", { event: "said", text: "a" })],
    ["an event that is illegal", (peer) => peer.event("counted", { event: "counted" })],
    ["a text that is no event", (peer) => peer.text("{}", "event")],
    ["a text that is an illegal event", (peer) => peer.text('{"event":"counted"}', "event")],
    ["a legal event as an illegal one", (peer) => peer.text('{"event":"said","text":"a"}', "illegal")],
    [
      "a valid event as an undecodable one",
      (peer) => peer.text('{"event":"said","text":"a"}', "undecodable"),
    ],
  ];
  it.each(faults)("%s is a fault of the kit", async (_, act) => {
    await withFrames(async (peer) => {
      expect(() => act(peer)).toThrow(HarnessFault);
    });
  });

  const allowed: readonly [string, (peer: Peer) => void][] = [
    ["a legal event, however it is spelled", (peer) => peer.text('{"text":"a" , "event":"said"}', "event")],
    ["an illegal event, said to be one", (peer) => peer.text('{"event":"counted"}', "illegal")],
    ["what does not decode, said to", (peer) => peer.text("{", "undecodable")],
    ["an unknown event", (peer) => peer.text('{"event":"new"}', "undecodable")],
    ["anything", (peer) => peer.text("{", "anything")],
    ["what the judge is not told of", (peer) => peer.text("{", "none")],
  ];
  it.each(allowed)("%s is none", async (_, act) => {
    await withFrames(async (peer, { texts }, scene) => {
      act(peer);
      while (texts.length === 0) await scene.wait(2);
    });
  });

  it("after anything, no lifecycle is judged", async () => {
    const { violations } = await withFrames(
      async (peer, client, scene) => {
        peer.text("{", "anything");
        for (const one of ['{"cmd":"count","to":1}', '{"cmd":"count","to":1}', '{"cmd":"count"}'])
          client.text(one);
        while (peer.commands.length < 3) await scene.wait(2);
      },
      { obliging: { commands: false } },
    );
    expect(violations).toMatchObject([{ check: "C-CD-01", got: expect.stringContaining("invalid-payload") }]);
  });
});

describe("a client that leaves while the kit owes it a pong", () => {
  const { heartbeat } = sampleEndpoint;
  const hasty = {
    ...sampleEndpoint,
    ...(heartbeat === undefined ? {} : { heartbeat: { ...heartbeat, timeoutMs: 100 } }),
  };

  it.each([
    ["is excused", true],
    ["is not, where it has had its pong", false],
  ])("%s", async (_, isHeldBack) => {
    const { value } = await withFrames(
      async (peer, client, scene) => {
        // A message that has begun holds back what the kit owes.
        if (isHeldBack) peer.frame({ ...text('{"event":"said",'), fin: false });
        client.text('{"cmd":"ping"}');
        await scene.wait(100);
        client.send({ opcode: OPCODE.close, payload: closeBody(4408) });
        await peer.ended(5000);
        return scene.excuse;
      },
      undefined,
      hasty,
    );
    if (isHeldBack) expect(value).toMatch(/owed a pong/);
    else expect(value).toBeUndefined();
  });
});
