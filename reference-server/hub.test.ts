import { describe, expect, it } from "vitest";
import { createHub } from "./hub.js";

const noFault = (fault: unknown): never => {
  throw fault;
};

describe("the hub", () => {
  it("hands a message to every subscriber of its topic, once, in the order in which they came, and to no other", () => {
    const hub = createHub<string>(noFault);
    const heard: string[] = [];
    hub.subscribe("a", (message) => heard.push(`1 ${message}`));
    hub.subscribe("a", (message) => heard.push(`2 ${message}`));
    hub.subscribe("b", (message) => heard.push(`3 ${message}`));
    hub.publish("a", "x");
    hub.publish("c", "y");
    expect(heard).toEqual(["1 x", "2 x"]);
  });

  it("ends a subscription when its function is called, once, whatever comes after", () => {
    const hub = createHub<string>(noFault);
    const heard: string[] = [];
    const leave = hub.subscribe("a", (message) => heard.push(message));
    leave();
    hub.subscribe("a", () => {});
    leave();
    hub.publish("a", "x");
    expect(heard).toEqual([]);
    expect(hub.count("a")).toBe(1);
  });

  it("lets a subscriber leave, and others come, while a message is handed out", () => {
    const hub = createHub<string>(noFault);
    const heard: string[] = [];
    const leave = hub.subscribe("a", () => {
      heard.push("first");
      leave();
    });
    hub.subscribe("a", () => heard.push("second"));
    hub.publish("a", "x");
    hub.publish("a", "y");
    expect(heard).toEqual(["first", "second", "second"]);
  });

  it("reports a subscriber that throws, and the others still hear", () => {
    const faults: unknown[] = [];
    const hub = createHub<string>((fault) => faults.push(fault));
    const heard: string[] = [];
    hub.subscribe("a", () => {
      throw new Error("deaf");
    });
    hub.subscribe("a", (message) => heard.push(message));
    hub.publish("a", "x");
    expect(faults).toHaveLength(1);
    expect(heard).toEqual(["x"]);
  });

  it("forgets a topic without subscribers", () => {
    const hub = createHub<string>(noFault);
    for (let n = 0; n < 1_000; n++) hub.subscribe(`topic ${n}`, () => {})();
    expect(hub.count("topic 999")).toBe(0);
  });
});
