/** What a connection says unasked: replies are told from events that may be something else. */

import { describe, expect, it } from "vitest";
import { createJudge } from "./judge.js";
import { openPassiveWatch } from "./passive-watch.js";
import { sampleContract, sampleEndpoint } from "./test-subject.js";

const endpoint = sampleEndpoint;

describe("a reply under an id that was never sent (S-RR-04)", () => {
  const received = (names: readonly string[], token: string) => {
    const watch = openPassiveWatch(createJudge(sampleContract(endpoint), endpoint));
    watch.sent("command", { payload: { cmd: "ping", token: "asked" } });
    const payload = { event: "pong", token };
    return watch.received({ names, payload, text: JSON.stringify(payload) });
  };

  it("is a violation, and one under an id that was sent is none", () => {
    expect(received(["pong"], "never asked").violations).toMatchObject([{ check: "S-RR-04" }]);
    expect(received(["pong"], "asked")).toMatchObject({ violations: [], judged: ["S-RR-04"] });
  });

  it("is nothing where the event may be another message as well", () => {
    expect(received(["pong", "counted"], "never asked")).toMatchObject({ violations: [], judged: [] });
  });
});
