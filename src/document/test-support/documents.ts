/** Documents for tests: written to a folder of their own, which is gone when the test ends. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";
import type { Contract, JsonSchema } from "../../contract/contract.js";
import { DocumentError, type Finding, hasErrors } from "../finding.js";
import { LINT_RULES } from "../lint/rules.js";
import { compileFiles } from "../read-document.js";
import { openDocument } from "../references.js";

/** Writes files, by relative path, and returns the path of the first. */
export function writeDocument(files: string | Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "wireproof-document-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const all = typeof files === "string" ? { "asyncapi.yaml": files } : files;
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(all)[0] ?? "");
}

/** Compiles a document that is known to be valid: the official parser, which takes most of the time, is not asked. */
export async function compileDocument(path: string): Promise<Contract> {
  const { main, files, findings } = await openDocument(path);
  const compiled = main === undefined ? undefined : await compileFiles(main, files, "server");
  const all = [...findings, ...(compiled?.findings ?? [])];
  if (compiled?.read === undefined || hasErrors(all)) throw new DocumentError(all);
  return compiled.read.contract;
}

/** What the compiler and the rules of our own say of a document; the official parser is not asked. */
export async function ownFindings(
  path: string,
  perspective: "server" | "client" = "server",
): Promise<Finding[]> {
  const { main, files, findings } = await openDocument(path);
  if (main === undefined) return [...findings];
  const { read, findings: said } = await compileFiles(main, files, perspective);
  return [
    ...findings,
    ...said,
    ...(read === undefined ? [] : LINT_RULES.flatMap((rule) => rule.check(read))),
  ];
}

/** What a test says of its channel `c`. */
export interface ChannelText {
  /** Payloads, or whole messages where a `payload` stands inside. */
  readonly commands?: Readonly<Record<string, JsonSchema | { readonly payload: JsonSchema }>>;
  readonly events?: Readonly<Record<string, JsonSchema | { readonly payload: JsonSchema }>>;
  /** `x-ws-*` of the channel; `ref("hello")` refers to a message. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Fields of the channel, of the document. */
  readonly channel?: Readonly<Record<string, unknown>>;
  readonly document?: Readonly<Record<string, unknown>>;
}

/** A reference to a message of channel `c`. */
export function ref(message: string): { $ref: string } {
  return { $ref: `#/channels/c/messages/${message}` };
}

/** The YAML of a document with one channel `c`; nothing in it trips a rule by itself. */
export function channelText(given: ChannelText): string {
  const commands = Object.entries(given.commands ?? { ask: object({ kind: { const: "ask" } }) });
  const events = Object.entries(given.events ?? { tell: object({ kind: { const: "tell" } }) });
  const messages = [...commands, ...events].map(([name, one]) => [
    name,
    typeof one === "object" && "payload" in one ? one : { payload: one },
  ]);
  const operation = (action: string, names: readonly (readonly [string, unknown])[]) => ({
    action,
    channel: { $ref: "#/channels/c" },
    messages: names.map(([name]) => ref(name)),
  });
  const document = {
    asyncapi: "3.1.0",
    info: { title: "Test", version: "1.0.0" },
    servers: { local: { host: "localhost", protocol: "ws" } },
    channels: {
      c: { address: "/c", messages: Object.fromEntries(messages), ...given.channel, ...given.extensions },
    },
    operations: { take: operation("receive", commands), give: operation("send", events) },
    ...given.document,
  };
  // Anchors would only stand where a test uses one object twice; lines are easier to count without.
  return stringify(document, { aliasDuplicateObjects: false });
}

/** An object schema whose properties are all required. */
export function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", required: Object.keys(properties), properties };
}
