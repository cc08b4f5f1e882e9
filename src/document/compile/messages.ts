/** One message: its payload, what traits add to it, its examples, its correlation id. */

import type { Example, Message } from "../../contract/contract.js";
import { isObject, memberOf } from "../../contract/pointer.js";
import { entriesAt, follow, listAt, memberAt, type Place } from "../place.js";
import { type Compilation, placed } from "./context.js";
import { booleanAt, present, textAt } from "./fields.js";
import type { Root } from "./schemas.js";

/** A message with all but its name, which depends on the others of its endpoint. */
export interface MessageDraft {
  /** The AsyncAPI `name`, which names a message on the wire where its payload has no constant. */
  readonly declaredName?: string;
  finish(name: string): Message;
}

/** Reads the message at a place; schemas are taken up now, so that recursion between messages is seen. */
export function readMessage(compilation: Compilation, place: Place): MessageDraft {
  const message = follow(place);
  const field = (key: string) => fieldOf(compilation, message, key);
  const payload = payloadPlace(message);
  const root: Root | undefined = payload === undefined ? undefined : compilation.schemas.add(payload);
  const declaredName = textAt(field("name"));
  const contentType = textAt(field("contentType")) ?? textAt(compilation.root, "defaultContentType");
  const binary = isBinary(contentType, payload);
  return {
    ...(declaredName === undefined ? {} : { declaredName }),
    finish: (name) =>
      placed(compilation, message, {
        name,
        ...present<Message>({
          title: textAt(field("title")),
          summary: textAt(field("summary")),
          description: textAt(field("description")),
          deprecated: booleanAt(field("deprecated")),
          correlation: correlationOf(field("correlationId")),
          hot: booleanAt(field("x-ws-hot")),
          binary: binary ? true : undefined,
        }),
        payload: root?.finish() ?? true,
        examples: examplesOf(compilation, field("examples")),
        source: { file: message.file.name, line: message.file.position(message.path).line },
      }),
  };
}

/** A field of a message, its traits applied. */
export function fieldOf(
  compilation: Pick<Compilation, "traitsOverride">,
  message: Place,
  key: string,
): Place | undefined {
  const own = memberAt(message, key);
  if (own !== undefined && !compilation.traitsOverride) return own;
  // Of several traits the last wins: each is merged over what came before.
  const traits = listAt(memberAt(message, "traits")).reverse();
  for (const trait of traits) {
    const found = memberAt(trait, key);
    if (found !== undefined) return found;
  }
  return own;
}

/** Where the schema of a payload stands; undefined when there is none, or one that is no JSON Schema. */
export function payloadPlace(message: Place): Place | undefined {
  const payload = memberAt(message, "payload");
  if (payload === undefined) return undefined;
  const wrapped = memberAt(payload, "schemaFormat") === undefined ? undefined : memberAt(payload, "schema");
  if (!isJsonSchemaFormat(schemaFormatOf(message))) return undefined;
  const schema = wrapped ?? payload;
  const { value } = follow(schema);
  return isObject(value) || typeof value === "boolean" ? schema : undefined;
}

/** The `schemaFormat` that a message names: of its payload (3.x), or beside it (2.x). */
export function schemaFormatOf(message: Place): string | undefined {
  return textAt(message, "payload", "schemaFormat") ?? textAt(message, "schemaFormat");
}

/** True for draft-07 and for AsyncAPI's own superset of it. */
export function isJsonSchemaFormat(format: string | undefined): boolean {
  if (format === undefined) return true;
  const compact = format.toLowerCase().replaceAll(" ", "");
  return /^application\/(vnd\.aai\.asyncapi(\+json|\+yaml)?(;.*)?|schema(\+json|\+yaml)?(;version=draft-0?7)?)$/.test(
    compact,
  );
}

/** True when a message is not JSON text. `text/*` is no proof: people leave it at the default. */
function isBinary(contentType: string | undefined, payload: Place | undefined): boolean {
  if (contentType !== undefined) {
    const type = contentType.toLowerCase();
    if (/^(audio|video|image|font)\//.test(type)) return true;
    if (/octet-stream|protobuf|x-proto|msgpack|avro|cbor|bson/.test(type) && !type.includes("json"))
      return true;
  }
  const schema = payload === undefined ? undefined : follow(payload).value;
  return memberOf(schema, "type") === "string" && memberOf(schema, "format") === "binary";
}

/** Where the correlation id stands in the payload; one in the headers is none of ours: frames have no headers. */
function correlationOf(place: Place | undefined): string | undefined {
  const location = textAt(place, "location");
  const [, pointer] = /^\$message\.payload#(\/.*)$/.exec(location ?? "") ?? [];
  return pointer;
}

function examplesOf(compilation: Compilation, place: Place | undefined): Example[] {
  return entriesAt(place).flatMap(([, example]) => {
    const payload = memberAt(example, "payload");
    if (payload === undefined) return [];
    const at = follow(payload);
    const found: Example = {
      ...present<Example>({
        name: textAt(example, "name"),
        summary: textAt(example, "summary"),
      }),
      // What the YAML and JSON readers give is JSON data.
      payload: at.value as Example["payload"],
      source: { file: payload.file.name, line: payload.file.position(payload.path).line },
    };
    return [placed(compilation, payload, found)];
  });
}
