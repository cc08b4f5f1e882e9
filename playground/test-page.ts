/** What the tests of the page open: the built `wireproof serve`, and its page in Chromium, which may not complain. */

import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { requirement } from "../test/requirement.js";
import { type Served, startServe } from "../test/served.js";

export const { available, location } = requirement("chromium");

export interface OpenPage {
  readonly page: Page;
  /** `http://host:port` of the server. */
  readonly origin: string;
  /** The state that the page shows. */
  state(): Promise<string | null>;
  /** The lines of the timeline: kind and name. */
  lines(): Promise<string[]>;
  /** The line that is the last with this name. */
  line(name: string): Locator;
}

export interface OpenOptions {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly channel?: string;
  /** Further arguments of `serve`; the same ones use the same server. */
  readonly serve?: readonly string[];
  /** What the browser will complain of, because the test makes it. */
  readonly expects?: RegExp;
}

/** Fast enough for a test; the page's own pace comes on top. */
const TIME_SCALE = "0.1";

/** Opens pages for the tests of a file; each has to be without a complaint and a foreign request at its end. */
export function openForEachTest(): (options?: OpenOptions) => Promise<OpenPage> {
  const served = new Map<string, Promise<Served>>();
  const pages: Page[] = [];
  const complaints: string[] = [];
  let browser: Browser | undefined;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: location,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
  }, 60_000);
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of served.values()) await (await server).stop();
  });

  return async ({ width = 1280, colorScheme = "light", channel = "", serve = [], expects } = {}) => {
    if (browser === undefined) throw new Error("The browser has not started.");
    const key = JSON.stringify(serve);
    const server = served.get(key) ?? startServe(["--time-scale", TIME_SCALE, ...serve]);
    served.set(key, server);
    const [url = ""] = Object.values((await server).urls);
    const origin = `http://${new URL(url).host}`;
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    pages.push(page);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      const text = message.text();
      if (expects?.test(text) === true) return;
      // That a socket was refused or cut off, which is what the page is for, the browser says by itself.
      if (!text.startsWith("WebSocket connection to")) complaints.push(text);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`)) complaints.push(`asks ${request.url()}`);
    });
    await page.goto(`${origin}/${channel === "" ? "" : `#${channel}`}`);
    await page.locator("#message form, #message .none").waitFor();
    await expect.poll(() => page.locator("#faults option").count()).toBeGreaterThan(1);
    return {
      page,
      origin,
      state: () => page.locator("#status .state").textContent(),
      lines: () =>
        page
          .locator("#events > li")
          .evaluateAll((rows) => rows.map((row) => `${row.className} ${row.getAttribute("data-name")}`)),
      line: (name) => page.locator(`#events > li[data-name="${name}"]`).last(),
    };
  };
}

/** Presses Connect, and waits until it is. */
export async function connect({ page, state }: OpenPage): Promise<void> {
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect.poll(state).toBe("connected");
}

/** Opens a line of the timeline; gives what is inside. */
export async function look(line: Locator): Promise<string[]> {
  await line.locator("summary").click();
  await line.locator("pre").first().waitFor();
  return line.locator("pre").allTextContents();
}

/** Presses Send. */
export const send = (page: Page): Promise<void> =>
  page.getByRole("button", { name: "Send", exact: true }).click();
