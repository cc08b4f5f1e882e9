import { describe, expect, it } from "vitest";
import { createPacer, safeRate } from "./pacer.js";
import { monotonic } from "./time.js";

describe("the pacer", () => {
  it("never lets more through in any window than the rate, and keeps the order", async () => {
    const rate = { messages: 10, perMs: 200 };
    const pacer = createPacer(rate, monotonic);
    const sent: { readonly index: number; readonly atMs: number }[] = [];
    for (let index = 0; index < 30; index += 1) pacer.pace(() => sent.push({ index, atMs: monotonic() }));
    expect(sent.length).toBeLessThanOrEqual(rate.messages / 2);
    await pacer.turn();
    pacer.stop();
    expect(sent.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    for (const { atMs } of sent) {
      const inWindow = sent.filter((one) => one.atMs >= atMs && one.atMs < atMs + rate.perMs);
      expect(inWindow.length).toBeLessThanOrEqual(rate.messages);
    }
    expect(pacer.held()).toBeGreaterThan(0);
  });

  it("holds nobody who keeps below the rate", () => {
    const pacer = createPacer({ messages: 10, perMs: 1000 }, monotonic);
    let sent = 0;
    for (let index = 0; index < 2; index += 1) {
      pacer.pace(() => {
        sent += 1;
      });
    }
    expect(sent).toBe(2);
    expect(pacer.held()).toBe(0);
    pacer.stop();
  });

  it("takes the rate that the document allows, and a cautious one where it says nothing", () => {
    expect(safeRate({ rate: { messages: 100, perMs: 1000, answer: "error" } }, 0.5)).toEqual({
      messages: 100,
      perMs: 500,
    });
    expect(safeRate({}, 1)).toEqual({ messages: 10, perMs: 1000 });
  });
});
