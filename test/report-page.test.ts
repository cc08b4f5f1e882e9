import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderReportAs } from "../conformance/report/render.js";
import { failedOutcome, sampleOutcomes, sampleReport } from "../conformance/report/test-report.js";
import { requirement } from "./requirement.js";

const { available, location } = requirement("chromium");

/** The least that WCAG asks of text (level AA). */
const CONTRAST = 4.5;

const folder = mkdtempSync(join(tmpdir(), "wireproof-report-"));
const file = join(folder, "report.html");
const long = "w".repeat(400);

describe.skipIf(!available)("the HTML report in a browser", () => {
  let browser: Browser | undefined;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    const outcomes = [
      ...sampleOutcomes,
      { ...failedOutcome, id: "S-SM-07", title: long, got: long, mend: long },
    ];
    writeFileSync(file, renderReportAs("html", sampleReport(outcomes, { conclusion: long })));
    browser = await chromium.launch({
      executablePath: location,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: "light" | "dark"): Promise<Page> {
    if (browser === undefined) throw new Error("The browser has not started.");
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
    return page;
  }

  it.each([
    [1280, "light"],
    [1280, "dark"],
    [400, "light"],
    [400, "dark"],
  ] as const)(
    "fits %i px, and can be read in %s",
    async (width, scheme) => {
      const page = await open(width, scheme);
      const seen = await page.evaluate<Seen>(`(${INSPECT})()`);
      await page.close();
      expect(seen.overflow).toBe(0);
      expect(seen.drawings).toBeGreaterThan(0);
      expect(seen.dark).toBe(scheme === "dark");
      expect(seen.texts).toBeGreaterThan(100);
      expect(seen.faint).toEqual([]);
      expect(seen.headings).toEqual([...seen.headings].sort());
    },
    60_000,
  );

  it("is walked through with the keyboard, and its matrix leads to each row", async () => {
    const page = await open(1280, "light");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    const lost = await page.evaluate(
      '[...document.querySelectorAll("a.tile")].filter((tile) => document.querySelector(tile.hash) === null).length',
    );
    await page.close();
    expect(lost).toBe(0);
  }, 60_000);

  it("asks the network for nothing and complains of nothing", () => {
    expect(new Set(requests)).toEqual(new Set([pathToFileURL(file).href]));
    expect(complaints).toEqual([]);
  });
});

interface Seen {
  readonly overflow: number;
  readonly drawings: number;
  readonly dark: boolean;
  readonly texts: number;
  readonly faint: readonly { readonly text: string; readonly ratio: number }[];
  /** Levels of the headings in the first finding. */
  readonly headings: readonly string[];
}

/** Runs in the page: measures it, and the contrast of every text that is shown, as WCAG 2 defines it. */
const INSPECT = `() => {
  const colorOf = (text) => (text.match(/[0-9.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const ground = colorOf(getComputedStyle(at).backgroundColor);
      if ((ground[3] ?? 1) > 0.9) return ground;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === "" || element.closest("svg title, style") !== null) continue;
    if (element.getClientRects().length === 0) continue;
    texts += 1;
    const style = getComputedStyle(element);
    const ink = light(colorOf(element.closest("svg") === null ? style.color : style.fill));
    const ground = light(groundOf(element));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < ${CONTRAST}) faint.push({ text: text.slice(0, 40), ratio });
  }
  const root = document.documentElement;
  return {
    overflow: Math.max(0, root.scrollWidth - root.clientWidth),
    drawings: [...document.querySelectorAll("svg")].filter((svg) => svg.getClientRects().length > 0).length,
    dark: light(groundOf(document.body)) < 0.2,
    texts,
    faint,
    headings: [...document.querySelectorAll(".finding:first-of-type :is(h3, h4)")].map(({ tagName }) => tagName),
  };
}`;
