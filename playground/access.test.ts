import { describe, expect, it } from "vitest";
import { available, connect, openForEachTest, send } from "./test-page.js";

describe.skipIf(!available)("the playground", () => {
  const open = openForEachTest();

  describe("is for everybody", () => {
    it("can be played without a mouse, and always shows where one is", async () => {
      const { page, state, line } = await open();
      const seen: string[] = [];
      /** Goes on with Tab until an element is reached, and looks at each on the way. */
      const tabTo = async (wanted: string): Promise<void> => {
        for (let step = 0; step < 60; step++) {
          await page.keyboard.press("Tab");
          const at = await page.evaluate<{ name: string; outline: string }>(FOCUSED);
          seen.push(at.name);
          expect(at.outline, at.name).toBe("solid");
          if (at.name === wanted) return;
        }
        throw new Error(`${wanted} is out of reach; reached ${seen.join(", ")}`);
      };
      await tabTo("Skip to the timeline");
      await tabTo("Channel");
      await tabTo("Connect");
      await page.keyboard.press("Enter");
      await expect.poll(state).toBe("connected");
      await tabTo("workflow_id");
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type("echo");
      await page.keyboard.press("Enter");
      await line("execution:completed").waitFor();
      await tabTo("Drop");
      await page.keyboard.press("Space");
      await expect.poll(state).toBe("reconnecting");
      await expect.poll(state).toBe("connected");
      await tabTo("Send garbage");
      await page.keyboard.press("Enter");
      await line("wrong-discriminator").waitFor();
      await tabTo("Timeline");
      await tabTo("start_session");
      await page.keyboard.press("Enter");
      await line("start_session").locator("pre").waitFor();
    });

    it("names every control, and tells changes of the state to who cannot see them", async () => {
      const { page } = await open({ channel: "pipeline" });
      const nameless = await page
        .locator("button, input, select, textarea, [tabindex]")
        .evaluateAll((controls) =>
          controls
            .filter((control) => {
              const labels = "labels" in control ? control.labels : undefined;
              const text = labels instanceof NodeList ? labels.length > 0 : false;
              const own = control.textContent?.trim() !== "" && control.tagName === "BUTTON";
              return (
                !text &&
                !own &&
                !control.hasAttribute("aria-label") &&
                !control.hasAttribute("aria-labelledby")
              );
            })
            .map((control) => control.outerHTML),
        );
      expect(nameless).toEqual([]);
      expect(await page.locator('[aria-live="polite"] .state').count()).toBe(1);
    });

    it.each([
      [1280, "light"],
      [1280, "dark"],
      [400, "light"],
      [400, "dark"],
    ] as const)("fits %i px, and can be read in %s", async (width, colorScheme) => {
      const opened = await open({ width, colorScheme, channel: "pipeline" });
      const { page, line } = opened;
      await connect(opened);
      await page.getByLabel("Begin with").selectOption({ label: "rich" });
      await send(page);
      await line("response").waitFor();
      await page.getByRole("button", { name: "Send garbage" }).click();
      await line("wrong-discriminator").waitFor();
      await page.getByRole("button", { name: "Slow" }).click();
      await page.locator("#events summary").first().click();
      await line("Slow").waitFor();
      const seen = await page.evaluate<Seen>(`(${INSPECT})()`);
      expect(seen.overflow).toBe(0);
      expect(seen.dark).toBe(colorScheme === "dark");
      expect(seen.texts).toBeGreaterThan(80);
      expect(seen.faint).toEqual([]);
    });
  });

  describe("lets no script run but its own", () => {
    it("neither one that stands in the page nor one made from text", async () => {
      const { page } = await open({ expects: /violates the following Content Security Policy/ });
      const blocked = await page.evaluate<string[]>(`new Promise((resolve) => {
        const blocked = [];
        addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
        document.body.append(Object.assign(document.createElement("script"), { textContent: "globalThis.ran = 1" }));
        document.body.setAttribute("onclick", "globalThis.ran = 2");
        document.body.click();
        setTimeout(() => resolve([...blocked, String(globalThis.ran)]), 100);
      })`);
      expect(blocked).toEqual(["script-src-elem", "script-src-attr", "undefined"]);
    });
  });
});

interface Seen {
  readonly overflow: number;
  readonly dark: boolean;
  readonly texts: number;
  readonly faint: readonly { readonly text: string; readonly ratio: number }[];
}

/** Name and outline of what has the focus. */
const FOCUSED = `(() => {
  const at = document.activeElement;
  const labelled = document.getElementById(at.getAttribute("aria-labelledby") ?? "")?.textContent;
  const label = at.labels?.[0]?.querySelector(".name")?.textContent ?? at.labels?.[0]?.textContent;
  const line = at.closest("li[data-name]")?.dataset.name;
  const name = at.getAttribute("aria-label") ?? labelled ?? label ?? line ?? at.textContent;
  return { name, outline: getComputedStyle(at).outlineStyle };
})()`;

/** The least that WCAG asks of text (level AA). */
const CONTRAST = 4.5;

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
      if ((ground[3] ?? 1) > 0.9 && ground.length > 0) return ground;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === "" || element.closest("option, noscript, .skip") !== null) continue;
    if (element.getClientRects().length === 0) continue;
    texts += 1;
    const ink = light(colorOf(getComputedStyle(element).color));
    const ground = light(groundOf(element));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < ${CONTRAST}) faint.push({ text: text.slice(0, 40), ratio });
  }
  const root = document.documentElement;
  return {
    overflow: Math.max(0, root.scrollWidth - root.clientWidth),
    dark: light(groundOf(document.body)) < 0.2,
    texts,
    faint,
  };
}`;
