import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { SubjectGone } from "../interruption.js";
import { charged, playCase, type StartClient } from "./test-case.js";

/** A client of the `ws` package that does `act` once it is open. */
const wsClient =
  (act: (socket: WebSocket) => void = () => undefined): StartClient =>
  ({ url, ca }) => {
    const socket = new WebSocket(url, { ca });
    socket.on("error", () => undefined);
    socket.on("open", () => act(socket));
    return () => socket.terminate();
  };

const head = (host: string, key: string): string =>
  `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;

describe("a case of a client", () => {
  it("gives the connections in the order in which they came, and leaves nothing behind", async () => {
    const { value, violations } = await playCase(
      async (scene) => {
        await scene.launch();
        await scene.launch();
        const first = await scene.attempt(2000);
        const second = await scene.attempt(2000);
        expect(await scene.attempt(50)).toBeUndefined();
        expect(scene.attempts).toHaveLength(2);
        expect((await first?.request)?.target).toBe(new URL(scene.url).pathname);
        return [first?.id, second?.id, (first?.atMs ?? 0) <= (second?.atMs ?? 0)];
      },
      { client: wsClient() },
    );
    expect(value).toEqual([0, 1, true]);
    expect(violations).toEqual([]);
  });

  it("says that a client did not connect, and which URL it was given", async () => {
    const silent = playCase((scene) => scene.connection(), { launchMs: 100 });
    await expect(silent).rejects.toThrow(SubjectGone);
    await expect(silent).rejects.toThrow(/ws:\/\/127\.0\.0\.1:\d+/);
  });

  it.each(["FIN", "Close", "RST", "a FIN of the kit", "a pause", "no reading"])(
    "leaves nothing behind of a client that ends by %s as the case does",
    async (how) => {
      const clients: Socket[] = [];
      await playCase(
        async (scene) => {
          for (let count = 0; count < 10; count += 1) {
            await scene.launch();
            const peer = await scene.connection();
            const client = clients[count];
            if (how === "FIN") client?.end();
            else if (how === "RST") client?.resetAndDestroy();
            else if (how === "Close") peer.close(1000);
            else if (how === "a FIN of the kit") peer.finish();
            else if (how === "a pause") peer.pause();
            else {
              client?.pause();
              for (let sent = 0; sent < 8; sent += 1)
                peer.frame({ opcode: 1, payload: Buffer.alloc(1 << 20, "a") });
            }
            if (count % 2 === 0) await scene.wait(count % 3);
          }
        },
        {
          client: ({ url }) => {
            const { hostname, port, host } = new URL(url);
            const key = randomBytes(16).toString("base64");
            const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
            socket.on("error", () => undefined);
            socket.write(head(host, key));
            clients.push(socket);
            // Nobody ends it but the kit.
            return () => undefined;
          },
        },
      );
      for (const client of clients) client.destroy();
    },
  );

  it("uses one port for one case after another where it is told to", async () => {
    const { value: port } = await playCase(async ({ url }) => Number(new URL(url).port));
    for (let count = 0; count < 3; count += 1) {
      const { value } = await playCase(
        async (scene) => {
          await scene.launch();
          await scene.connection();
          return Number(new URL(scene.url).port);
        },
        { port, client: wsClient() },
      );
      expect(value).toBe(port);
    }
  });

  it("hears a request that a client was redirected to", async () => {
    const { value } = await playCase(
      async (scene) => {
        await scene.launch();
        const other = await scene.elsewhere();
        const attempt = await scene.attempt(2000);
        await attempt?.refuse(302, [["Location", other.url.replace(/^ws/, "http")]]);
        while (other.attempts.length === 0) await scene.wait(10);
        const request = await other.attempts[0]?.request;
        return { host: request?.headers["host"], other: new URL(other.url).host, faults: request?.faults };
      },
      {
        client: ({ url }) => {
          const socket = new WebSocket(url, { followRedirects: true });
          socket.on("error", () => undefined);
          return () => socket.terminate();
        },
      },
    );
    expect(value.host).toBe(value.other);
    expect(value.host).toMatch(/^localhost:/);
    expect(value.faults).toEqual([]);
  });

  it("notices a key that two connections share", async () => {
    const { violations } = await playCase(
      async (scene) => {
        await scene.launch();
        await scene.launch();
        for (const attempt of [await scene.attempt(2000), await scene.attempt(2000)]) await attempt?.request;
      },
      {
        client: ({ url }) => {
          const { hostname, port, host } = new URL(url);
          const socket = connect(Number(port), hostname, () =>
            socket.write(head(host, "dGhlIHNhbXBsZSBub25jZQ==")),
          );
          socket.on("error", () => undefined);
          return () => void socket.destroy();
        },
      },
    );
    expect(violations).toMatchObject([
      { check: "C-HS-01", got: expect.stringContaining("another connection") },
    ]);
  });
});

describe("a case that speaks TLS", () => {
  it.each(["self-signed", "expired", "wrong-host"] as const)(
    "shows a certificate that is %s, to which `ws` sends no request",
    async (tls) => {
      const { value, transcript } = await playCase(
        async (scene) => {
          expect(scene.url).toMatch(/^wss:/);
          await scene.launch();
          const attempt = await scene.attempt(2000);
          await attempt?.ended(2000);
          return [attempt?.secure, attempt?.requested];
        },
        { tls, client: wsClient() },
      );
      expect(value).toEqual([true, undefined]);
      expect(transcript.length).toBeGreaterThan(1);
    },
  );

  it("serves a client that takes any certificate, as it serves without TLS", async () => {
    const { value, violations } = await playCase(
      async (scene) => {
        await scene.launch();
        const peer = await scene.connection();
        peer.ping(Buffer.from("here"));
        return [peer.attempt.secure, await peer.pong(Buffer.from("here"), 2000)];
      },
      {
        tls: "expired",
        client: ({ url }) => {
          const socket = new WebSocket(url, { rejectUnauthorized: false });
          return () => socket.terminate();
        },
      },
    );
    expect(value).toEqual([true, true]);
    expect(violations).toEqual([]);
  });

  it.each([
    ["expired", "CERT_HAS_EXPIRED"],
    ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ] as const)("is %s for exactly that reason", async (tls, reason) => {
    const { value } = await playCase(
      async (scene) => {
        await scene.launch();
        const { port } = new URL(scene.url);
        const ca = launchedCa.get(scene.url);
        const socket = connectTls({
          host: "127.0.0.1",
          port: Number(port),
          ...(ca === undefined ? {} : { ca }),
        });
        const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
        return error.code;
      },
      {
        tls,
        client: ({ url, ca }) => {
          if (ca !== undefined) launchedCa.set(url, ca);
          return () => undefined;
        },
      },
    );
    expect(value).toBe(reason);
  });

  const launchedCa = new Map<string, string>();

  it("sees a client that falls back to plain text", async () => {
    const { value } = await playCase(
      async (scene) => {
        await scene.launch();
        const attempt = await scene.attempt(2000);
        await attempt?.request;
        return [attempt?.secure, attempt?.requested?.method];
      },
      {
        tls: "expired",
        client: (options) => wsClient()({ ...options, url: options.url.replace(/^wss/, "ws") }),
      },
    );
    expect(value).toEqual([false, "GET"]);
  });
});

describe("what a client says is judged by itself", () => {
  const talking = (...texts: readonly string[]): StartClient =>
    wsClient((socket) => {
      for (const text of texts) socket.send(text);
    });

  it.each([
    ["nothing against right commands", ['{"cmd":"say","text":"a"}', '{"cmd":"count","to":2}'], []],
    ["a field that is named wrongly", ['{"event":"say","text":"a"}'], ["C-CD-06"]],
    ["a payload that is not valid", ['{"cmd":"say"}'], ["C-CD-01"]],
    ["an unknown name", ['{"cmd":"shout"}'], ["C-CD-01"]],
    ["what is no JSON", ["say"], ["C-CD-01"]],
    [
      "a command that the lifecycle forbids",
      ['{"cmd":"count","to":2}', '{"cmd":"count","to":2}'],
      ["C-CD-01"],
    ],
  ])("%s", async (_, texts, expected) => {
    const { value, violations, run } = await playCase(
      async (scene) => {
        await scene.launch();
        const peer = await scene.connection({ obliging: { commands: false } });
        for (const text of texts) await peer.next((command) => command.text === text, 2000);
        return peer.commands.map(({ text }) => text);
      },
      { client: talking(...texts) },
    );
    expect(value).toEqual(texts);
    expect(charged(violations)).toEqual(expected);
    expect(run.record.violations.map(({ during }) => during)).toEqual(expected.map(() => "C-TEST"));
    expect(run.record.judgements.get("C-CD-01")).toBe(texts.length);
    expect(run.proved.connected).toBe(true);
  });
});
