/**
 * `asyncapi.yaml` itself: what it promises to whoever reads it, each promise beside a fault that breaks it.
 *
 * The file is read here as plain YAML, its payload and extension schemas by Ajv alone, so that nothing of our own
 * reader can hide a fault of the document.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createAjv } from "../src/contract/validate.js";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PATH = join(ROOT, "asyncapi.yaml");
const TEXT = readFileSync(PATH, "utf8");
const LARGEST = 9007199254740991;

type Json = null | boolean | number | string | Json[] | JsonObject;
interface JsonObject {
  [key: string]: Json;
}

interface ExampleCase {
  readonly message: string;
  readonly name: string;
  readonly schema: string;
  readonly payload: Json;
}

const document = object(parse(TEXT));
const channels = Object.entries(object(document["channels"])).map(([name, value]) => ({
  name,
  value: object(value),
}));
const messages = channels.flatMap((channel) =>
  Object.entries(object(channel.value["messages"])).map(([name, value]) => ({
    channel: channel.name,
    name,
    value: object(value),
    schema: String(object(object(value)["payload"])["$ref"]),
  })),
);
const operations = Object.values(object(document["operations"])).map(object);
const schemaFiles = channels.flatMap(({ name }) =>
  readdirSync(join(ROOT, "schemas", name)).map((file) => `./schemas/${name}/${file}`),
);

describe("asyncapi.yaml", () => {
  it("gives the official parser nothing to object to", async () => {
    expect(await diagnose(TEXT)).toEqual([]);
  });

  it("would not pass the official parser with a reference that leads nowhere", async () => {
    const broken = TEXT.replace("#/channels/answer/messages/query'", "#/channels/answer/messages/question'");
    expect(await diagnose(broken)).not.toEqual([]);
  });

  it("has five channels, and each of their messages is in an operation that exists", () => {
    expect(channels.map(({ name }) => name)).toEqual([
      "workflow",
      "tasks",
      "pipeline",
      "answer",
      "conversation",
    ]);
    const used = new Set(referencesIn(operations));
    const stated = messages.map(({ channel, name }) => `#/channels/${channel}/messages/${name}`);
    expect(stated.filter((reference) => !used.has(reference))).toEqual([]);
  });

  it("gives every message at least two named examples, one of them beyond ASCII", () => {
    expect(messages.flatMap(poorlyExemplified)).toEqual([]);
  });

  it("would not pass with a single plain example", () => {
    const message = {
      channel: "c",
      name: "m",
      schema: "",
      value: { examples: [{ name: "only", payload: {} }] },
    };
    expect(poorlyExemplified(message)).toEqual(["c/m: 1 example"]);
  });

  it.each(messages.flatMap(examplesOf))("accepts its example $name of $message", ({ schema, payload }) => {
    expect(payloadIssues(schema, payload)).toEqual([]);
  });

  it("refuses each example once a required field is taken from it or its name is changed", () => {
    const examples = messages.flatMap(examplesOf);
    const survivors = examples.flatMap((example) =>
      spoilt(example)
        .filter(({ payload }) => payloadIssues(example.schema, payload).length === 0)
        .map(({ what }) => `${example.message} ${example.name}: ${what}`),
    );
    expect(survivors).toEqual([]);
    expect(examples.flatMap(spoilt).length).toBeGreaterThan(examples.length);
  });
});

describe("the payload schemas", () => {
  it("are all used, and each message has one", () => {
    const used = new Set(schemaFiles.flatMap((file) => referencedFiles(file, readSchema(file))));
    for (const { schema } of messages) used.add(schema);
    expect([...used].sort()).toEqual([...schemaFiles].sort());
  });

  it("bound every integer to what every language reads alike", () => {
    expect(schemaFiles.flatMap((file) => unboundedIntegers(file, readSchema(file)))).toEqual([]);
  });

  it("would not pass with an integer that has no maximum", () => {
    expect(unboundedIntegers("x", { items: { type: ["integer", "null"] } })).toEqual(["x/items"]);
  });

  it("have titles that are type names, each once in its channel", () => {
    for (const { name } of channels) expect(titleFaults(titlesOf(name))).toEqual([]);
  });

  it("would not pass with a title twice, in lower case, or named like a global", () => {
    expect(titleFaults(["Ping", "Ping", "session data", "Error"])).toEqual(["Ping", "session data", "Error"]);
  });

  it("close every command, down to its nested data, and leave every event open", () => {
    for (const { channel, name, schema } of messages) {
      const root = readSchema(schema);
      const closed = object(root)["additionalProperties"] === false;
      expect([channel, name, closed]).toEqual([channel, name, isCommand(channel, name)]);
      const data = object(object(root)["properties"] ?? {})["data"];
      if (closed && data !== undefined && object(data)["$ref"] === undefined)
        expect(object(data)["additionalProperties"]).toBe(false);
    }
  });
});

describe("the extensions", () => {
  const ajv = createAjv();
  for (const file of readdirSync(join(ROOT, "schemas/extensions")))
    ajv.addSchema(object(JSON.parse(readFileSync(join(ROOT, "schemas/extensions", file), "utf8"))), file);

  const uses = extensionsIn(document);

  it.each(uses)("fit their schema: $name at $where", ({ name, value }) => {
    ajv.validate(`${name}.json`, value);
    expect(ajv.errors ?? []).toEqual([]);
  });

  it.each(uses)("would not fit it with a word that there is not: $name at $where", ({ name, value }) => {
    expect(ajv.validate(`${name}.json`, misspelt(value))).toBe(false);
  });

  it("are all described, and every description is used", () => {
    const described = readdirSync(join(ROOT, "schemas/extensions")).filter((file) => file.startsWith("x-"));
    expect(described.map((file) => file.replace(".json", "")).sort()).toEqual(
      [...new Set(uses.map(({ name }) => name))].sort(),
    );
  });

  it("name only messages of their own channel", () => {
    for (const { name, value } of channels) {
      const strangers = referencesIn(value).filter(
        (reference) => reference.startsWith("#/channels/") && !reference.startsWith(`#/channels/${name}/`),
      );
      expect([name, strangers]).toEqual([name, []]);
    }
  });

  it("send in their exchanges only what the schema of the command accepts", () => {
    const sends = channels.flatMap(({ value }) => sendsIn(object(value["x-ws-exchanges"] ?? { list: [] })));
    expect(sends.length).toBeGreaterThan(0);
    for (const { reference, payload } of sends) {
      const message = messages.find(
        ({ channel, name }) => reference === `#/channels/${channel}/messages/${name}`,
      );
      expect([reference, payloadIssues(message?.schema ?? "", filledIn(payload))]).toEqual([reference, []]);
    }
  });
});

describe("PROTOCOL.md", () => {
  const protocol = readFileSync(join(ROOT, "PROTOCOL.md"), "utf8");
  const anchors = [...protocol.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id ?? "");

  it("gives each anchor once, and has every one that it links to", () => {
    expect(new Set(anchors).size).toBe(anchors.length);
    const linked = [...protocol.matchAll(/\]\(#([^)]+)\)/g)].map(([, id]) => id ?? "");
    expect(linked.filter((id) => !anchors.includes(id))).toEqual([]);
  });

  it("gives every rule with a MUST an anchor", () => {
    const [, ...sections] = protocol.split(/^## /m);
    const bare = sections.flatMap((section) =>
      section
        .split(/\n(?=- |\n)/)
        .filter((part) => /\bMUST\b/.test(part) && !/^\s*- <a id="/.test(part))
        .map((part) => part.trim().slice(0, 60)),
    );
    expect(bare).toEqual([]);
  });

  it("has a section for each channel", () => {
    for (const { name } of channels) expect(anchors).toContain(name);
  });
});

async function diagnose(text: string): Promise<string[]> {
  const { diagnostics } = await new Parser().parse(text, { source: PATH });
  return diagnostics.map(({ code, message, range }) => `${range.start.line + 1}: ${code} ${message}`);
}

function object(value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`expected an object, got ${JSON.stringify(value)}`);
  // Every value here came out of a YAML or JSON parser, so an object is a JSON object.
  return value as JsonObject;
}

function children(value: Json): Json[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function referencesIn(value: Json): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = !Array.isArray(value) && typeof value["$ref"] === "string" ? [value["$ref"]] : [];
  return [...own, ...children(value).flatMap(referencesIn)];
}

function readSchema(file: string): Json {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8"));
}

function referencedFiles(file: string, schema: Json): string[] {
  return referencesIn(schema)
    .filter((reference) => !reference.startsWith("#"))
    .map((reference) => `./${posix.join(posix.dirname(file), reference.replace(/#.*$/, ""))}`);
}

let payloads: ReturnType<typeof createAjv> | undefined;

function payloadIssues(file: string, payload: Json): unknown[] {
  if (payloads === undefined) {
    payloads = createAjv();
    // A file's place is its base URI, so Ajv resolves relative references between the files by itself.
    for (const each of schemaFiles) payloads.addSchema(object(readSchema(each)), uriOf(each));
  }
  payloads.validate(uriOf(file), payload);
  return payloads.errors ?? [];
}

function uriOf(file: string): string {
  return new URL(file, "file:///document/").href;
}

function examplesOf({ channel, name, value, schema }: (typeof messages)[number]): ExampleCase[] {
  const examples = Array.isArray(value["examples"]) ? value["examples"].map(object) : [];
  return examples.map((example) => ({
    message: `${channel}/${name}`,
    name: String(example["name"]),
    schema,
    payload: example["payload"] ?? null,
  }));
}

/** Closed commands that hold nothing but names and uuids: there is no text in which an example could be rich. */
const WITHOUT_TEXT = new Set([
  "workflow/pause_session",
  "workflow/resume_session",
  "tasks/ping",
  "pipeline/ping",
  "pipeline/disconnect",
]);

function poorlyExemplified(message: (typeof messages)[number]): string[] {
  const examples = examplesOf(message);
  const at = `${message.channel}/${message.name}`;
  if (examples.length < 2) return [`${at}: ${examples.length} example`];
  if (new Set(examples.map(({ name }) => name)).size < examples.length) return [`${at}: a name twice`];
  const plain = examples.every(({ payload }) => /^[ -~]*$/.test(JSON.stringify(payload)));
  return plain && !WITHOUT_TEXT.has(at) ? [`${at}: nothing beyond ASCII`] : [];
}

/** The example with each of its schema's required fields removed, and with its naming constant changed. */
function spoilt({ schema, payload }: ExampleCase): { what: string; payload: Json }[] {
  const root = object(readSchema(schema));
  const required = Array.isArray(root["required"]) ? root["required"].map(String) : [];
  const properties = object(root["properties"] ?? {});
  const constant = Object.keys(properties).find(
    (key) => object(properties[key] ?? {})["const"] !== undefined,
  );
  const without = required.map((key) => {
    const { [key]: _, ...rest } = object(payload);
    return { what: `without ${key}`, payload: rest };
  });
  const renamed =
    constant === undefined
      ? []
      : [{ what: "renamed", payload: { ...object(payload), [constant]: "nobody" } }];
  return [...without, ...renamed];
}

function unboundedIntegers(at: string, schema: Json): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema))
    return schema.flatMap((each, index) => unboundedIntegers(`${at}/${index}`, each));
  const integer = [schema["type"]].flat().includes("integer");
  const own = integer && !(typeof schema["maximum"] === "number" && schema["maximum"] <= LARGEST) ? [at] : [];
  return [
    ...own,
    ...Object.entries(schema).flatMap(([key, each]) => unboundedIntegers(`${at}/${key}`, each)),
  ];
}

function titlesOf(channel: string): string[] {
  const files = schemaFiles.filter((file) => file.startsWith(`./schemas/${channel}/`));
  return files.flatMap((file) => titlesIn(readSchema(file)));
}

function titlesIn(schema: Json): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = !Array.isArray(schema) && typeof schema["title"] === "string" ? [schema["title"]] : [];
  return [...own, ...children(schema).flatMap(titlesIn)];
}

function titleFaults(titles: readonly string[]): string[] {
  return titles.filter(
    (title, index) =>
      titles.indexOf(title) < index || !/^[A-Z][A-Za-z0-9]*$/.test(title) || title === "Error",
  );
}

function isCommand(channel: string, name: string): boolean {
  const reference = `#/channels/${channel}/messages/${name}`;
  return operations.some(
    ({ action, messages: own }) => action === "receive" && referencesIn(own ?? []).includes(reference),
  );
}

function extensionsIn(value: Json, where = ""): { name: string; where: string; value: Json }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key.startsWith("x-ws-") ? [{ name: key, where, value: each }] : extensionsIn(each, `${where}/${key}`),
  );
}

/** The extension with a key that no extension has, in its first entry where it is a list. */
function misspelt(value: Json): Json {
  if (Array.isArray(value)) return value.map((each, index) => (index === 0 ? misspelt(each) : each));
  return typeof value === "object" && value !== null ? { ...value, "mis-spelt": true } : "mis-spelt";
}

function sendsIn(exchanges: JsonObject): { reference: string; payload: Json }[] {
  const list = Array.isArray(exchanges["list"]) ? exchanges["list"].map(object) : [];
  const steps = list.flatMap(({ steps }) => (Array.isArray(steps) ? steps.map(object) : []));
  return steps.flatMap(({ send }) =>
    send === undefined
      ? []
      : [
          {
            reference: referencesIn(object(send)["message"] ?? null)[0] ?? "",
            payload: object(send)["payload"] ?? null,
          },
        ],
  );
}

function filledIn(payload: Json): Json {
  if (payload === "$text") return "t".repeat(200);
  if (payload === "$uuid") return "0b2f6b8e-6c0a-4d36-9f4e-3a1d5c7e9f10";
  if (payload === "$int") return 7;
  if (Array.isArray(payload)) return payload.map(filledIn);
  if (typeof payload !== "object" || payload === null) return payload;
  return Object.fromEntries(Object.entries(payload).map(([key, each]) => [key, filledIn(each)]));
}
