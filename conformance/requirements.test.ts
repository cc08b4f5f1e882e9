import { describe, expect, it } from "vitest";
import type { Endpoint } from "../src/contract/contract.js";
import { clientChecks } from "./client/catalogue.js";
import { missingNeed, needText } from "./needs.js";
import { requirementOf, requirements } from "./requirements.js";
import { serverChecks } from "./server/catalogue.js";
import { sampleEndpoint } from "./test-subject.js";

// Ids are permanent: this list only ever grows.
const SERVER_IDS = [
  ...numbered("S-HS", 11),
  ...numbered("S-FR", 20),
  ...numbered("S-CD", 11),
  ...numbered("S-RR", 6),
  ...numbered("S-SM", 8),
  ...numbered("S-HB", 6),
  ...numbered("S-RC", 5),
  ...numbered("S-RB", 3),
  ...numbered("S-SE", 4),
];

const CLIENT_IDS = [
  ...numbered("C-HS", 7),
  ...numbered("C-FR", 9),
  ...numbered("C-CD", 7),
  ...numbered("C-RR", 5),
  ...numbered("C-SM", 4),
  ...numbered("C-HB", 7),
  ...numbered("C-RC", 11),
  ...numbered("C-RB", 2),
  ...numbered("C-SE", 2),
];

function numbered(family: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${family}-${String(index + 1).padStart(2, "0")}`);
}

describe("the catalogue", () => {
  it("holds each id once, and none is ever lost", () => {
    const ids = requirements.map(({ id }) => id);
    expect([...ids].sort()).toEqual([...SERVER_IDS, ...CLIENT_IDS].sort());
  });

  it("names the role of each row in its id", () => {
    for (const { id, role } of requirements) expect(id[0], id).toBe(role === "server" ? "S" : "C");
  });

  it("says each requirement in a title without and a sentence with a full stop", () => {
    for (const { id, title, sentence } of requirements) {
      expect(sentence, id).toMatch(/^[A-Z].*\.$/);
      expect(title, id).not.toMatch(/\.$/);
      expect(title.length, `${id}: a title fits a table`).toBeLessThanOrEqual(60);
    }
  });

  it.each(["server", "client"])("covers a case of the Autobahn suite in one row about a %s only", (role) => {
    const covered = requirements.flatMap((row) => (row.role === role ? (row.autobahn ?? []) : []));
    expect(covered.length).toBeGreaterThan(0);
    expect(new Set(covered).size).toBe(covered.length);
  });

  it("says of each row about clients, and of no other, how it is observed", () => {
    for (const { id, role, observes, hidden } of requirements) {
      expect(observes !== undefined, id).toBe(role === "client");
      if (role === "server") expect(hidden, id).toBeUndefined();
    }
  });

  it("hides two whole rows and a part of three from a page", () => {
    const inPages = requirements.filter(({ hidden }) => hidden?.in.includes("browser") === true);
    const ids = (part: boolean): string[] =>
      inPages.flatMap(({ id, hidden }) => ((hidden?.part === true) === part ? [id] : []));
    expect(ids(false)).toEqual(["C-RB-02", "C-SE-02"]);
    expect(ids(true)).toEqual(["C-HS-01", "C-HS-04", "C-FR-09"]);
  });

  it("finds a requirement by its id", () => {
    expect(requirementOf("S-FR-01")?.title).toBe("messages of every length form");
    expect(requirementOf("S-XX-99")).toBeUndefined();
  });

  it("says what a document would have to declare", () => {
    const heartbeat = requirementOf("S-HB-02");
    const { heartbeat: _, ...silent } = sampleEndpoint;
    if (heartbeat === undefined) throw new Error("S-HB-02 is gone");
    expect(missingNeed(heartbeat, sampleEndpoint)).toBeUndefined();
    expect(missingNeed(heartbeat, silent)).toBe("a heartbeat that the client initiates");
  });
});

describe("what a row about clients needs of the document", () => {
  const { protocol } = sampleEndpoint;
  const reconnect: NonNullable<Endpoint["reconnect"]> = {
    strategy: "exponential",
    initialDelayMs: 1000,
    factor: 2,
    maxDelayMs: 8000,
    jitter: 0,
    maxAttempts: null,
    onCleanClose: false,
    resetAfterMs: 0,
    connectTimeoutMs: 10_000,
    offline: "reject",
    restore: [],
  };
  const bare: Endpoint = {
    ...sampleEndpoint,
    lifecycles: [],
    protocol: { ...protocol, never: [], send: { ...protocol.send, origin: "inferred" } },
    heartbeat: { mode: "none" },
  };
  const told = { message: "said", field: "/text" };

  // A row, what is declared where it applies beside `bare`, and the need that is named where it is not declared.
  it.each<[string, Partial<Endpoint>, Parameters<typeof needText>[0]]>([
    ["C-RC-01", { reconnect }, "reconnect"],
    ["C-RC-03", { reconnect: { ...reconnect, resetAfterMs: 5 } }, "reset-after"],
    ["C-RC-07", { reconnect: { ...reconnect, maxAttempts: 0 } }, "max-attempts"],
    ["C-RC-08", { reconnect: { ...reconnect, jitter: "full" } }, "jitter"],
    ["C-RC-08", { reconnect: { ...reconnect, jitter: 0.1 } }, "jitter"],
    [
      "C-RC-09",
      { reconnect: { ...reconnect, restore: [{ lifecycle: "counting", in: ["counting"], by: "count" }] } },
      "restore",
    ],
    ["C-SM-01", { protocol: { ...bare.protocol, first: { message: "said", withinMs: 1 } } }, "opening"],
    [
      "C-SM-01",
      {
        lifecycles: sampleEndpoint.lifecycles.map((one) => ({
          ...one,
          transitions: [{ from: ["*", "idle"], on: ["said"], to: "open" }, ...one.transitions],
        })),
      },
      "opening",
    ],
    ["C-CD-07", { protocol: { ...protocol, never: ["type"] } }, "other-event-name"],
    ["C-CD-07", { protocol: { ...protocol, never: [] } }, "other-event-name"],
    [
      "C-HB-03",
      { heartbeat: { mode: "frame", initiator: "server", intervalMs: 1, timeoutMs: 1 } },
      "silence-bound",
    ],
    [
      "C-HB-07",
      { heartbeat: { mode: "application", initiator: "client", intervalMs: told } },
      "told-interval",
    ],
    ["C-HB-07", { heartbeat: { mode: "engine.io", initiator: "server" } }, "told-interval"],
  ])("%s applies where it is declared, and says what is not", (id, declared, need) => {
    const requirement = requirementOf(id);
    if (requirement === undefined) throw new Error(`${id} is gone`);
    expect(missingNeed(requirement, { ...bare, ...declared })).toBeUndefined();
    const without = need === "reconnect" ? bare : { ...bare, reconnect };
    expect(missingNeed(requirement, without)).toBe(needText(need));
  });
});

describe("the checks", () => {
  const checks = [...serverChecks, ...clientChecks];

  it("each decide one requirement, which exists", () => {
    const ids = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => requirementOf(id) === undefined)).toEqual([]);
  });

  it("are passive where their requirement is", () => {
    for (const check of checks) expect(check.passive, check.id).toBe(requirementOf(check.id)?.passive);
  });

  it("are there for every requirement but the reserved ones", () => {
    const built = new Set(checks.map(({ id }) => id));
    const due = requirements.filter(({ reserved }) => reserved !== true);
    expect(due.map(({ id }) => id).filter((id) => !built.has(id))).toEqual([]);
  });
});
