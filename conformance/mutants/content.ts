/** Looks into the frames that a mutant alters, and writes them again. */

/** A JSON object. */
export type Fields = Record<string, unknown>;

/** True for text that is one JSON document. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The object in a frame, or undefined where there is none. */
export function objectIn(text: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A member of an object that is an object itself, else an empty one. */
export function memberOf(value: Fields | undefined, key: string): Fields {
  return fieldsOf(value?.[key]) ?? {};
}

function fieldsOf(value: unknown): Fields | undefined {
  // An object that is neither null nor an array has string keys.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A frame that is an object, with the member of it that holds the rest; what a rewrite gives goes on instead. */
export function rewritten(
  text: string,
  rewrite: (frame: Fields, data: Fields) => Fields | undefined,
): readonly string[] | undefined {
  const frame = objectIn(text);
  if (frame === undefined) return undefined;
  const changed = rewrite(frame, memberOf(frame, "data"));
  return changed === undefined ? undefined : [JSON.stringify(changed)];
}

/** A Socket.IO event in the text message that carries it. */
export interface PacketEvent {
  readonly name: string;
  readonly argument: unknown;
  /** The object that the argument is, else an empty one. */
  readonly fields: Fields;
  /** Id of the acknowledgement that it asks for. */
  readonly ack: string;
}

/** The Socket.IO event of the root namespace in a text message, or undefined where it is another packet. */
export function eventIn(text: string): PacketEvent | undefined {
  const [, ack = "", json = ""] = /^42(\d*)(\[.*)$/s.exec(text) ?? [];
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value) || typeof value[0] !== "string") return undefined;
    return { name: value[0], argument: value[1], fields: fieldsOf(value[1]) ?? {}, ack };
  } catch {
    return undefined;
  }
}

/** The text message that carries a Socket.IO event. */
export function packetOf(name: string, argument: unknown, ack = ""): string {
  return `42${ack}${JSON.stringify([name, argument])}`;
}
