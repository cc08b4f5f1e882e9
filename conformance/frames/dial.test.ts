/** Real TLS servers and real proxies: what a line is made of, and what is said where it does not come about. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { seededRandom } from "../random.js";
import { monotonic } from "../time.js";
import { makeCertificate } from "./certificate.js";
import { canReach, type Target } from "./dial.js";
import { OPCODE } from "./frame.js";
import { upgradeHeaders } from "./handshake.js";
import { type FrameSocket, openFrameSocket, type TcpEnd } from "./socket.js";

const own = makeCertificate({ hosts: ["wireproof.test", "localhost"] });
const random = seededRandom(1);
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  // The address of a listening TCP server is an AddressInfo.
  return (server.address() as AddressInfo).port;
}

interface Echo {
  readonly port: number;
  /** What TLS knows of each client. */
  readonly clients: { readonly subject: string | undefined; readonly servername: string | false }[];
  readonly errors: string[];
}

/** An echo server on TLS. */
async function tlsEcho(options: { certificate?: typeof own; clientCa?: string } = {}): Promise<Echo> {
  const clients: Echo["clients"] = [];
  const errors: string[] = [];
  const https = createHttpsServer({
    ...(options.certificate ?? own),
    ...(options.clientCa === undefined
      ? {}
      : { ca: options.clientCa, requestCert: true, rejectUnauthorized: true }),
  });
  new WebSocketServer({ server: https }).on("connection", (socket, request) => {
    // The sockets of an HTTPS server are TLS sockets.
    const line = request.socket as TLSSocket;
    line.on("error", ({ code }: NodeJS.ErrnoException) => errors.push(code ?? ""));
    clients.push({
      subject: line.getPeerCertificate().subject?.CN?.toString(),
      servername: (line as TLSSocket & { servername: string | false }).servername,
    });
    socket.on("error", () => undefined);
    socket.on("message", (data, isBinary) => {
      if (String(data) === "reset me") line.destroy();
      socket.send(data, { binary: isBinary });
    });
  });
  return { port: await listen(https), clients, errors };
}

/** A proxy that tunnels, and what it was asked for. */
async function startProxy(
  answer: "tunnel" | "refuse" | "hang up",
  certificate?: typeof own,
): Promise<{ port: number; asked: string[]; authorizations: (string | undefined)[] }> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = certificate === undefined ? createHttpServer() : createHttpsServer(certificate);
  server.on("connect", (request, client: Socket) => {
    asked.push(request.url ?? "");
    authorizations.push(request.headers["proxy-authorization"]);
    client.on("error", () => undefined);
    if (answer === "refuse") {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    if (answer === "hang up") {
      client.end();
      return;
    }
    const port = Number(/:(\d+)$/.exec(request.url ?? "")?.[1]);
    const upstream = connect({ host: "127.0.0.1", port });
    upstream.on("error", () => client.destroy());
    upstream.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
    client.once("close", () => upstream.destroy());
  });
  return { port: await listen(server), asked, authorizations };
}

interface Opened {
  readonly socket: FrameSocket;
  readonly texts: string[];
  readonly ended: Promise<TcpEnd>;
}

function open(target: Target): Opened {
  const texts: string[] = [];
  let tell: (end: TcpEnd) => void = () => undefined;
  const ended = new Promise<TcpEnd>((resolve) => {
    tell = resolve;
  });
  const socket = openFrameSocket({
    target,
    request: {
      target: "/",
      headers: upgradeHeaders({ host: target.host, key: "dGhlIHNhbXBsZSBub25jZQ==" }),
    },
    clock: monotonic,
    drawMask: () => random.bytes(4),
    timeoutMs: 5000,
    listener: {
      frame: () => undefined,
      message: ({ text = "" }) => texts.push(text),
      fault: () => undefined,
      ended: tell,
    },
  });
  cleanups.push(async () => {
    socket.reset();
    await socket.closed;
  });
  return { socket, texts, ended };
}

const say = (socket: FrameSocket, text: string): Uint8Array =>
  socket.send({ opcode: OPCODE.text, payload: Buffer.from(text) });

async function echoes({ socket, texts }: Opened): Promise<void> {
  expect(await socket.handshake).toMatchObject({ kind: "accepted" });
  say(socket, "hello");
  await expect.poll(() => texts).toEqual(["hello"]);
}

describe("TLS", () => {
  it("speaks with a server whose certificate is trusted by --ca", async () => {
    const { port, clients } = await tlsEcho();
    await echoes(open({ host: "127.0.0.1", port, tls: { ca: own.cert } }));
    expect(clients).toEqual([{ subject: undefined, servername: false }]);
  });

  it.each<[string, Target["tls"], Partial<Target>, RegExp]>([
    ["a certificate that nobody vouches for", {}, {}, /self-signed.*--ca/],
    [
      "a certificate for another host",
      { ca: own.cert },
      { host: "other.test", address: "127.0.0.1" },
      /another host/,
    ],
    ["a key that is none", { cert: own.cert, key: "nonsense" }, {}, /TLS cannot begin/],
  ])("does not speak with %s", async (_, tls, where, message) => {
    const { port } = await tlsEcho();
    const outcome = await open({ host: "127.0.0.1", port, tls: { ...tls }, ...where }).socket.handshake;
    expect(outcome).toMatchObject({ kind: "unreachable", message: expect.stringMatching(message) });
  });

  it("does not speak with an expired certificate, unless it takes any", async () => {
    const certificate = makeCertificate({ hosts: ["localhost"], expired: true });
    const { port } = await tlsEcho({ certificate });
    const strict = open({ host: "127.0.0.1", port, tls: { ca: certificate.cert } });
    expect(await strict.socket.handshake).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("expired"),
    });
    await echoes(open({ host: "127.0.0.1", port, tls: { insecure: true } }));
  });

  it("shows the certificate of the client", async () => {
    const client = makeCertificate({ hosts: ["tester"] });
    const { port, clients } = await tlsEcho({ clientCa: client.cert });
    await echoes(open({ host: "127.0.0.1", port, tls: { ca: own.cert, ...client } }));
    expect(clients[0]?.subject).toBe("tester");
    // TLS 1.3 lets the client go on before its certificate is missed: it learns of it by the end of the line.
    const without = await open({ host: "127.0.0.1", port, tls: { ca: own.cert } }).socket.handshake;
    expect(without.kind).not.toBe("accepted");
  });

  it("names the host of the URL where another address is given for it", async () => {
    const { port, clients } = await tlsEcho();
    await echoes(open({ host: "wireproof.test", address: "127.0.0.1", port, tls: { ca: own.cert } }));
    expect(clients[0]?.servername).toBe("wireproof.test");
  });

  it("can be reset below TLS, and hears the end of the server", async () => {
    const { port, errors } = await tlsEcho();
    const first = open({ host: "127.0.0.1", port, tls: { ca: own.cert } });
    await echoes(first);
    first.socket.reset();
    await expect.poll(() => errors).toContain("ECONNRESET");
    const second = open({ host: "127.0.0.1", port, tls: { ca: own.cert } });
    await echoes(second);
    say(second.socket, "reset me");
    expect((await second.ended).how).not.toBe("local");
    await second.socket.closed;
  });

  it.each([
    ["a refusal", "HTTP/1.1 403 Forbidden\r\n\r\n", "refused"],
    ["garbage", "220 smtp.example\r\n", "broken"],
  ])("ends on %s without harm", async (_, answer, kind) => {
    const server = createHttpsServer(own);
    server.on("secureConnection", (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.write(answer));
    });
    const port = await listen(server);
    const { socket } = open({ host: "127.0.0.1", port, tls: { ca: own.cert } });
    expect((await socket.handshake).kind).toBe(kind);
    await socket.closed;
  });

  it("says where the other side speaks none", async () => {
    const port = await listen(createHttpServer());
    const outcome = await open({ host: "127.0.0.1", port, tls: {} }).socket.handshake;
    expect(outcome).toMatchObject({ kind: "unreachable", message: expect.stringContaining("ws://") });
  });
});

describe("a proxy", () => {
  it("is asked for the target, and carries TLS to it", async () => {
    const { port, clients } = await tlsEcho();
    const proxy = await startProxy("tunnel");
    const via = { host: "127.0.0.1", port: proxy.port, authorization: "Basic bWU6eA==" };
    await echoes(open({ host: "wireproof.test", port, tls: { ca: own.cert }, proxy: via }));
    expect(proxy).toMatchObject({ asked: [`wireproof.test:${port}`], authorizations: ["Basic bWU6eA=="] });
    expect(clients[0]?.servername).toBe("wireproof.test");
  });

  it("carries a plain WebSocket, which can be reset", async () => {
    const http = createHttpServer();
    new WebSocketServer({ server: http }).on("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.on("message", (data) => socket.send(String(data)));
    });
    const port = await listen(http);
    const proxy = await startProxy("tunnel");
    const opened = open({ host: "nowhere.test", port, proxy: { host: "127.0.0.1", port: proxy.port } });
    await echoes(opened);
    opened.socket.reset();
    await opened.socket.closed;
  });

  it.each<["refuse" | "hang up", RegExp]>([
    ["refuse", /the proxy 127\.0\.0\.1:\d+: it does not connect to .*407/],
    ["hang up", /the proxy .*instead of answering CONNECT/],
  ])("is named where it does %s", async (answer, message) => {
    const proxy = await startProxy(answer);
    const target = { host: "far.test", port: 443, tls: {}, proxy: { host: "127.0.0.1", port: proxy.port } };
    expect(await open(target).socket.handshake).toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(message),
    });
    expect(await canReach(target, 2000)).toBe(false);
  });
});

describe("whether a target can be reached", () => {
  it("is known without sending anything", async () => {
    const { port } = await tlsEcho();
    expect(await canReach({ host: "127.0.0.1", port, tls: { ca: own.cert } }, 5000)).toBe(true);
    expect(await canReach({ host: "127.0.0.1", port: 1 }, 5000)).toBe(false);
  });
});
