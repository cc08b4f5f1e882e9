import { describe, expect, it } from "vitest";
import { replayCommand } from "./check-server.js";

describe("the replay command", () => {
  it("names the document and all else that decided what was judged", () => {
    const options = {
      url: "ws://127.0.0.1:8080",
      document: "my documents/chat.yaml",
      channel: "chat",
      as: "client",
      param: { room: ["a", "b"] },
      runs: 4,
      timeScale: 0.05,
      only: ["S-CD-*"],
    } as const;
    expect(replayCommand(options, "S-CD-01", 7)).toBe(
      "wireproof check server ws://127.0.0.1:8080 --document 'my documents/chat.yaml' --channel chat --as client" +
        " --param room=a,b --only S-CD-01 --seed 7 --runs 4 --time-scale 0.05",
    );
  });

  it("quotes what a shell would take apart", () => {
    const url = "ws://127.0.0.1:8080/ws?kind=it's&n=1";
    expect(replayCommand({ url }, "S-HS-01", 1)).toBe(
      "wireproof check server 'ws://127.0.0.1:8080/ws?kind=it'\\''s&n=1' --only S-HS-01 --seed 1",
    );
  });
});
