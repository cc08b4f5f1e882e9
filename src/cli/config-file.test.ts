import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBaseline, readConfig } from "./config-file.js";

const folder = mkdtempSync(join(tmpdir(), "wireproof-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function file(text: string): string {
  count += 1;
  const path = join(folder, `${count}.yaml`);
  writeFileSync(path, text);
  return path;
}

describe("a configuration", () => {
  it("says who connects, how, and with which values", () => {
    const settings = readConfig(
      file(`
headers: { X-Tenant: acme }
query: { lang: en }
parameters: { room: [a, b], id: "7" }
subprotocol: chat.v1
origin: https://app.example
first: [ { auth: me }, plain text ]
payloads: { say: [ { text: hello } ] }
domain: { /data/workflow: [w-1] }
identities:
  - name: alice
    headers: { Authorization: Bearer a }
    owns: { /data/session: [s-1] }
  - { name: bob, query: { token: b } }
rejected: { expired: { query: { token: old } } }
`),
      {},
    );
    expect(settings).toMatchObject({
      headers: { "X-Tenant": "acme" },
      query: { lang: "en" },
      parameters: { room: ["a", "b"], id: ["7"] },
      subprotocols: ["chat.v1"],
      origin: "https://app.example",
      config: {
        identities: [
          {
            name: "alice",
            headers: { Authorization: "Bearer a" },
            first: ['{"auth":"me"}', "plain text"],
            owns: { "/data/session": ["s-1"] },
          },
          { name: "bob", query: { token: "b" } },
        ],
        rejected: { expired: { query: { token: "old" } } },
        payloads: { say: [{ text: "hello" }] },
        domain: { "/data/workflow": ["w-1"] },
      },
    });
  });

  it("may be empty, and JSON is YAML", () => {
    expect(readConfig(file(""), {}).config.identities).toEqual([]);
    expect(readConfig(file('{"headers":{"A":"b"}}'), {}).headers).toEqual({ A: "b" });
  });

  it("takes secrets from the environment, and knows them as secrets", () => {
    const settings = readConfig(
      file('headers: { Authorization: "Bearer ${API_TOKEN}", X: "$${LITERAL}" }\nsecrets: { pin: "4711" }'),
      { API_TOKEN: "abc123" },
    );
    expect(settings.headers).toEqual({ Authorization: "Bearer abc123", X: "${LITERAL}" });
    expect(settings.secrets).toEqual({ API_TOKEN: "abc123", pin: "4711" });
  });

  it.each([
    ["identities:\n  - nmae: alice", /:2:5 \/identities\/0\/name: the field `name` was expected/],
    ["headers: { A: 1 }", /:1:12 \/headers\/A: string was expected, not 1\. .*schemas\/config\.json/],
    ["header: {}", /:1:1 \/header: only .* was expected/],
    ["domain: { data: [1] }", /\/domain\/data: /],
    ['query: { t: "${NOWHERE}" }', /:1:\d+ \/query\/t: the environment has no variable NOWHERE/],
    ["headers: [", /\.yaml:\d+:\d+: /],
  ])("that is wrong is refused with file, line, pointer and what to do: %j", (text, said) => {
    expect(() => readConfig(file(text), {})).toThrow(said);
  });

  it("that is not there is said by name", () => {
    expect(() => readConfig("nowhere.yaml", {})).toThrow(
      "there is no file nowhere.yaml; name the config file",
    );
    expect(() => readConfig(folder, {})).toThrow("is a folder");
  });
});

describe("a baseline file", () => {
  const entry = { check: "S-FR-02", reason: "ws accepts it", expires: "2030-01-01" };

  it("is a list, or a list under `known`", () => {
    const listed = "- { check: S-FR-02, reason: ws accepts it, expires: 2030-01-01 }";
    expect(readBaseline(file(listed))).toEqual([entry]);
    expect(readBaseline(file(`known:\n  ${listed}`))).toEqual([entry]);
    expect(readBaseline(file(""))).toEqual([]);
  });

  it.each([
    ["- { check: S-FR-02 }", /\/0\/reason: the field `reason`/],
    ["- { check: frames, reason: x }", /\/0\/check: /],
    ["- { check: S-FR-02, reason: x, expires: soon }", /\/0\/expires: format date/],
  ])("that is wrong is refused: %j", (text, said) => {
    expect(() => readBaseline(file(text))).toThrow(said);
  });
});
