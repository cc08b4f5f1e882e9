import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint, Json } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import { createJudge, type Judge } from "../judge.js";
import { sampleContract } from "../test-subject.js";
import { commandSource, identifiersOf, PLACEHOLDERS, personalise } from "./commands.js";

const PLANS = ["short", "long", "flood"];

/** Jobs under a key that the kit invents, of plans that only the document knows. */
const endpoint: Endpoint = {
  ...inlineEndpoint({
    receive: "/cmd",
    commands: {
      run: {
        type: "object",
        properties: {
          cmd: { const: "run" },
          job: { type: "string", format: "uuid" },
          plan: { type: "string" },
        },
        required: ["cmd", "job", "plan"],
      },
      stop: {
        type: "object",
        properties: { cmd: { const: "stop" }, job: { type: "string", format: "uuid" } },
        required: ["cmd", "job"],
      },
      orphan: {
        type: "object",
        properties: { cmd: { const: "orphan" }, plan: { type: "integer" } },
        required: ["cmd", "plan"],
      },
    },
    events: { done: { type: "object" } },
    lifecycles: [
      {
        name: "job",
        scope: { key: "/job" },
        transitions: [
          { from: ["idle"], on: ["run"], to: "running" },
          { from: ["running"], on: ["stop"], to: "idle" },
          { from: ["running"], on: ["done"], to: "idle" },
        ],
      },
    ],
  }),
  exchanges: {
    domain: ["/plan"],
    list: PLANS.map((plan) => ({
      name: plan,
      tags: plan === "flood" ? ["bulk" as const] : [],
      steps: [{ send: { message: "run", payload: { cmd: "run", job: "$uuid", plan } } }],
      expect: [],
      ordered: false,
    })),
  },
};
const judge: Judge = createJudge(sampleContract(endpoint), endpoint);
const source = commandSource(judge, 1);
const fieldOf = (payload: Json, key: string): unknown =>
  typeof payload === "object" && payload !== null
    ? Object.entries(payload).find(([name]) => name === key)?.[1]
    : undefined;

describe("the commands that the kit makes", () => {
  it("are valid, and about nothing but what it invented or the document names", () => {
    fc.assert(
      fc.property(source.payloads("run"), (payload) => {
        expect(() => judge.frameOf("run", payload)).not.toThrow();
        expect(PLACEHOLDERS).toContain(fieldOf(payload, "job"));
        expect(["short", "long"]).toContain(fieldOf(payload, "plan"));
      }),
      { numRuns: 200 },
    );
  });

  it("leave a flood to the row that asks for one", () => {
    expect(JSON.stringify(source.variants("run"))).not.toContain("flood");
  });

  it("begin with what exchanges send", () => {
    expect(source.variants("run")[0]?.payload).toEqual({ cmd: "run", job: PLACEHOLDERS[0], plan: "short" });
  });

  it("do not include one whose domain values the document does not give", () => {
    expect(source.names).toEqual(["run", "stop"]);
    expect(() => source.payloads("orphan")).toThrow(RangeError);
  });

  it("are the same under one seed, and made once a run", () => {
    expect(commandSource(judge, 1)).toBe(source);
    const again = commandSource(createJudge(sampleContract(endpoint), endpoint), 1);
    expect(again.variants("stop")).toEqual(source.variants("stop"));
  });
});

describe("identifiers", () => {
  it("stand in a case where placeholders stood, and nowhere else", () => {
    const identifiers = identifiersOf("3f0c1c3e-3b5e-4a53-9f1c-1d2e3f405060");
    expect(identifiers[0]).not.toBe(identifiers[1]);
    const payload = {
      a: [PLACEHOLDERS[0], { b: PLACEHOLDERS[1] }],
      text: `not ${PLACEHOLDERS[0]}`,
      n: 1,
      z: null,
    };
    expect(personalise(payload, identifiers)).toEqual({
      a: [identifiers[0], { b: identifiers[1] }],
      text: `not ${PLACEHOLDERS[0]}`,
      n: 1,
      z: null,
    });
  });

  it("are as valid as the placeholders", () => {
    fc.assert(
      fc.property(source.payloads("stop"), fc.uuid({ version: 4 }), (payload, identity) => {
        const own = personalise(payload, identifiersOf(identity));
        expect(() => judge.frameOf("stop", own)).not.toThrow();
      }),
    );
  });
});
