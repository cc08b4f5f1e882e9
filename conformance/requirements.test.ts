import { describe, expect, it } from "vitest";
import { missingNeed } from "./needs.js";
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

function numbered(family: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${family}-${String(index + 1).padStart(2, "0")}`);
}

describe("the catalogue", () => {
  it("holds each id once, and none is ever lost", () => {
    const ids = requirements.map(({ id }) => id);
    expect([...ids].sort()).toEqual([...SERVER_IDS].sort());
  });

  it("says each requirement in a title without and a sentence with a full stop", () => {
    for (const { id, title, sentence } of requirements) {
      expect(sentence, id).toMatch(/^[A-Z].*\.$/);
      expect(title, id).not.toMatch(/\.$/);
      expect(title.length, `${id}: a title fits a table`).toBeLessThanOrEqual(60);
    }
  });

  it("covers a case of the Autobahn suite in one row only", () => {
    const covered = requirements.flatMap(({ autobahn = [] }) => autobahn);
    expect(new Set(covered).size).toBe(covered.length);
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

describe("the checks", () => {
  it("each decide one requirement, which exists", () => {
    const ids = serverChecks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => requirementOf(id) === undefined)).toEqual([]);
  });

  it("are passive where their requirement is", () => {
    for (const check of serverChecks) {
      expect(check.passive, check.id).toBe(requirementOf(check.id)?.passive);
    }
  });
});
