import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Contract } from "../src/contract/contract.js";
import { playExchange } from "./peers/exchange.js";
import {
  engineIoUrl,
  openPage,
  openProgram,
  openSocketIo,
  openWs,
  overEngineIo,
  type Peer,
} from "./peers/peer.js";
import { ROOT, requirement } from "./requirement.js";
import { type Served, startServe } from "./served.js";

// It is our own compiled document, fresh by `generate --check`.
const contract = JSON.parse(readFileSync(`${ROOT}generated/contract.json`, "utf8")) as Contract;
const transports = new Map(
  contract.endpoints.map((endpoint) => [endpoint.name, endpoint.protocol.transport]),
);
const channels = [...transports.keys()];
const socketIoChannels = channels.filter((channel) => transports.get(channel) === "socket.io");

let served: Served;
beforeAll(async () => {
  served = await startServe(["--time-scale", "1"]);
});
afterAll(() => served?.stop());

/** Has the witness and echo exchanges of a channel out with a peer, then closes it. */
async function converse(peer: Peer, channel: string): Promise<void> {
  const endpoint = contract.endpoints.find(({ name }) => name === channel);
  if (endpoint === undefined) throw new Error(`No endpoint ${channel}.`);
  const exchanges =
    endpoint.exchanges?.list.filter(({ tags }) => tags.includes("witness") || tags.includes("echo")) ?? [];
  expect(exchanges.length).toBeGreaterThan(0);
  for (const exchange of exchanges) {
    expect(await playExchange(peer, contract, endpoint, exchange)).toBeGreaterThan(0);
  }
  await peer.close();
}

/** Opens a client that knows only WebSocket, with Engine.IO on top where the channel wants it. */
async function openPlain(open: (url: string) => Promise<Peer>, channel: string): Promise<Peer> {
  const url = urlOf(channel);
  if (transports.get(channel) !== "socket.io") return open(url);
  return overEngineIo(await open(engineIoUrl(url)));
}

const urlOf = (channel: string): string => {
  const url = served.urls[channel];
  if (url === undefined) throw new Error(`serve printed no URL of ${channel}.`);
  return url;
};

describe("strangers' clients work with the built reference server", () => {
  it.each(channels)("ws, on %s", async (channel) => {
    await converse(await openPlain(openWs, channel), channel);
  });

  describe.each(["websocket", "polling"] as const)("socket.io-client over %s", (transport) => {
    it.each(socketIoChannels)("on %s", async (channel) => {
      await converse(await openSocketIo(urlOf(channel), transport), channel);
    });
  });

  const python = requirement("python");
  describe.skipIf(!python.available)("Python's websockets", () => {
    it.each(channels)("on %s", async (channel) => {
      const open = (url: string) => openProgram(python.location, [`${ROOT}test/peers/python/client.py`, url]);
      await converse(await openPlain(open, channel), channel);
    });
  });

  const go = requirement("go");
  describe.skipIf(!go.available)("a Go client", () => {
    const folder = mkdtempSync(join(tmpdir(), "wireproof-go-"));
    const program = join(folder, "peer");
    beforeAll(() => {
      const built = spawnSync(go.location, ["build", "-o", program, "."], {
        cwd: `${ROOT}test/peers/go`,
        encoding: "utf8",
      });
      expect(built.stderr).toBe("");
    }, 180_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each(channels)("on %s", async (channel) => {
      await converse(await openPlain((url) => openProgram(program, [url]), channel), channel);
    });
  });

  const browserProgram = requirement("chromium");
  describe.skipIf(!browserProgram.available)("a page in Chromium", () => {
    // Any page will do: it is here so that the page has an ordinary origin.
    const pages = createServer((_request, response) =>
      response.setHeader("content-type", "text/html").end("<!doctype html>"),
    );
    let browser: Browser;
    let origin = "";
    beforeAll(async () => {
      await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
      // A server that listens on TCP has an address with a port.
      origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/`;
      browser = await chromium.launch({
        executablePath: browserProgram.location,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
      });
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      pages.close();
    });

    it.each(channels)("on %s", async (channel) => {
      await converse(
        await openPage(browser, origin, urlOf(channel), transports.get(channel) ?? "websocket"),
        channel,
      );
    });
  });
});
