import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ROOT } from "../../test/requirement.js";
import { DocumentError } from "./finding.js";
import { lintDocument } from "./lint.js";
import { loadContract } from "./load.js";
import { readContract } from "./read-contract.js";
import { channelText, object, writeDocument } from "./test-support/documents.js";

describe("the project's own document", () => {
  const document = join(ROOT, "asyncapi.yaml");

  it("gives lint nothing to object to: it names crossings, which refusals answer", async () => {
    const { findings } = await lintDocument(document);
    const said = findings.map(({ rule, severity, message }) => [
      rule,
      severity,
      message.split(" can pass")[0],
    ]);
    expect(said).toEqual([
      ["crossing", "info", "`user_input` and `execution:completed` of `session`"],
      ["crossing", "info", "`user_input` and `execution:paused` of `session`"],
      ["crossing", "info", "`pause_session` and `execution:completed` of `session`"],
      ["crossing", "info", "`pause_session` and `execution:paused` of `session`"],
      ["crossing", "info", "`resume_session` and `execution:completed` of `session`"],
      ["crossing", "info", '`pause` and `session.update {/data/status: "completed"}` of `subscription`'],
      ["crossing", "info", '`stop` and `session.update {/data/status: "completed"}` of `subscription`'],
    ]);
  });

  it("compiles to a whole contract that depends on nothing but its text", async () => {
    const contract = await loadContract(document);
    expect(readContract(JSON.stringify(contract))).toEqual(contract);
    expect(contract.endpoints).toHaveLength(5);
    expect(JSON.stringify(contract)).not.toContain("x-parser");

    const folder = mkdtempSync(join(tmpdir(), "wireproof-document-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(document, join(folder, "asyncapi.yaml"));
    cpSync(join(ROOT, "schemas"), join(folder, "schemas"), { recursive: true });
    expect(JSON.stringify(await loadContract(join(folder, "asyncapi.yaml")))).toBe(JSON.stringify(contract));
  });

  it("has two examples a message, of which lint proves that they are valid", async () => {
    const contract = await loadContract(document);
    for (const { commands, events } of contract.endpoints) {
      for (const { name, examples } of [...commands, ...events])
        expect([name, examples.length >= 2]).toEqual([name, true]);
    }
  });

  it("has every message reference of its extensions resolved to a name", async () => {
    const contract = await loadContract(document);
    for (const endpoint of contract.endpoints) {
      const names = new Set([...endpoint.commands, ...endpoint.events].map((message) => message.name));
      const used = endpoint.lifecycles.flatMap((lifecycle) => [
        ...lifecycle.queued,
        ...lifecycle.transitions.flatMap((transition) => transition.on.filter((name) => name !== "$other")),
      ]);
      expect(used.filter((name) => !names.has(name))).toEqual([]);
      expect(endpoint.protocol.reject === undefined || names.has(endpoint.protocol.reject.message)).toBe(
        true,
      );
    }
  });
});

describe("a document that cannot be used", () => {
  const refusal = async (files: string | Record<string, string>): Promise<DocumentError> => {
    try {
      await loadContract(writeDocument(files));
    } catch (error) {
      if (error instanceof DocumentError) return error;
      throw error;
    }
    throw new Error("It was taken.");
  };

  it("is refused with what the official parser says, at file and line", async () => {
    const error = await refusal(channelText({ document: { info: { title: "No version" } } }));
    expect(error.diagnostics).toContainEqual(
      expect.objectContaining({ severity: "error", line: 2, message: expect.stringContaining("version") }),
    );
    expect(error.message).toMatch(/asyncapi\.yaml:2:1 error /);
  });

  it("is refused at the line of the file that is at fault", async () => {
    const error = await refusal({
      "asyncapi.yaml": channelText({ events: { tell: { $ref: "parts/tell.yaml" } } }),
      "parts/tell.yaml": "title: Tell\ntype: object\nproperties:\n  at:\n    type: strin\n",
    });
    expect(
      error.diagnostics.map(({ file, line }) => `${file.split("/").slice(-2).join("/")}:${line}`),
    ).toContain("parts/tell.yaml:5");
  });

  it("is refused when no channel of it is for WebSocket", async () => {
    const text = channelText({ document: { servers: { broker: { host: "localhost", protocol: "kafka" } } } });
    expect((await refusal(text)).message).toContain("no channel for WebSocket");
  });

  it("is refused when an extension is malformed, at its line", async () => {
    const text = channelText({
      extensions: { "x-ws-reconnect": { strategy: "hope", initialDelayMs: 1, maxDelayMs: 2 } },
    });
    const line = text.split("\n").findIndex((one) => one.includes("strategy: hope")) + 1;
    expect((await refusal(text)).diagnostics).toMatchObject([
      { rule: "extension", line, message: expect.stringContaining('"exponential","linear"') },
    ]);
  });
});

it("a document written from the client's side is turned round", async () => {
  const path = writeDocument(
    channelText({
      commands: { mine: object({ cmd: { const: "mine" } }) },
      events: { theirs: object({ kind: { const: "theirs" } }) },
      extensions: {
        "x-ws-protocol": {
          discriminator: { send: "kind", receive: "cmd" },
          unknown: { send: "ignore", receive: "error" },
        },
      },
    }),
  );
  const [server, client] = [await loadContract(path), await loadContract(path, { perspective: "client" })];
  const names = (contract: typeof server) =>
    contract.endpoints.map(({ commands, events }) => [commands[0]?.name, events[0]?.name]);
  expect(names(server)).toEqual([["mine", "theirs"]]);
  expect(names(client)).toEqual([["theirs", "mine"]]);
  expect(server.endpoints[0]?.protocol).toMatchObject({
    send: { fields: ["/kind"] },
    unknown: { send: "ignore" },
  });
  expect(client.endpoints[0]?.protocol).toMatchObject({
    receive: { fields: ["/kind"] },
    unknown: { send: "error" },
  });
  expect([server.perspective, client.perspective]).toEqual(["server", "client"]);
});
