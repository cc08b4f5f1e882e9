import { once } from "node:events";
import { connect } from "node:net";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { encodeFrame } from "../frames/encode.js";
import { OPCODE } from "../frames/frame.js";
import { HarnessFault } from "../judge.js";
import { sampleEndpoint } from "../test-subject.js";
import type { Attempt, ClientCase } from "./check.js";
import { charged, playCase } from "./test-case.js";
import { frameClients, rawClient } from "./test-client.js";

async function attempted(scene: ClientCase): Promise<Attempt> {
  await scene.launch();
  const attempt = await scene.attempt(2000);
  if (attempt === undefined) throw new Error("no attempt");
  return attempt;
}

const SAID = '{"event":"said","text":"a"}';
const textFrame = (text: string): Uint8Array =>
  encodeFrame({ opcode: OPCODE.text, payload: Buffer.from(text), mask: false }, () => new Uint8Array(4));

describe("an attempt", () => {
  it("is accepted as RFC 6455 has it, and opens a connection", async () => {
    const clients = frameClients();
    await playCase(
      async (scene) => {
        const attempt = await attempted(scene);
        const peer = await attempt.accept();
        expect(peer?.id).toBe(attempt.id);
        expect(await clients.last().socket.handshake).toMatchObject({ kind: "accepted" });
      },
      { client: clients.start },
    );
  });

  it.each([
    ["another Accept", { acceptKey: "bm9uc2Vuc2U=" }, "sec-websocket-accept", "bm9uc2Vuc2U="],
    ["no Upgrade", { omit: ["upgrade"] }, "upgrade", undefined],
    [
      "a subprotocol that nobody offered",
      { headers: [["Sec-WebSocket-Protocol", "x"]] as const },
      "sec-websocket-protocol",
      "x",
    ],
    ["another Connection", { headers: [["Connection", "close"]] as const }, "connection", "close"],
  ])("is accepted wrongly where a script wants that: %s", async (_, options, name, value) => {
    const clients = frameClients();
    await playCase(
      async (scene) => {
        await (await attempted(scene)).accept(options);
        const handshake = await clients.last().socket.handshake;
        expect(handshake).toMatchObject({ kind: "accepted" });
        if (handshake.kind === "accepted") expect(handshake.response.headers[name]).toBe(value);
      },
      { client: clients.start },
    );
  });

  it("takes the first subprotocol that was offered and is declared", async () => {
    const protocol = { ...sampleEndpoint.protocol, subprotocols: ["one", "declared"] };
    await playCase(
      async (scene) => {
        const socket = new WebSocket(scene.url, ["other", "declared", "one"]);
        await (await scene.attempt(2000))?.accept();
        await once(socket, "open");
        expect(socket.protocol).toBe("declared");
        socket.terminate();
      },
      { endpoint: { ...sampleEndpoint, protocol } },
    );
  });

  it("is refused with a status, headers and a body, and ended by FIN", async () => {
    const client = rawClient();
    await playCase(
      async (scene) => {
        const attempt = await attempted(scene);
        const ended = once(client.socket(), "end");
        await attempt.refuse(503, [["Retry-After", "7"]], "later");
        await ended;
        expect(client.read()).toBe(
          "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nlater",
        );
      },
      { client: client.start },
    );
  });

  it("gets any bytes in the place of a response", async () => {
    const client = rawClient();
    await playCase(
      async (scene) => {
        const attempt = await attempted(scene);
        attempt.raw(Buffer.from("nonsense"), "nonsense");
        await once(client.socket(), "data");
        expect(client.read()).toBe("nonsense");
      },
      { client: client.start },
    );
  });

  it("is reset, or ended by FIN", async () => {
    for (const how of ["reset", "finish"] as const) {
      const client = rawClient();
      await playCase(
        async (scene) => {
          const attempt = await attempted(scene);
          await attempt.request;
          const seen = once(client.socket(), how === "reset" ? "error" : "end");
          attempt[how]();
          const [error] = await seen;
          expect(error).toEqual(
            how === "reset" ? expect.objectContaining({ code: "ECONNRESET" }) : undefined,
          );
        },
        { client: client.start },
      );
    }
  });

  it("tells a client that gives up by RST from one that does so by FIN", async () => {
    for (const how of ["rst", "fin"] as const) {
      const client = rawClient();
      await playCase(
        async (scene) => {
          const attempt = await attempted(scene);
          await attempt.request;
          if (how === "rst") client.socket().resetAndDestroy();
          else client.socket().end();
          expect((await attempt.ended(2000))?.how).toBe(how);
          expect(await attempt.accept()).toBeUndefined();
        },
        { client: client.start },
      );
    }
  });

  it("is not answered twice", async () => {
    await playCase(
      async (scene) => {
        const attempt = await attempted(scene);
        await attempt.accept();
        await expect(attempt.refuse(500)).rejects.toThrow(HarnessFault);
      },
      { client: rawClient().start },
    );
  });

  it("notices what comes before the answer, and reads it once the connection is open", async () => {
    const mask = Uint8Array.of(1, 2, 3, 4);
    const early = encodeFrame(
      { opcode: OPCODE.text, payload: Buffer.from('{"cmd":"say","text":"a"}'), mask },
      () => mask,
    );
    const { violations } = await playCase(
      async (scene) => {
        const attempt = await attempted(scene);
        await attempt.request;
        expect(attempt.earlyBytes).toBe(early.length);
        const peer = await attempt.accept();
        expect((await peer?.next(() => true, 2000))?.names).toEqual(["say"]);
      },
      { client: rawClient(early).start },
    );
    expect(charged(violations)).toEqual(["C-HS-01"]);
  });

  it("is charged for what is no request, and the request is then undefined", async () => {
    const { violations } = await playCase(async (scene) => {
      const { port } = new URL(scene.url);
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("\0\0\0\0"));
      const attempt = await scene.attempt(2000);
      expect(await attempt?.request).toBeUndefined();
      socket.destroy();
    });
    expect(charged(violations)).toEqual(["C-HS-01"]);
  });
});

describe("the response and what follows it", () => {
  it("go out in one write where a script wants that, the events told to the judge", async () => {
    const client = rawClient();
    const { transcript } = await playCase(
      async (scene) => {
        const attempt = await attempted(scene);
        await attempt.accept({ together: ["said", "said"], early: textFrame(SAID) });
        const chunks: string[] = [];
        client.socket().on("data", (chunk) => chunks.push(chunk.toString("latin1")));
        await once(client.socket(), "data");
        expect(chunks).toHaveLength(1);
        expect(chunks[0]?.match(/"event":"said"/g)).toHaveLength(3);
      },
      { client: client.start },
    );
    expect(transcript.filter(({ names }) => names?.includes("said"))).toHaveLength(2);
  });

  test.prop(
    [
      fc.array(fc.nat(320), { maxLength: 8 }),
      fc.array(fc.string({ maxLength: 90 }), { maxLength: 3 }),
      fc.boolean(),
    ],
    { numRuns: 40 },
  )(
    "arrive whole wherever they are cut, and in order with what is said meanwhile",
    async (cuts, words, pauses) => {
      const clients = frameClients();
      const texts = words.map((text) => JSON.stringify({ event: "said", text }));
      await playCase(
        async (scene) => {
          const attempt = await attempted(scene);
          const peer = await attempt.accept({
            early: Buffer.concat(texts.map(textFrame)),
            cuts: { at: cuts, pauseMs: pauses ? 2 : 0 },
          });
          peer?.event("said", { event: "said", text: "afterwards" });
          const { socket, texts: read, faults } = clients.last();
          expect(await socket.handshake).toMatchObject({ kind: "accepted" });
          while (read.length <= texts.length) await scene.wait(2);
          expect(read).toEqual([...texts, '{"event":"said","text":"afterwards"}']);
          expect(faults).toEqual([]);
        },
        { client: clients.start },
      );
    },
  );
});
