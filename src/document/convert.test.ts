import { describe, expect, it, vi } from "vitest";
import type { Contract } from "../contract/contract.js";
import { compileDocument, writeDocument } from "./test-support/documents.js";

const head = (version: string) => `asyncapi: ${version}
info: { title: Old, version: '1' }
servers:
  here: { url: 'ws://localhost:{port}/base', protocol: ws, variables: { port: { default: '8080' } }, security: [{ key: [] }] }
`;
const tail = `components:
  securitySchemes:
    key: { type: httpApiKey, name: token, in: query }
  messages:
    hello: { payload: { type: object, properties: { kind: { const: hello } } } }
    both: { messageId: shared, payload: { type: object, properties: { kind: { const: both } } } }
`;

const names = (contract: Contract) => {
  const [endpoint] = contract.endpoints;
  return {
    commands: endpoint?.commands.map((message) => message.name),
    events: endpoint?.events.map((message) => message.name),
  };
};

describe.each(["2.0.0", "2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0", "2.6.0"])("AsyncAPI %s", (version) => {
  it("is read: what clients publish is a command, what they subscribe to an event", async () => {
    const text = `${head(version)}channels:
  /chat:
    publish: { message: { $ref: '#/components/messages/hello' } }
    subscribe: { message: { oneOf: [{ $ref: '#/components/messages/hello' }, { $ref: '#/components/messages/both' }] } }
${tail.replace("messageId: shared, ", "")}`;
    const contract = await compileDocument(writeDocument(text));
    expect(contract.asyncapi).toBe(version);
    expect(names(contract)).toEqual({ commands: ["hello"], events: ["hello", "both"] });
    expect(contract.endpoints[0]).toMatchObject({
      name: "/chat",
      address: "/chat",
      servers: [{ name: "here", url: "ws://localhost:8080/base" }],
      security: [{ name: "key", type: "httpApiKey", in: "query", parameter: "token" }],
    });
  });
});

describe("a message of 2.x is called", () => {
  const events = async (oneOf: string, more = "") => {
    const text = `${head("2.6.0")}channels:\n  /:\n    subscribe:\n      message: { oneOf: [${oneOf}] }\n${tail}${more}`;
    return names(
      await compileDocument(writeDocument({ "a.yaml": text, "far.yaml": "payload: { type: object }\n" })),
    ).events;
  };

  it.each([
    ["as the component that is referred to", "{ $ref: '#/components/messages/hello' }", ["hello"]],
    ["as its messageId", "{ $ref: '#/components/messages/both' }", ["shared"]],
    ["as the file that is referred to", "{ $ref: './far.yaml' }", ["far"]],
    ["as its name", "{ name: own, payload: {} }", ["own"]],
    ["as its title", "{ title: Own title, payload: {} }", ["Own title"]],
    ["as its payload's schema", "{ payload: { $ref: '#/components/schemas/Thing' } }", ["Thing"]],
    ["as what it says on the wire", "{ payload: { properties: { t: { enum: [beat] } } } }", ["beat"]],
    [
      "by number, when nothing names it",
      "{ payload: { type: object } }, { payload: { type: array } }",
      ["subscribeMessage1", "subscribeMessage2"],
    ],
    [
      "by its name and a number, when two share it",
      "{ name: own, payload: {} }, { name: own, payload: { type: array } }",
      ["own", "/.own"],
    ],
  ])("%s", async (_, oneOf, expected) => {
    expect(await events(oneOf, "  schemas:\n    Thing: { type: object }\n")).toEqual(expected);
  });
});

it("two inline messages of one name keep it, each in its direction", async () => {
  const text = `${head("2.6.0")}channels:
  /:
    publish: { message: { name: beat, payload: { type: string } } }
    subscribe: { message: { name: beat, payload: { type: number } } }
${tail}`;
  const contract = await compileDocument(writeDocument(text));
  expect(names(contract)).toEqual({ commands: ["beat"], events: ["beat"] });
  expect(contract.endpoints[0]?.commands[0]?.payload).toEqual({ type: "string" });
  expect(contract.endpoints[0]?.events[0]?.payload).toEqual({ type: "number" });
});

it("messages and examples keep the lines of the original", async () => {
  const text = `${head("2.6.0")}channels:
  /:
    subscribe:
      message:
        oneOf:
          - $ref: '#/components/messages/hello'
          - payload: { type: number }
            examples:
              - payload: 7
${tail}`;
  const [endpoint] = (await compileDocument(writeDocument(text))).endpoints;
  const line = (part: string) => text.split("\n").findIndex((one) => one.includes(part)) + 1;
  expect(endpoint?.events[0]?.source).toEqual({ file: "asyncapi.yaml", line: line("    hello:") });
  expect(endpoint?.events[1]?.source).toEqual({
    file: "asyncapi.yaml",
    line: line("- payload: { type: number }"),
  });
  expect(endpoint?.events[1]?.examples).toMatchObject([
    { payload: 7, source: { line: line("- payload: 7") } },
  ]);
});

it("a channel behind a reference, a message list behind one, and a parameter's schema are read without a word", async () => {
  const said = vi.spyOn(console, "warn");
  const path = writeDocument({
    "main/asyncapi.yaml": `${head("2.6.0")}channels:\n  /room/{id}: { $ref: '../parts/room.yaml' }\n${tail}`,
    "parts/room.yaml": `parameters:
  id: { description: Which, schema: { $ref: './ids.yaml' } }
publish: { message: { $ref: './messages.yaml#/all' } }
`,
    "parts/ids.yaml": "{ type: string, minLength: 1, enum: [a, b] }",
    "parts/messages.yaml":
      "all: { oneOf: [{ $ref: '#/one' }, { $ref: '#/two' }] }\none: { payload: { const: 1 } }\ntwo: { payload: { const: 2 } }\n",
  });
  const contract = await compileDocument(path);
  expect(names(contract).commands).toEqual(["one", "two"]);
  expect(contract.endpoints[0]?.parameters).toEqual({ id: { description: "Which", enum: ["a", "b"] } });
  expect(said).not.toHaveBeenCalled();
  said.mockRestore();
});

it("in 2.x a trait overrides, in 3.x it does not", async () => {
  const old = `${head("2.6.0")}channels:
  /:
    subscribe:
      message: { name: m, summary: own, payload: {}, traits: [{ summary: first }, { summary: last, description: added }] }
${tail}`;
  const now = `asyncapi: 3.0.0
info: { title: New, version: '1' }
channels:
  c:
    messages:
      m: { summary: own, payload: {}, traits: [{ summary: first }, { summary: last, description: added }] }
operations:
  o: { action: send, channel: { $ref: '#/channels/c' } }
`;
  const summary = async (text: string) => {
    const message = (await compileDocument(writeDocument(text))).endpoints[0]?.events[0];
    return [message?.summary, message?.description];
  };
  expect(await summary(old)).toEqual(["last", "added"]);
  expect(await summary(now)).toEqual(["own", "added"]);
});

it("an operation without messages has none, whatever else its channel carries", async () => {
  const text = `${head("2.6.0")}channels:
  /:
    publish: { message: { $ref: '#/components/messages/hello' } }
    subscribe: { message: { oneOf: [] } }
${tail}`;
  expect(names(await compileDocument(writeDocument(text)))).toEqual({ commands: ["hello"], events: [] });
});
