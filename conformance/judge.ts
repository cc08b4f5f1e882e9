/**
 * The judge of single frames: Ajv over the contract, never the generated codecs.
 *
 * What the subject sends, server or client, is judged and its fault charged to the check that owns the rule; what the kit
 * sends is judged as well, and a wrong frame of ours is a {@link HarnessFault}, never the subject's.
 */

import type { Contract, Direction, Endpoint, Json } from "../src/contract/contract.js";
import {
  discriminate,
  discriminatorOf,
  EVENT_FIELD,
  messagesOf,
  shorten,
} from "../src/contract/discriminate.js";
import { payloadOf } from "../src/contract/payload.js";
import { valueAt } from "../src/contract/pointer.js";
import { createOracle, type Oracle, type OracleResult } from "../src/contract/validate.js";
import type { DecodeError } from "../src/wire/protocol.js";

/** The kit itself did something wrong: the run ends with exit code 2 and accuses nobody. */
export class HarnessFault extends Error {
  override readonly name = "HarnessFault";
}

/** A rule that one frame of the subject broke, and the check that owns it. */
export interface Fault {
  readonly check: "S-CD-02" | "S-CD-09" | "C-CD-01" | "C-CD-06";
  readonly clause: string;
  readonly expected: string;
  readonly got: string;
  /** What the author of the subject can do about it. */
  readonly mend: string;
}

/** One event of a server, or command of a client, judged. */
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
  /** The same for what a client sends; no fault where the document declares no command. Never throws. */
  receivedCommand(frame: string | Uint8Array): Judgement;
  /** The text of the frame of a command; throws {@link HarnessFault} when the contract would not take it for one. */
  frameOf(command: string, payload: Json): string;
  /** The same for an event. */
  eventFrameOf(event: string, payload: Json): string;
  /** What a refusal says, or undefined when the event is none. */
  refusalOf(names: readonly string[], payload: unknown): Refusal | undefined;
}

/** The judge of one endpoint. */
export function createJudge(contract: Contract, endpoint: Endpoint): Judge {
  const commands = createOracle(contract, endpoint, "command");
  const events = createOracle(contract, endpoint, "event");
  const sides = { command: sideOf("command", commands), event: sideOf("event", events) };

  function sideOf(direction: Direction, oracle: Oracle): Side {
    const messages = messagesOf(endpoint, direction);
    const binary = messages.filter((message) => message.binary).map((message) => message.name);
    return { direction, oracle, silent: messages.length === 0, binary };
  }

  function judgeFrame({ direction, oracle, silent, binary }: Side, frame: string | Uint8Array): Judgement {
    if (typeof frame !== "string") {
      if (binary.length > 0) {
        return {
          result: { ok: true, value: undefined, messages: [...binary] },
          names: binary,
          claims: [],
          payload: undefined,
        };
      }
      if (endpoint.protocol.framesDeclared && endpoint.protocol.frames === "text")
        return binaryRefused(frame, direction);
    }
    const result = oracle.judge(frame);
    if (silent) return { result, names: [], claims: [], payload: undefined };
    if (result.ok) {
      return { result, names: result.messages, claims: [], payload: payloadOf(endpoint, result.value) };
    }
    const claims = result.error.code === "invalid-payload" ? claimsOf(endpoint, direction, frame) : [];
    const fault = faultOf(endpoint, direction, frame, result.error);
    return { result, names: [], claims, payload: undefined, fault };
  }

  function ownFrame({ direction, oracle }: Side, name: string, payload: Json): string {
    const text = frameText(endpoint, name, payload, direction);
    const result = oracle.judge(text);
    const other = direction === "command" ? "server" : "client";
    if (!result.ok) {
      throw new HarnessFault(
        `The kit was about to send an invalid "${name}": ${result.error.code} at "${result.error.path}", expected ${result.error.expected}, got ${result.error.received}. This is a fault of the kit or of the document's exchanges, not of the ${other}. Frame: ${text.slice(0, 300)}`,
      );
    }
    if (!result.messages.includes(name)) {
      throw new HarnessFault(
        `The kit was about to send "${name}", but the frame is ${result.messages.map((one) => `"${one}"`).join(" or ")}. Frame: ${text.slice(0, 300)}`,
      );
    }
    return text;
  }

  return {
    contract,
    endpoint,
    commands,
    events,
    received: (frame) => judgeFrame(sides.event, frame),
    receivedCommand: (frame) => judgeFrame(sides.command, frame),
    frameOf: (command, payload) => ownFrame(sides.command, command, payload),
    eventFrameOf: (event, payload) => ownFrame(sides.event, event, payload),
    refusalOf: (names, payload) => refusalOf(endpoint, names, payload),
  };
}

/** How one direction is judged. */
interface Side {
  readonly direction: Direction;
  readonly oracle: Oracle;
  /** The document declares nothing here: nothing is judged. */
  readonly silent: boolean;
  /** Names of the messages that a binary frame may be. */
  readonly binary: readonly string[];
}

/** The text of a frame that carries `payload` as a message, whether or not that is valid. */
export function frameText(
  endpoint: Endpoint,
  message: string,
  payload: unknown,
  direction: Direction = "command",
): string {
  if (endpoint.protocol.transport !== "socket.io") return JSON.stringify(payload);
  return JSON.stringify([eventNameOf(endpoint, message, direction), payload]);
}

/** The Socket.IO event name of a message. */
export function eventNameOf(endpoint: Endpoint, message: string, direction: Direction = "command"): string {
  const { fields, rows } = discriminatorOf(endpoint, direction);
  const value = rows.find((row) => row.message === message)?.values[fields.indexOf(EVENT_FIELD)]?.[0];
  if (typeof value === "string") return value;
  return messagesOf(endpoint, direction).find(({ name }) => name === message)?.wireName ?? message;
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
function claimsOf(endpoint: Endpoint, direction: Direction, frame: string | Uint8Array): readonly string[] {
  // The oracle has parsed this very text before it looked at the payload, so parsing cannot fail.
  const value: unknown = JSON.parse(typeof frame === "string" ? frame : new TextDecoder().decode(frame));
  const named = discriminate(endpoint, direction, value);
  return named.ok ? named.candidates : [];
}

const FIELD_RULE_CODES: ReadonlySet<string> = new Set(["wrong-discriminator", "missing-discriminator"]);

/** The rows that own the schema and the field rule of a direction. */
const OWNERS = {
  event: { schema: "S-CD-02", field: "S-CD-09" },
  command: { schema: "C-CD-01", field: "C-CD-06" },
} as const;

function receivedBy({ code, received }: DecodeError): string {
  return `${code}: ${received === ABSENT ? "it is missing" : received}`;
}

/** How a decode error says that there is no value. */
const ABSENT = "nothing";

function faultOf(
  endpoint: Endpoint,
  direction: Direction,
  frame: string | Uint8Array,
  error: DecodeError,
): Fault {
  const field = declaredField(endpoint, direction);
  if (field !== undefined && FIELD_RULE_CODES.has(error.code)) {
    return {
      check: OWNERS[direction].field,
      clause: "PROTOCOL.md#field-rule",
      expected:
        field === EVENT_FIELD
          ? `each ${direction} names itself by its Socket.IO event name (${error.expected})`
          : `each ${direction} names itself by the field \`${field}\` (${error.expected})`,
      got: `${receivedBy(error)}, in the frame ${excerpt(frame)}`,
      mend: error.hint,
    };
  }
  return {
    check: OWNERS[direction].schema,
    clause: "PROTOCOL.md#decode-errors",
    expected: error.path === "" ? error.expected : `${error.expected} at ${error.path}`,
    got: `${receivedBy(error)}, in the frame ${excerpt(frame)}`,
    mend: error.hint,
  };
}

function binaryRefused(frame: Uint8Array, direction: Direction): Judgement {
  const error: DecodeError = {
    code: "not-text",
    path: "",
    expected: "a text frame",
    received: shorten(`${frame.length} bytes in a binary frame`),
    hint: `Send each ${direction} as a text frame (opcode 1): this channel declares \`frames: text\`.`,
  };
  return {
    result: { ok: false, error },
    names: [],
    claims: [],
    payload: undefined,
    fault: {
      check: OWNERS[direction].schema,
      clause: "PROTOCOL.md#decode-errors",
      expected: error.expected,
      got: `a binary frame of ${excerpt(frame)}`,
      mend: error.hint,
    },
  };
}
