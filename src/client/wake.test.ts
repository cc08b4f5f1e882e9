import { describe, expect, it } from "vitest";
import { workflowClient } from "../../generated/workflow.js";
import type { PlatformEvent } from "./options.js";
import { bench } from "./test-bench.js";

/** A page that tells what a test lets it tell. */
function page() {
  const listeners = new Map<string, Set<(event: PlatformEvent) => void>>();
  return {
    document: { visibilityState: "visible" },
    addEventListener(type: string, listener: (event: PlatformEvent) => void) {
      listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
    },
    removeEventListener(type: string, listener: (event: PlatformEvent) => void) {
      listeners.get(type)?.delete(listener);
    },
    tell(type: string, persisted = false) {
      for (const listener of listeners.get(type) ?? []) listener({ type, persisted });
    },
    get listening() {
      return [...listeners.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}

describe("when network or page are back", () => {
  it.each([
    ["online", false],
    ["visibilitychange", false],
    ["pageshow", true],
  ])("a connected client asks at once whether anybody is there (%s)", async (type, persisted) => {
    const platform = page();
    const { client, network, connected, after } = bench(workflowClient, { platform });
    await connected();
    await after(12_000);
    platform.tell(type, persisted);
    expect(network.last.sent.length).toBe(1);
    // At most once in each timeoutMs, and the next beat is an interval away.
    platform.tell(type, persisted);
    expect(network.last.sent.length).toBe(1);
    await after(10_200);
    expect(network.sockets[0]?.closed?.code).toBe(4408);
    client.close();
  });

  it("an attempt is made at once when the network is back; it counts like any other", async () => {
    const platform = page();
    const { client, network, connected, after } = bench(workflowClient, { platform });
    await connected();
    network.last.end();
    await after(1_000);
    platform.tell("online");
    await after(0);
    expect(network.sockets.length).toBe(2);
    expect(client.status).toEqual({ state: "reconnecting", attempt: 1, maxAttempts: 5 });
    network.last.end();
    expect(client.status).toMatchObject({ attempt: 2, delayMs: 6_000 });
    await after(5_999);
    expect(network.sockets.length).toBe(2);
    client.close();
  });

  it("a page that is shown again makes the attempt whose time has passed while it slept, and no earlier one", async () => {
    const platform = page();
    const { client, network, connected, clock, after } = bench(workflowClient, { platform });
    await connected();
    network.last.end();
    platform.tell("visibilitychange");
    await after(0);
    expect(network.sockets.length).toBe(1);
    clock.time += 3_000;
    platform.tell("visibilitychange");
    platform.tell("visibilitychange");
    await after(10);
    expect(network.sockets.length).toBe(2);
    client.close();
  });

  it("nothing happens for a page that is hidden, or shown for the first time", async () => {
    const platform = page();
    const { client, network, connected, after } = bench(workflowClient, { platform });
    await connected();
    await after(20_000);
    platform.tell("pageshow");
    platform.document.visibilityState = "hidden";
    platform.tell("visibilitychange");
    expect(network.last.sent).toEqual([]);
    client.close();
  });

  it("nobody listens any more when the client is closed or has failed", async () => {
    const platform = page();
    const { client, network, connected } = bench(workflowClient, { platform, reconnect: { maxAttempts: 0 } });
    expect(platform.listening).toBe(0);
    await connected();
    expect(platform.listening).toBe(3);
    client.close();
    expect(platform.listening).toBe(0);
    await connected();
    network.last.end();
    expect(client.status.state).toBe("failed");
    expect(platform.listening).toBe(0);
    platform.tell("online");
    expect(network.sockets.length).toBe(2);
  });
});
