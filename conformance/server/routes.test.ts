import { describe, expect, it } from "vitest";
import type { Endpoint, Lifecycle } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import { routesTo, statesAlong, wantedCoverage } from "./routes.js";

/** Opened by a command, ready when the server says so, broken when it fails, mended by a command. */
const endpoint: Endpoint = inlineEndpoint({
  commands: { open: true, mend: true, leave: true, stop: true },
  events: { ready: true, broke: true, ended: true },
  lifecycles: [
    {
      name: "door",
      initial: "shut",
      transitions: [
        { from: ["shut"], on: ["open"], to: "opening" },
        { from: ["opening"], on: ["ready"], to: "open" },
        { from: ["opening", "open"], on: ["broke"], to: "broken" },
        { from: ["broken"], on: ["mend"], to: "opening" },
        { from: ["open"], on: ["stop"], to: "stopping" },
        { from: ["stopping"], on: ["ended"], to: "shut" },
        { from: ["open"], on: ["$other"], to: "stopping" },
        { from: ["shut"], on: ["leave"], to: "$closed" },
        { from: ["nowhere"], on: ["leave"], to: "=" },
      ],
      obligations: [
        { in: ["opening"], withinMs: 1000, rearm: false },
        { in: ["stopping"], withinMs: 1000, rearm: false },
      ],
    },
  ],
  endpoint: {
    exchanges: {
      domain: [],
      list: [
        {
          name: "open",
          tags: [],
          steps: [{ send: { message: "open", payload: {} } }, { await: { message: "ready" } }],
          expect: [],
          ordered: false,
        },
        {
          name: "flood",
          tags: ["bulk"],
          steps: [{ send: { message: "open", payload: {} } }],
          expect: [],
          ordered: false,
          until: { message: "broke" },
        },
      ],
    },
  },
});

const lifecycle = (): Lifecycle => {
  const [found] = endpoint.lifecycles;
  if (found === undefined) throw new Error("One lifecycle was given.");
  return found;
};

describe("what the document says of the ways of a lifecycle", () => {
  it("follows an exchange from state to state", () => {
    const [open] = endpoint.exchanges?.list ?? [];
    if (open === undefined) throw new Error("One exchange was given.");
    expect(statesAlong(endpoint, lifecycle(), open).map((states) => [...(states ?? [])])).toEqual([
      ["opening"],
      ["open"],
    ]);
  });

  it("takes the exchanges that lead to a state, and no flood", () => {
    const ways = (state: string) =>
      routesTo(endpoint, lifecycle(), state).map(({ exchange, steps }) => `${exchange.name} ${steps}`);
    expect(ways("open")).toEqual(["open 2"]);
    expect(ways("opening")).toEqual(["open 1"]);
    expect(ways("broken")).toEqual([]);
  });

  it("wants the states that the client's moves lead to, and each transition by a command that can be reached", () => {
    const [wanted] = wantedCoverage(endpoint);
    // Whether the server breaks is its own affair; that what is broken can be mended is not.
    expect([...(wanted?.states ?? [])].sort()).toEqual(["open", "opening", "shut", "stopping"]);
    expect(wanted?.transitions).toEqual([0, 3, 4, 7]);
  });
});
