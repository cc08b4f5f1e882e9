/** Turns an AsyncAPI 2.x document into 3.0 by the official converter, and keeps names and positions of the original. */

import { basename, dirname, relative, sep } from "node:path";
import { isObject, memberOf } from "../contract/pointer.js";
import type { Finding, Position } from "./finding.js";
import { findingAt, follow, memberAt, type Place, parseRef, refOf, rootOf } from "./place.js";
import type { SourceFile } from "./source.js";

type Json = { [key: string]: unknown };

/** A document in the shape of AsyncAPI 3. */
export interface Converted {
  readonly file: SourceFile;
  /** Names of messages that had to be given another key, by `channel/key`. */
  readonly names: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** The document as AsyncAPI 3: itself, or its conversion. */
export async function asVersion3(main: SourceFile): Promise<Converted> {
  const version = isObject(main.root) ? String(main.root["asyncapi"]) : "";
  if (!version.startsWith("2.")) return { file: main, names: new Map(), findings: [] };

  const { convert } = await import("@asyncapi/converter");
  const naming = new Naming(main);
  try {
    const converted: unknown = convert(prepare(main, version), "3.0.0", {
      v2tov3: { idGenerator: (data) => naming.idFor(data) },
    });
    emptyOperations(main, converted, naming.origins);
    return { file: withOrigins(main, converted, naming.origins), names: naming.names, findings: [] };
  } catch (error) {
    // The converter takes a valid document for granted, security schemes that exist among other things.
    const why = error instanceof Error ? error.message : String(error);
    const mend = "Correct what the official diagnostics name, or raise the document to AsyncAPI 3.1 by hand.";
    return {
      file: main,
      names: new Map(),
      findings: [
        findingAt(rootOf(main), "document", "error", `AsyncAPI ${version} could not be read: ${why}`, mend),
      ],
    };
  }
}

/** A copy of the document that the converter can take: what it would leave out or warn about is spelled out. */
function prepare(main: SourceFile, version: string): { asyncapi: string } & Json {
  // A copy without shared parts: the converter changes what it is given, and a YAML alias shares.
  const root: unknown = JSON.parse(JSON.stringify(main.root));
  const document = objectOf(root);
  const channels = objectOf(document["channels"]);
  for (const [address, channel] of Object.entries(channels)) {
    const place = memberAt(rootOf(main), "channels", address);
    if (place === undefined) continue;
    // The converter leaves a channel behind a `$ref` as it is; then it would stay in the old shape.
    if (refOf(channel) !== undefined) channels[address] = inlined(main, place);
    const here = channels[address];
    if (!isObject(here)) continue;
    for (const kind of ["publish", "subscribe"]) {
      const operation = here[kind];
      const message = memberAt(place, kind, "message");
      if (!isObject(operation) || message === undefined || refOf(message.value) === undefined) continue;
      if (memberAt(message, "oneOf") !== undefined) operation["message"] = inlined(main, message);
    }
    prepareParameters(here["parameters"], memberAt(place, "parameters"));
  }
  const components = document["components"];
  if (isObject(components)) {
    prepareParameters(components["parameters"], memberAt(rootOf(main), "components", "parameters"));
  }
  return { ...document, asyncapi: `${version.split(".").slice(0, 2).join(".")}.0` };
}

/** In 3.0 an operation without a list means all messages of its channel; in 2.x one without messages means none. */
function emptyOperations(
  main: SourceFile,
  converted: unknown,
  origins: ReadonlyMap<string, readonly string[]>,
): void {
  for (const [id, operation] of Object.entries(objectOf(memberOf(converted, "operations")))) {
    const origin = origins.get(["operations", id].join("\0"));
    if (origin === undefined || !isObject(operation) || operation["messages"] !== undefined) continue;
    const message = memberAt(rootOf(main), ...origin, "message");
    const oneOf = memberAt(message, "oneOf")?.value;
    if (message === undefined || (Array.isArray(oneOf) && oneOf.length === 0)) operation["messages"] = [];
  }
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A parameter keeps what AsyncAPI 3 can say of it; the converter prints a warning about anything else. */
function prepareParameters(parameters: unknown, place: Place | undefined): void {
  if (!isObject(parameters)) return;
  for (const [name, parameter] of Object.entries(parameters)) {
    if (!isObject(parameter) || !("schema" in parameter)) continue;
    const schema = memberAt(place, name, "schema");
    const value = schema === undefined ? undefined : follow(schema).value;
    const kept = ["enum", "const", "default", "examples", "description"];
    parameter["schema"] = isObject(value)
      ? Object.fromEntries(Object.entries(value).filter(([keyword]) => kept.includes(keyword)))
      : {};
  }
}

/** What a `$ref` names, with its own relative `$ref`s rewritten for the document. */
function inlined(main: SourceFile, place: Place): unknown {
  const target = follow(place);
  const rebase = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rebase);
    if (!isObject(value)) return value;
    const ref = refOf(value);
    if (ref === undefined) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, rebase(v)]));
    const parsed = parseRef(target.file.path, ref);
    if (parsed.kind !== "place") return value;
    const hash = ref.includes("#") ? ref.slice(ref.indexOf("#")) : "";
    if (parsed.file === main.path) return { $ref: hash };
    return { $ref: `${relative(dirname(main.path), parsed.file).split(sep).join("/")}${hash}` };
  };
  return rebase(target.value);
}

interface IdRequest {
  readonly kind: "channel" | "operation" | "message";
  readonly key: string | number | undefined;
  readonly path: readonly (string | number)[];
  readonly object: unknown;
  readonly parentId?: string;
}

/** Keys for what AsyncAPI 3 names and 2.x does not, and where each stood. */
class Naming {
  readonly names = new Map<string, string>();
  /** Original path by converted path, both joined. */
  readonly origins = new Map<string, readonly string[]>();
  private readonly channels = new Map<string, string>();
  private readonly operations = new Set<string>();
  /** By `channel/key`: what the key stands for. */
  private readonly messages = new Map<string, string>();

  constructor(private readonly main: SourceFile) {}

  idFor(request: IdRequest): string {
    const path = request.path.map(String);
    if (request.kind === "channel") {
      const chosen = memberOf(request.object, "x-channelId");
      const id = typeof chosen === "string" ? chosen : String(request.key);
      this.channels.set(path.join("\0"), id);
      this.origins.set(["channels", id].join("\0"), path);
      return id;
    }
    if (request.kind === "operation") {
      const declared = memberOf(request.object, "operationId");
      const kind = String(request.key);
      const id = unused(
        typeof declared === "string" ? declared : `${request.parentId}.${kind}`,
        this.operations,
      );
      this.operations.add(id);
      this.origins.set(["operations", id].join("\0"), [...path, kind]);
      return id;
    }
    return this.messageId(request.object, path);
  }

  private messageId(message: unknown, path: string[]): string {
    const at = path.indexOf("channels");
    const channel = this.channels.get(path.slice(0, at + 2).join("\0")) ?? String(path[at + 1]);
    const meaning = refOf(message) ?? path.join("/");
    const name = messageName(memberAt(rootOf(this.main), ...path), message) ?? anonymousName(path);
    let id = name;
    // One key may serve both directions only when both mean the same message.
    for (let n = 2; (this.messages.get(`${channel}/${id}`) ?? meaning) !== meaning; n++) id = `${name}${n}`;
    this.messages.set(`${channel}/${id}`, meaning);
    if (id !== name) this.names.set(`${channel}/${id}`, name);
    this.origins.set(["channels", channel, "messages", id].join("\0"), path);
    return id;
  }
}

/** The name of a 2.x message: of the component that is referred to, else what the message calls itself. */
function messageName(place: Place | undefined, message: unknown): string | undefined {
  const ref = refOf(message);
  if (ref !== undefined) {
    const own = place === undefined ? undefined : memberOf(follow(place).value, "messageId");
    if (typeof own === "string") return own;
    return lastPartOf(ref);
  }
  for (const key of ["messageId", "name", "title"]) {
    const value = memberOf(message, key);
    if (typeof value === "string" && value !== "") return value;
  }
  const payload = memberOf(message, "payload");
  const payloadRef = refOf(payload);
  if (payloadRef !== undefined) return lastPartOf(payloadRef);
  const title = memberOf(payload, "title");
  return typeof title === "string" && title !== "" ? title : constantOf(payload);
}

/** The last part of a `$ref`: of its pointer, else the name of the file. */
export function lastPartOf(ref: string): string {
  const [address = "", fragment = ""] = ref.split("#");
  const last = fragment.split("/").pop() ?? "";
  const part = last === "" ? basename(address).replace(/(\.(message|schema))?\.[^.]+$/, "") : last;
  return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
}

/** An anonymous message is called what it says on the wire: the first field that can hold one string only. */
function constantOf(payload: unknown): string | undefined {
  const properties = memberOf(payload, "properties");
  for (const property of isObject(properties) ? Object.values(properties) : []) {
    const [constant, values] = [memberOf(property, "const"), memberOf(property, "enum")];
    if (typeof constant === "string") return constant;
    if (Array.isArray(values) && values.length === 1 && typeof values[0] === "string") return values[0];
  }
  return undefined;
}

function anonymousName(path: readonly string[]): string {
  const kind = path[path.indexOf("message") - 1] ?? "";
  const index = path.at(-1);
  return `${kind}Message${index === "message" ? "" : Number(index) + 1}`;
}

function unused(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${n}`;
  return free;
}

/** The converted document as a file whose positions are those of the original text. */
function withOrigins(
  main: SourceFile,
  root: unknown,
  origins: ReadonlyMap<string, readonly string[]>,
): SourceFile {
  const position = (path: readonly string[]): Position => {
    for (let length = path.length; length > 0; length--) {
      const origin = origins.get(path.slice(0, length).join("\0"));
      if (origin !== undefined) return main.position([...origin, ...inOriginal(path.slice(length))]);
    }
    return main.position(inOriginal(path));
  };
  return { ...main, root, position };
}

/** 3.0 wraps a payload of another schema format in `schema`; 2.x does not. */
function inOriginal(path: readonly string[]): string[] {
  const at = path.indexOf("payload");
  return at >= 0 && path[at + 1] === "schema" ? path.filter((_, index) => index !== at + 1) : [...path];
}
