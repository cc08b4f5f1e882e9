import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { workflowClient } from "../../generated/workflow.js";
import type { RunningServer } from "../../reference-server/running-server.js";
import { startServer } from "../../reference-server/server.js";
import { ROOT, requirement } from "../../test/requirement.js";
import { createClient } from "./client.js";
import { ConnectionStatus, useClient } from "./react.js";

const { available, location } = requirement("chromium");

/** Short enough for a test, long enough for a busy machine. */
const TIME_SCALE = 0.1;
/** Chunks of the workflow that sends all of them at once. */
const FLOOD = 5_000;

describe.each([
  ["19", "react", "react-dom"],
  ["18", "react-18", "react-dom-18"],
])("React %s in a browser", (_version, react, reactDom) => {
  describe.skipIf(!available)("with a client of a real server", () => {
    let browser: Browser | undefined;
    let script = "";
    let server: RunningServer | undefined;
    let page: Page | undefined;
    const complaints: string[] = [];

    beforeAll(async () => {
      const bundle = await build({
        entryPoints: [`${ROOT}test/browser/react-page.ts`],
        bundle: true,
        write: false,
        format: "iife",
        platform: "browser",
        alias: { react, "react-dom": reactDom },
        define: { "process.env.NODE_ENV": '"development"' },
      });
      script = bundle.outputFiles[0]?.text ?? "";
      browser = await chromium.launch({
        executablePath: location,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
      });
    }, 60_000);

    afterEach(async () => {
      await page?.close();
      await server?.close();
    });
    afterAll(() => browser?.close());

    /** A page that renders a component against a fresh server. */
    async function open(component: "Workflow" | "Pipeline", more: Readonly<Record<string, unknown>> = {}) {
      if (browser === undefined) throw new Error("The browser has not started.");
      complaints.length = 0;
      const running = await startServer({ port: 0, timeScale: TIME_SCALE });
      server = running;
      const opened = await browser.newPage();
      page = opened;
      opened.on("pageerror", (error) => complaints.push(error.message));
      opened.on("console", (message) => {
        // React's advice to install its tools is no complaint; nor is a browser's about a server that is down.
        if (message.type() === "error" && !message.text().startsWith("WebSocket connection")) {
          complaints.push(message.text());
        }
      });
      await opened.addScriptTag({ content: script });
      const url = running.endpoints.find(({ name }) => name === component.toLowerCase())?.url ?? "";
      const options = { url, timeScale: TIME_SCALE, strict: true, ...more };
      await opened.evaluate(`show${component}(${JSON.stringify(options)})`);
      const read = <T>(what: string) => opened.evaluate<T>(what);
      return { page: opened, server: running, read };
    }

    it("makes one socket, although StrictMode mounts everything twice", async () => {
      const { server: running, read } = await open("Workflow");
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      expect(running.stats()).toMatchObject({ opened: 1, connections: 1, rejected: 0 });
      expect(complaints).toEqual([]);
    });

    it("is subscribed before the first frame", async () => {
      const { read } = await open("Pipeline");
      await expect.poll(() => read<number>("witness.first.length")).toBe(1);
      expect(complaints).toEqual([]);
    });

    it("loses no frame of a burst, however few renders it leads to", async () => {
      const { read } = await open("Workflow");
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      await read('send("flood")');
      await expect.poll(() => read("witness.completed"), { timeout: 20_000 }).toBe(1);
      expect(await read("witness.chunks.length")).toBe(FLOOD);
      // The rule of the test: had every event been a render, batching would not have been tried.
      expect(await read<number>("witness.renders")).toBeLessThan(FLOOD);
    }, 40_000);

    it("calls the handler of the latest render, for each event once and in order", async () => {
      const { read } = await open("Workflow");
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      await read('send("echo")');
      await expect.poll(() => read("witness.completed")).toBe(1);
      expect(await read("witness.chunks.join('')")).toBe("one two three");
      expect(await read("[...witness.handlers]")).toEqual(["first"]);
      await read("useOther()");
      await read("witness.handlers.clear()");
      await read('send("echo")');
      await expect.poll(() => read("witness.completed")).toBe(2);
      expect(await read("witness.chunks.join('')")).toBe("one two threeone two three");
      expect(await read("[...witness.handlers]")).toEqual(["second"]);
    });

    it("closes the connection when the component goes, and does not come back", async () => {
      const { server: running, read } = await open("Workflow");
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      await read("unmount()");
      await expect.poll(() => running.stats().connections).toBe(0);
      // Longer than the first delay of its policy.
      await new Promise((resolve) => setTimeout(resolve, 5_000 * TIME_SCALE));
      expect(running.stats().opened).toBe(1);
      expect(complaints).toEqual([]);
    });

    it("opens nothing when the component goes before it could connect", async () => {
      const { server: running, page: opened } = await open("Workflow");
      await opened.evaluate("unmount()");
      const options = { url: `${running.url}/ws`, timeScale: TIME_SCALE, strict: false };
      await expect.poll(() => running.stats().connections).toBe(0);
      const before = running.stats().opened;
      // Mounted and unmounted in one turn: nothing is opened at all.
      await opened.evaluate(`{ showWorkflow(${JSON.stringify(options)}); unmount(); }`);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(running.stats().opened).toBe(before);
    });

    it("shows nothing while connected, and how it goes while it is not, over a restart of the server", async () => {
      const { server: running, page: opened, read } = await open("Workflow");
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      expect(await opened.locator("#status").count()).toBe(0);
      await running.close({ code: 1012 });
      await expect.poll(() => opened.locator("#status").textContent()).toMatch(/^reconnecting \(\d\/5\)$/);
      server = await startServer({ port: running.port, timeScale: TIME_SCALE });
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      await expect.poll(() => opened.locator("#status").count()).toBe(0);
      const shown = await read<string[]>("witness.shown");
      expect(shown.filter((text) => text !== "reconnecting (2/5)")).toEqual([
        "connecting",
        "",
        "reconnecting (1/5)",
        "",
      ]);
      expect(new Set(await read<string[]>("witness.states"))).toEqual(
        new Set(["disconnected", "connecting", "connected", "reconnecting"]),
      );
      expect(complaints).toEqual([]);
    });

    it("says in the end why there is no connection", async () => {
      const { server: running, page: opened, read } = await open("Workflow", { maxAttempts: 1 });
      await expect.poll(() => read("witness.states.at(-1)")).toBe("connected");
      await running.close();
      await expect.poll(() => read("witness.states.at(-1)")).toBe("failed");
      await expect
        .poll(() => opened.locator("#status").textContent())
        .toBe("Max reconnection attempts reached");
    });
  });
});

describe("React on a server", () => {
  it("renders nothing of a client that is not connected yet, and opens no socket", () => {
    const Page = (): unknown => {
      const client = useClient(() => createClient(workflowClient, { url: "ws://127.0.0.1:1", WebSocket }));
      return createElement(ConnectionStatus, { client });
    };
    // A component may be any function that returns a node.
    expect(renderToString(createElement(Page as () => null))).toBe("");
  });
});
