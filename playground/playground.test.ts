import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { available, connect, look, openForEachTest, send } from "./test-page.js";

const folder = mkdtempSync(join(tmpdir(), "wireproof-playground-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A document that is not ours: parameters, a query, lists, alternatives, and no behaviour but its replies. */
const SHOP = join(folder, "shop.yaml");
writeFileSync(
  SHOP,
  `asyncapi: 3.1.0
info: { title: Shop, version: 2.0.0 }
servers: { here: { host: 127.0.0.1:9000, protocol: ws } }
channels:
  orders:
    address: /shops/{shop}/orders
    parameters: { shop: { enum: [north, south] } }
    bindings: { ws: { query: { type: object, required: [lang], properties: { lang: { type: string, enum: [de, en] } } } } }
    messages:
      order:
        payload:
          type: object
          required: [do, lines]
          properties:
            do: { const: order }
            lines:
              type: array
              minItems: 1
              items:
                type: object
                required: [article, count]
                properties:
                  article: { type: string, minLength: 1 }
                  count: { type: integer, minimum: 1 }
                  gift: { type: boolean }
            pay: { oneOf: [{ title: Cash, const: cash }, { title: Card, type: object, required: [number], properties: { number: { type: string } } }] }
          additionalProperties: false
      ordered:
        payload: { type: object, required: [do, id], properties: { do: { const: ordered }, id: { type: integer } } }
        examples: [{ payload: { do: ordered, id: 1 } }]
operations:
  take:
    action: receive
    channel: { $ref: '#/channels/orders' }
    messages: [{ $ref: '#/channels/orders/messages/order' }]
    reply: { channel: { $ref: '#/channels/orders' }, messages: [{ $ref: '#/channels/orders/messages/ordered' }] }
`,
);

describe.skipIf(!available)("the playground", () => {
  const open = openForEachTest();

  describe("plays a channel", () => {
    it("connects, sends what the form holds, and shows the events that come", async () => {
      const opened = await open();
      const { page, lines, line } = opened;
      await connect(opened);
      await page.getByLabel("workflow_id").fill("echo");
      await page.getByRole("textbox", { name: /^input/ }).fill("a b c");
      await send(page);
      await line("execution:completed").waitFor();
      expect(await lines()).toEqual([
        "state connecting",
        "state connected",
        "command start_session",
        "event node_state_change",
        "event token_stream",
        "event token_usage",
        "event node_state_change",
        "event execution:completed",
      ]);
      const chunks = await look(line("token_stream"));
      expect(chunks.map((text) => JSON.parse(text).data.chunk).join("")).toBe("a b c");
      await expect.poll(() => page.locator(".figures").textContent()).toMatch(/sent1 · \d+ B/);
    });

    it("refuses to send what the contract forbids, and says so at the field", async () => {
      const opened = await open();
      const { page, lines } = opened;
      await connect(opened);
      await page.getByLabel("workflow_id").fill("");
      await page.getByRole("textbox", { name: /^session_uuid/ }).fill("no uuid");
      await send(page);
      await expect
        .poll(() => page.locator('[data-pointer="/data/workflow_id"] .problem').textContent())
        .toBe('Expected a string of length ≥ 1 ≤ 128, got "".');
      expect(await page.getByLabel("workflow_id").getAttribute("aria-invalid")).toBe("true");
      expect(await page.evaluate("document.activeElement.closest('[data-pointer]').dataset.pointer")).toBe(
        "/data/workflow_id",
      );
      expect((await lines()).filter((text) => text.startsWith("command"))).toEqual([]);
      await page.getByLabel("workflow_id").fill("echo");
      await page.getByRole("button", { name: "New for session_uuid" }).click();
      await send(page);
      await opened.line("execution:completed").waitFor();
      expect(await page.locator(".problem").count()).toBe(0);
    });

    it("says of a command that the server refuses why", async () => {
      const opened = await open();
      await connect(opened);
      await opened.page.getByLabel("Command").selectOption("resume_session");
      await send(opened.page);
      await opened.line("illegal-state").waitFor();
      expect(await opened.state()).toBe("connected");
    });

    it("sends nothing without a connection, and says what to do", async () => {
      const { page } = await open();
      await send(page);
      expect(await page.locator(".said").textContent()).toBe("Not connected: connect first.");
    });

    it("fills the address and the query from the fields, and begins with an example", async () => {
      const opened = await open({ channel: "pipeline" });
      const { page, line } = opened;
      await page.getByLabel("session_type").selectOption("group");
      await connect(opened);
      expect(await line("connected").first().textContent()).toBeTruthy();
      const first = page.locator('#events li.event[data-name="connected"]');
      expect(await first.locator(".text").textContent()).toContain('session_type: "group"');
      await page.getByLabel("Begin with").selectOption({ label: "whole-answer" });
      await send(page);
      await line("response").waitFor();
      expect((await look(line("response"))).join()).toContain("Hello from the playground");
    });

    it("switches between fields and JSON without losing anything", async () => {
      const { page } = await open({ channel: "pipeline" });
      await page.getByLabel("Begin with").selectOption({ label: "rich" });
      const json = page.getByRole("checkbox", { name: "Write JSON" });
      const editor = page.getByLabel("The message as JSON");
      await json.setChecked(true);
      const before = JSON.parse(await editor.inputValue());
      expect(before.message).toHaveLength(8);
      await json.setChecked(false);
      await page.getByLabel("display").first().fill("@bot");
      await json.setChecked(true);
      before.message[0].display = "@bot";
      expect(JSON.parse(await editor.inputValue())).toEqual(before);
      await editor.fill("{ no json");
      await json.click();
      expect(await page.locator(".said").textContent()).toContain("no JSON");
      expect(await json.isChecked()).toBe(true);
    });

    it("plays a Socket.IO channel as well", async () => {
      const opened = await open({ channel: "conversation" });
      await connect(opened);
      await send(opened.page);
      await expect.poll(opened.lines).toContain("event stop");
    });

    it("keeps its timeline bounded in a flood, and counts what it does not keep", async () => {
      const opened = await open();
      const { page, line } = opened;
      await connect(opened);
      await page.getByLabel("Begin with").selectOption({ label: "flood" });
      await send(page);
      await line("execution:completed").waitFor({ timeout: 20_000 });
      expect(await line("token_stream").locator(".count").textContent()).toBe("×5000");
      expect(await look(line("token_stream"))).toHaveLength(50);
      expect(await line("token_stream").textContent()).toContain("4950 before these are no longer kept.");
    }, 60_000);
  });

  describe("breaks a connection on purpose", () => {
    it("dropped, the client comes back", async () => {
      const opened = await open();
      await connect(opened);
      await opened.page.getByRole("button", { name: "Drop" }).click();
      await expect
        .poll(opened.lines)
        .toEqual([
          "state connecting",
          "state connected",
          "fault Drop",
          "state reconnecting",
          "state reconnecting",
          "state connected",
        ]);
      expect(await opened.line("reconnecting").first().textContent()).toBeTruthy();
      const waits = await opened.page.locator('#events li[data-name="reconnecting"]').allTextContents();
      expect(waits[0]).toMatch(/attempt 1 of 5 in 0\.3 s · code 1006: gone without a Close/);
    });

    it("silenced, the heartbeat finds it and the client comes back", async () => {
      const opened = await open();
      await opened.page.getByLabel("Time", { exact: true }).selectOption({ label: "5 times as fast" });
      await connect(opened);
      await opened.page.getByRole("button", { name: "Silence" }).click();
      await expect.poll(opened.lines).toContain("state reconnecting");
      await expect.poll(opened.state).toBe("connected");
      const [wait] = await opened.page.locator('#events li[data-name="reconnecting"]').allTextContents();
      expect(wait).toContain("4408");
      expect(await opened.page.getByRole("button", { name: "Silence" }).getAttribute("aria-pressed")).toBe(
        "false",
      );
    });

    it("sent garbage, the page shows what was wrong and what to do, and the connection stays", async () => {
      const opened = await open();
      const { page, line } = opened;
      await connect(opened);
      const offered = await page.getByLabel("What is sent").locator("option").allTextContents();
      expect(offered).toEqual([
        "“type” instead of “event”",
        "a name that nobody knows",
        "a wrong type inside",
        "broken JSON",
        "a list instead of an object",
        "a frame of my own",
      ]);
      const codes = ["wrong-discriminator", "unknown-message", "invalid-payload", "not-json", "not-object"];
      for (const [index, code] of codes.entries()) {
        await page.getByLabel("What is sent").selectOption({ index });
        await page.getByRole("button", { name: "Send garbage" }).click();
        await line(code).waitFor();
        expect((await line(code).locator(".hint").textContent())?.length).toBeGreaterThan(10);
      }
      expect(await line("wrong-discriminator").locator(".hint").textContent()).toBe(
        "This channel names its events with event: rename type.",
      );
      await page.getByLabel("What is sent").selectOption("a frame of my own");
      await page.getByLabel("Frame of your own").fill('{"event":"pong","data":{"token":7}}');
      await page.getByRole("button", { name: "Send garbage" }).click();
      await expect.poll(() => line("invalid-payload").textContent()).toContain("at /data/token, got 7");
      expect(await opened.state()).toBe("connected");
      await expect.poll(() => page.locator(".figures").textContent()).toContain("did not decode5");
    });

    it("slow, events are late but come, and mended they come at once", async () => {
      const opened = await open();
      const { page, line } = opened;
      await connect(opened);
      await page.getByRole("button", { name: "Slow" }).click();
      await line("Slow").waitFor();
      await page.getByLabel("Begin with").selectOption({ label: "echo" });
      await send(page);
      await line("node_state_change").waitFor();
      expect(await opened.lines()).not.toContain("event execution:completed");
      await page.getByRole("button", { name: "Slow" }).click();
      await line("execution:completed").waitFor();
    });

    it("closed with a code that is not tried again, it stays away until somebody connects", async () => {
      const opened = await open();
      await connect(opened);
      await opened.page.getByLabel("Close code").selectOption("4401");
      await opened.page.getByRole("button", { name: "Close", exact: true }).click();
      await expect.poll(opened.state).toBe("failed");
      expect(await opened.page.locator("#status .about").textContent()).toContain(
        "code 4401: unauthorized, not tried again",
      );
      await connect(opened);
    });

    it("refused again and again, it counts its attempts and gives up", async () => {
      const opened = await open();
      const { page } = opened;
      await page.getByLabel("Time", { exact: true }).selectOption({ label: "20 times as fast" });
      await connect(opened);
      await page.getByRole("button", { name: "Refuse" }).click();
      await opened.line("Refuse").waitFor();
      await page.getByRole("button", { name: "Drop" }).click();
      await expect.poll(opened.state).toBe("failed");
      expect(await page.locator("#status .about").textContent()).toContain(
        "Max reconnection attempts reached",
      );
      const waits = await page.locator('#events li[data-name="reconnecting"]').allTextContents();
      for (const attempt of [1, 2, 3, 4, 5]) expect(waits.join("\n")).toContain(`attempt ${attempt} of 5`);
    });
  });

  describe("plays any document", () => {
    it("with a codec of its own, its parameters, its query and its nested fields", async () => {
      const opened = await open({ serve: [SHOP] });
      const { page, line } = opened;
      expect(await page.locator("#serving").textContent()).toBe("The mock of “Shop” 2.0.0");
      expect(await page.getByLabel("shop").locator("option").allTextContents()).toEqual(["north", "south"]);
      await page.getByLabel("lang").selectOption("en");
      await connect(opened);
      await page.getByLabel("article").fill("pen");
      await page.getByLabel("count").fill("many");
      await send(page);
      await expect
        .poll(() => page.locator('[data-pointer="/lines/0/count"] .problem').textContent())
        .toContain('Expected an integer ≥ 1, got "many".');
      await page.getByLabel("count").fill("3");
      await page.getByLabel("gift").selectOption("true");
      await page.getByRole("button", { name: "Add item to lines" }).click();
      await page.getByLabel("article").nth(1).fill("ink");
      await page.getByLabel("count").nth(1).fill("1");
      await page.getByRole("checkbox", { name: "pay" }).check();
      await page.getByRole("combobox", { name: "pay" }).selectOption("Card");
      await page.getByLabel("number").fill("4242");
      await send(page);
      await line("ordered").waitFor();
      expect((await look(line("order"))).map((text) => JSON.parse(text))).toEqual([
        {
          do: "order",
          lines: [
            { article: "pen", count: 3, gift: true },
            { article: "ink", count: 1 },
          ],
          pay: { number: "4242" },
        },
      ]);
    });
  });

  it("asks for the server's token where it needs one", async () => {
    const opened = await open({ serve: ["--token", "s3cret", "--channel", "workflow"] });
    await opened.page.getByLabel("Server’s token").fill("s3cret");
    await connect(opened);
  });
});
