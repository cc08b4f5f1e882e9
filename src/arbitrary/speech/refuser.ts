/** Says a refusal by the document's `reject`, in the document's own codes. */

import type { Endpoint, Json, Pointer } from "../../contract/contract.js";
import type { Reject } from "../../wire/protocol.js";
import type { Refusal } from "../../wire/refusal.js";
import type { TakenCommand } from "./answerer.js";
import { jsonAt } from "./compose.js";
import type { Speech } from "./speech.js";

/** Codes of the server itself, which refuse a command for its state. */
const STATE_CODES: ReadonlySet<string> = new Set(["illegal-state", "not-found"]);
/** Codes that refuse a command for neither its payload nor its state. */
const OTHER_CODES: ReadonlySet<string> = new Set(["rate-limited", "internal"]);

/** The payload of the event that says a refusal; undefined, and a note, where the document has none that can. */
export function refusalPayload(
  options: {
    readonly endpoint: Endpoint;
    readonly speech: Pick<Speech, "make">;
    readonly note: (text: string) => void;
    /** Only this code will do; else one of the document that means the same. */
    readonly exactly?: boolean;
  },
  refusal: Refusal,
  command: TakenCommand | undefined,
): Json | undefined {
  const { endpoint, speech, note } = options;
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
  for (const code of options.exactly === true ? [refusal.code] : codesFor(reject, refusal.code)) {
    const must = new Map<Pointer, Json>(reject.code === undefined ? [] : [[reject.code, code]]);
    for (const [pointer, [value]] of Object.entries(reject.when ?? {})) {
      if (value !== undefined && !must.has(pointer)) must.set(pointer, value);
    }
    const payload = speech.make(reject.message, { must, may });
    if (payload === undefined) continue;
    const place = textPlace(reject, payload);
    if (place === undefined) return payload;
    return speech.make(reject.message, { must, may: new Map([...may, [place, refusal.text]]) }) ?? payload;
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
