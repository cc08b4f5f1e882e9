import { describe, expect, it } from "vitest";
import { inlineEndpoint } from "../src/contract/inline-endpoint.js";
import { createJudge, HarnessFault } from "./judge.js";
import { sampleContract, sampleEndpoint } from "./test-subject.js";

const judge = createJudge(sampleContract(), sampleEndpoint);

describe("an event is charged to the check that owns the rule it breaks", () => {
  it.each([
    ["valid", '{"event":"said","text":"a"}', undefined],
    ["with another name field beside its own", '{"event":"said","text":"a","type":"x"}', undefined],
    ["named by the field of another channel", '{"type":"said","text":"a"}', "S-CD-09"],
    ["named by the commands' field", '{"cmd":"said","text":"a"}', "S-CD-09"],
    ["without a name", '{"text":"a"}', "S-CD-09"],
    ["whose name is a number", '{"event":7}', "S-CD-09"],
    ["of an unknown name", '{"event":"shouted"}', "S-CD-02"],
    ["with a wrong payload", '{"event":"said","text":7}', "S-CD-02"],
    ["that is an array", "[]", "S-CD-02"],
    ["that is no JSON", "said", "S-CD-02"],
  ])("%s", (_what, frame, check) => {
    const { fault, names, result } = judge.received(frame);
    expect(fault?.check).toBe(check);
    expect(result.ok).toBe(check === undefined);
    expect(names).toEqual(check === undefined ? ["said"] : []);
  });

  it("names the field rule, the frame and the mend", () => {
    const { fault } = judge.received('{"type":"said","text":"a"}');
    expect(fault).toEqual({
      check: "S-CD-09",
      clause: "PROTOCOL.md#field-rule",
      expected: expect.stringContaining("each event names itself by the field `event`"),
      got: 'wrong-discriminator: `type`: "said", in the frame {"type":"said","text":"a"}',
      mend: 'This channel names its events with `event`; the frame has `type`: "said". Rename the field.',
    });
  });

  it("says of a field that is not there that it is missing", () => {
    const { fault } = judge.received('{"event":"said"}');
    expect(fault?.got).toBe('invalid-payload: it is missing, in the frame {"event":"said"}');
  });

  it("says which message it claims to be when only the payload is wrong", () => {
    expect(judge.received('{"event":"said","text":7}').claims).toEqual(["said"]);
    expect(judge.received('{"type":"said"}').claims).toEqual([]);
  });

  it("refuses a binary frame where the document declares text", () => {
    const declared = { ...sampleEndpoint, protocol: { ...sampleEndpoint.protocol, framesDeclared: true } };
    const bytes = new TextEncoder().encode('{"event":"said","text":"a"}');
    expect(createJudge(sampleContract(declared), declared).received(bytes).fault?.check).toBe("S-CD-02");
    expect(judge.received(bytes).fault).toBeUndefined();
  });

  it("says nothing where the document declares no event", () => {
    const silent = inlineEndpoint({ commands: { go: { type: "object" } } });
    expect(createJudge(sampleContract(silent), silent).received("whatever").fault).toBeUndefined();
  });
});

describe("a command is charged to the check of clients that owns the rule it breaks", () => {
  it.each([
    ["valid", '{"cmd":"say","text":"a"}', undefined],
    ["named by the events' field", '{"event":"say","text":"a"}', "C-CD-06"],
    ["without a name", '{"text":"a"}', "C-CD-06"],
    ["of an unknown name", '{"cmd":"shout"}', "C-CD-01"],
    ["with a wrong payload", '{"cmd":"say","text":7}', "C-CD-01"],
    ["that is no JSON", "say", "C-CD-01"],
  ])("%s", (_what, frame, check) => {
    const { fault, names } = judge.receivedCommand(frame);
    expect(fault?.check).toBe(check);
    expect(names).toEqual(check === undefined ? ["say"] : []);
  });

  it("says the direction and the field", () => {
    expect(judge.receivedCommand('{"event":"say","text":"a"}').fault?.expected).toContain(
      "each command names itself by the field `cmd`",
    );
  });
});

describe("what the kit sends is judged as well", () => {
  it("passes a valid command", () => {
    expect(judge.frameOf("say", { cmd: "say", text: "a" })).toBe('{"cmd":"say","text":"a"}');
    expect(judge.eventFrameOf("said", { event: "said", text: "a" })).toBe('{"event":"said","text":"a"}');
    expect(() => judge.eventFrameOf("said", { event: "said", text: 7 })).toThrow(HarnessFault);
  });

  it.each([
    ["an invalid one", "say", { cmd: "say" }],
    ["one under another name", "ping", { cmd: "say", text: "a" }],
  ])("and %s is a fault of the kit", (_what, name, payload) => {
    expect(() => judge.frameOf(name, payload)).toThrow(HarnessFault);
  });

  it("puts a Socket.IO payload beside its event name", () => {
    const endpoint = inlineEndpoint({
      commands: { talk: { type: "object" } },
      receive: "$event",
      protocol: { transport: "socket.io" },
    });
    const { frameOf } = createJudge(sampleContract(endpoint), endpoint);
    expect(frameOf("talk", { text: "a" })).toBe('["talk",{"text":"a"}]');
  });
});

describe("a refusal", () => {
  it.each([
    ["invalid-payload", "payload"],
    ["illegal-state", "state"],
    ["not-found", "other"],
    [7, "other"],
  ])("with the code %j is about the %s", (code, kind) => {
    expect(judge.refusalOf(["error"], { code })).toEqual({ class: kind, code });
  });

  it("is no other event, nor one that its condition leaves out", () => {
    expect(judge.refusalOf(["said"], { code: "invalid-payload" })).toBeUndefined();
    const { reject } = sampleEndpoint.protocol;
    if (reject === undefined) throw new Error("The sample declares `reject`.");
    const conditional = {
      ...sampleEndpoint,
      protocol: { ...sampleEndpoint.protocol, reject: { ...reject, when: { "/code": ["illegal-state"] } } },
    };
    const { refusalOf } = createJudge(sampleContract(conditional), conditional);
    expect(refusalOf(["error"], { code: "internal" })).toBeUndefined();
    expect(refusalOf(["error"], { code: "illegal-state" })?.class).toBe("state");
  });
});
