/** Says a refusal by the document's `reject`, in the document's own codes. */

import type { Endpoint, Json, Pointer } from "../../src/contract/contract.js";
import type { Reject } from "../../src/wire/protocol.js";
import type { Refusal } from "../../src/wire/refusal.js";
import { jsonAt } from "./compose.js";
import type { Envelope } from "./side.js";
import type { Speaker } from "./speaker.js";

/** Codes of the server itself, which refuse a command for its state. */
const STATE_CODES: ReadonlySet<string> = new Set(["illegal-state", "not-found"]);
/** Codes that refuse a command for neither its payload nor its state. */
const OTHER_CODES: ReadonlySet<string> = new Set(["rate-limited", "internal"]);

/** The event that says a refusal; undefined, and a note, where the document has none that can. */
export function refuse(
  options: {
    readonly endpoint: Endpoint;
    readonly speaker: Speaker;
    readonly note: (text: string) => void;
  },
  refusal: Refusal,
  command: Envelope | undefined,
): Envelope | undefined {
  const { endpoint, speaker, note } = options;
  const { reject } = endpoint.protocol;
  if (reject === undefined) {
    note(`refused (${refusal.code}): ${refusal.text}`);
    return undefined;
  }
  const may = new Map<Pointer, Json>();
  for (const { scope } of endpoint.lifecycles) {
    const key = scope === "connection" ? undefined : jsonAt(command?.payload, scope.key);
    if (scope !== "connection" && key !== undefined) may.set(scope.key, key);
  }
  const [from, to] = [
    endpoint.commands.find((one) => one.name === command?.name)?.correlation,
    endpoint.events.find((one) => one.name === reject.message)?.correlation,
  ];
  const id = from === undefined ? undefined : jsonAt(command?.payload, from);
  if (to !== undefined && id !== undefined) may.set(to, id);
  for (const code of codesFor(reject, refusal.code)) {
    const must = new Map<Pointer, Json>(reject.code === undefined ? [] : [[reject.code, code]]);
    for (const [pointer, [value]] of Object.entries(reject.when ?? {})) {
      if (value !== undefined && !must.has(pointer)) must.set(pointer, value);
    }
    const event = speaker.make(reject.message, { must, may });
    if (event === undefined) continue;
    const place = textPlace(reject, event.payload);
    if (place === undefined) return event;
    return speaker.make(reject.message, { must, may: new Map([...may, [place, refusal.text]]) }) ?? event;
  }
  note(`no payload of ${reject.message} can say ${refusal.code}: ${refusal.text}`);
  return undefined;
}

/** Names of fields that hold a text for people, in documents at large. */
const TEXT_FIELDS = ["message", "text", "reason", "detail", "description", "error"];

/** Where a refusal says what is wrong, beside its code; undefined where it has no such field. */
function textPlace(reject: Reject, payload: unknown): Pointer | undefined {
  const holder = (reject.code ?? "/code").replace(/\/[^/]*$/, "");
  return TEXT_FIELDS.map((field) => `${holder}/${field}`).find(
    (place) => place !== reject.code && typeof jsonAt(payload, place) === "string",
  );
}

/** Codes of the document that mean what a code of the server means, the best first. */
function codesFor(reject: Reject, code: string): readonly string[] {
  if (reject.code === undefined) return [code];
  if (STATE_CODES.has(code)) return reject.state.includes(code) ? [code] : [code, ...reject.state];
  if (OTHER_CODES.has(code)) return [code];
  return reject.payload.includes(code) ? [code, ...reject.payload] : [...reject.payload, code];
}
