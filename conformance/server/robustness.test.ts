/** Resets, slowness and coming back: what needs a witness says so, and all of it works over TLS as well. */
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { makeCertificate } from "../frames/certificate.js";
import { keepContract, sampleContract, serveSample } from "../test-subject.js";
import { checkServer } from "./check-server.js";
import { comeBack } from "./come-back.js";
import { handshakeChecks } from "./handshake.js";
import { robustnessChecks } from "./robustness.js";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const checks = [comeBack, ...robustnessChecks];

describe("without a witness", () => {
  it("nothing is said of resets and slowness", async () => {
    // It answers no command: the witness of the contract is never given.
    const server = await serveSample(() => undefined);
    cleanups.push(() => server.close());
    const report = await checkServer({ contract: sampleContract(), url: server.url, seed: 1, checks });
    expect(report.harnessFaults).toEqual([]);
    const verdicts = report.outcomes.map(({ id, verdict }) => `${id} ${verdict}`);
    expect(verdicts).toEqual(["S-RC-01 untestable", "S-RB-01 untestable", "S-RB-02 untestable"]);
  }, 30_000);
});

describe("a correct server behind TLS", () => {
  it("passes what resets, dribbles and bends handshakes", async () => {
    const certificate = makeCertificate({ hosts: ["localhost"] });
    const https = createServer(certificate);
    const sockets = new Set<Socket>();
    https.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => sockets.delete(socket));
    });
    new WebSocketServer({ server: https, perMessageDeflate: { threshold: 0 } }).on("connection", (socket) => {
      socket.on("error", () => undefined);
      keepContract()(socket);
    });
    await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
    cleanups.push(
      () =>
        new Promise((resolve) => {
          for (const socket of sockets) socket.destroy();
          https.close(() => resolve());
        }),
    );
    // The address of a listening TCP server is an AddressInfo.
    const { port } = https.address() as AddressInfo;
    const report = await checkServer({
      contract: sampleContract(),
      url: `wss://127.0.0.1:${port}`,
      ca: certificate.cert,
      seed: 1,
      runs: 4,
      checks: [...handshakeChecks, ...checks],
    });
    expect(report.harnessFaults).toEqual([]);
    const others = report.outcomes.filter(({ verdict }) => verdict !== "pass");
    // `ws` itself takes HTTP/1.0, and the sample declares nothing of its query.
    expect(others.map(({ id, verdict }) => `${id} ${verdict}`).sort()).toEqual([
      "S-HS-08 not-applicable",
      "S-HS-11 warn",
    ]);
  }, 60_000);
});
