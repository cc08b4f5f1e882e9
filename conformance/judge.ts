/**
 * The judge of single frames: Ajv over the contract, never the generated codecs.
 *
 * What the subject sends is judged and its fault charged to the check that owns the rule; what the kit sends is
 * judged as well, and a wrong frame of ours is a {@link HarnessFault}, never the subject's.
 */

import type { Contract, Direction, Endpoint, Json } from "../src/contract/contract.js";
import { discriminate, discriminatorOf, EVENT_FIELD, shorten } from "../src/contract/discriminate.js";
import { payloadOf } from "../src/contract/payload.js";
import { valueAt } from "../src/contract/pointer.js";
import { createOracle, type Oracle, type OracleResult } from "../src/contract/validate.js";
import type { DecodeError } from "../src/wire/protocol.js";

/** The kit itself did something wrong: the run ends with exit code 2 and accuses nobody. */
export class HarnessFault extends Error {
  override readonly name = "HarnessFault";
}

/** A rule that one event broke, and the check that owns it. */
export interface Fault {
  readonly check: "S-CD-02" | "S-CD-09";
  readonly clause: string;
  readonly expected: string;
  readonly got: string;
  /** What the author of the subject can do about it. */
  readonly mend: string;
}

/** One event of the subject, judged. */
export interface Judgement {
  readonly result: OracleResult;
  /** Names of the messages that the frame may be; empty when it is none. */
  readonly names: readonly string[];
  /** Names that the discriminator gives although the payload is refused; else empty. */
  readonly claims: readonly string[];
  /** What the schema applies to: the frame's value, or under Socket.IO the event's argument. */
  readonly payload: unknown;
  readonly fault?: Fault;
}

/** What a refusal says of the command that it refuses; `unclassified` where the document declares no `code`. */
export interface Refusal {
  readonly class: "payload" | "state" | "other" | "unclassified";
  readonly code: unknown;
}

/** Judges the frames of one endpoint in both directions. */
export interface Judge {
  readonly contract: Contract;
  readonly endpoint: Endpoint;
  readonly commands: Oracle;
  readonly events: Oracle;
  /** Judges a text frame, or a binary one (bytes); no fault where the document declares no event. Never throws. */
  received(frame: string | Uint8Array): Judgement;
  /** The text of the frame of a command; throws {@link HarnessFault} when the contract would not take it for one. */
  frameOf(command: string, payload: Json): string;
  /** What a refusal says, or undefined when the event is none. */
  refusalOf(names: readonly string[], payload: unknown): Refusal | undefined;
}

/** The judge of one endpoint. */
export function createJudge(contract: Contract, endpoint: Endpoint): Judge {
  const commands = createOracle(contract, endpoint, "command");
  const events = createOracle(contract, endpoint, "event");
  const binaryEvents = endpoint.events.filter((message) => message.binary).map((message) => message.name);

  function received(frame: string | Uint8Array): Judgement {
    if (typeof frame !== "string") {
      if (binaryEvents.length > 0) {
        return {
          result: { ok: true, value: undefined, messages: binaryEvents },
          names: binaryEvents,
          claims: [],
          payload: undefined,
        };
      }
      if (endpoint.protocol.framesDeclared && endpoint.protocol.frames === "text")
        return binaryRefused(frame);
    }
    const result = events.judge(frame);
    if (endpoint.events.length === 0) return { result, names: [], claims: [], payload: undefined };
    if (result.ok) {
      return { result, names: result.messages, claims: [], payload: payloadOf(endpoint, result.value) };
    }
    const claims = result.error.code === "invalid-payload" ? claimsOf(endpoint, frame) : [];
    return { result, names: [], claims, payload: undefined, fault: faultOf(endpoint, frame, result.error) };
  }

  function frameOf(command: string, payload: Json): string {
    const text = frameText(endpoint, command, payload);
    const result = commands.judge(text);
    if (!result.ok) {
      throw new HarnessFault(
        `The kit was about to send an invalid "${command}": ${result.error.code} at "${result.error.path}", expected ${result.error.expected}, got ${result.error.received}. This is a fault of the kit or of the document's exchanges, not of the server. Frame: ${text.slice(0, 300)}`,
      );
    }
    if (!result.messages.includes(command)) {
      throw new HarnessFault(
        `The kit was about to send "${command}", but the frame is ${result.messages.map((name) => `"${name}"`).join(" or ")}. Frame: ${text.slice(0, 300)}`,
      );
    }
    return text;
  }

  return {
    contract,
    endpoint,
    commands,
    events,
    received,
    frameOf,
    refusalOf: (names, payload) => refusalOf(endpoint, names, payload),
  };
}

/** The text of a frame that carries `payload` as a message, whether or not that is valid. */
export function frameText(endpoint: Endpoint, message: string, payload: unknown): string {
  if (endpoint.protocol.transport !== "socket.io") return JSON.stringify(payload);
  return JSON.stringify([eventNameOf(endpoint, message), payload]);
}

/** The Socket.IO event name of a command. */
export function eventNameOf(endpoint: Endpoint, command: string): string {
  const { fields, rows } = endpoint.protocol.receive;
  const value = rows.find((row) => row.message === command)?.values[fields.indexOf(EVENT_FIELD)]?.[0];
  if (typeof value === "string") return value;
  return endpoint.commands.find((message) => message.name === command)?.wireName ?? command;
}

/** What a refusal says by `reject` of the document, or undefined when the event is none. */
export function refusalOf(
  endpoint: Endpoint,
  names: readonly string[],
  payload: unknown,
): Refusal | undefined {
  const { reject } = endpoint.protocol;
  if (reject === undefined || !names.includes(reject.message)) return undefined;
  for (const [pointer, values] of Object.entries(reject.when ?? {})) {
    const found = valueAt(payload, pointer);
    if (!values.some((value) => value === found)) return undefined;
  }
  if (reject.code === undefined) return { class: "unclassified", code: undefined };
  const code = valueAt(payload, reject.code);
  const among = (codes: readonly string[]) => typeof code === "string" && codes.includes(code);
  return { class: among(reject.payload) ? "payload" : among(reject.state) ? "state" : "other", code };
}

/** The name of the declared outer field of a direction, as people write it; undefined where none is declared. */
export function declaredField(endpoint: Endpoint, direction: Direction): string | undefined {
  const discriminator = discriminatorOf(endpoint, direction);
  const [field] = discriminator.fields;
  if (discriminator.origin !== "declared" || field === undefined) return undefined;
  return /^\/[^/~]+$/.test(field) ? field.slice(1) : field;
}

/** A frame as a report shows it: at most 200 characters. */
export function excerpt(frame: string | Uint8Array): string {
  if (typeof frame !== "string") {
    return `${frame.length} bytes: ${Buffer.from(frame.subarray(0, 40)).toString("hex")}${frame.length > 40 ? "…" : ""}`;
  }
  return frame.length <= 200 ? frame : `${frame.slice(0, 199)}…`;
}

/** The messages that a frame with a wrong payload says it is. */
function claimsOf(endpoint: Endpoint, frame: string | Uint8Array): readonly string[] {
  // The oracle has parsed this very text before it looked at the payload, so parsing cannot fail.
  const value: unknown = JSON.parse(typeof frame === "string" ? frame : new TextDecoder().decode(frame));
  const named = discriminate(endpoint, "event", value);
  return named.ok ? named.candidates : [];
}

const FIELD_RULE_CODES: ReadonlySet<string> = new Set(["wrong-discriminator", "missing-discriminator"]);

function faultOf(endpoint: Endpoint, frame: string | Uint8Array, error: DecodeError): Fault {
  const field = declaredField(endpoint, "event");
  if (field !== undefined && FIELD_RULE_CODES.has(error.code)) {
    return {
      check: "S-CD-09",
      clause: "PROTOCOL.md#field-rule",
      expected:
        field === EVENT_FIELD
          ? `each event names itself by its Socket.IO event name (${error.expected})`
          : `each event names itself by the field \`${field}\` (${error.expected})`,
      got: `${error.code}: ${error.received}, in the frame ${excerpt(frame)}`,
      mend: error.hint,
    };
  }
  return {
    check: "S-CD-02",
    clause: "PROTOCOL.md#decode-errors",
    expected: error.path === "" ? error.expected : `${error.expected} at ${error.path}`,
    got: `${error.code}: ${error.received}, in the frame ${excerpt(frame)}`,
    mend: error.hint,
  };
}

function binaryRefused(frame: Uint8Array): Judgement {
  const error: DecodeError = {
    code: "not-text",
    path: "",
    expected: "a text frame",
    received: shorten(`${frame.length} bytes in a binary frame`),
    hint: "Send each event as a text frame (opcode 1): this channel declares `frames: text`.",
  };
  return {
    result: { ok: false, error },
    names: [],
    claims: [],
    payload: undefined,
    fault: {
      check: "S-CD-02",
      clause: "PROTOCOL.md#decode-errors",
      expected: error.expected,
      got: `a binary frame of ${excerpt(frame)}`,
      mend: error.hint,
    },
  };
}
