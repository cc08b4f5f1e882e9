/** The server's side of any endpoint, decided by the oracle: what generated codecs are for a known document. */

import type { Contract, Endpoint, Json, Pointer } from "../../src/contract/contract.js";
import { payloadOf } from "../../src/contract/payload.js";
import { protocolOf } from "../../src/contract/protocol-of.js";
import { sameJson } from "../../src/contract/same-json.js";
import { createOracle, type Oracle } from "../../src/contract/validate.js";
import type { ProtocolSide } from "../../src/wire/protocol.js";
import { jsonAt, withValues } from "./compose.js";

/** One message as it travels: its name in the document, its payload, and the value of its frame. */
export interface Envelope {
  readonly name: string;
  readonly payload: unknown;
  readonly value: unknown;
}

export interface MockSide {
  readonly side: ProtocolSide<Envelope, Envelope>;
  readonly events: Oracle;
  /** An event as it travels. */
  envelope(name: string, payload: Json): Envelope;
  /** The payload with what names it in the declared fields, which its schema need not say. */
  named(name: string, payload: Json): Json | undefined;
  /** Whether the event can be told by its name and keeps its schema. */
  fits(name: string, payload: Json): boolean;
}

/** Bytes of one message where the document sets no limit: a mock must not be filled up either. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Makes codecs of the endpoint's oracles; `encode` throws RangeError for a value that its own oracle refuses. */
export function createMockSide(contract: Contract, endpoint: Endpoint): MockSide {
  const protocol = protocolOf(endpoint);
  // A binary frame holds nothing that could be judged: any is a binary command, where the document has one.
  const binary = endpoint.commands.find((message) => message.binary === true)?.name;
  const commands = createOracle(contract, endpoint, "command");
  const events = createOracle(contract, endpoint, "event");
  const { send } = endpoint.protocol;

  function envelope(name: string, payload: Json): Envelope {
    const wire = protocol.events.find((message) => message.name === name)?.wire[0] ?? name;
    return { name, payload, value: protocol.transport === "socket.io" ? [wire, payload] : payload };
  }

  function named(name: string, payload: Json): Json | undefined {
    const row = send.origin === "declared" ? send.rows.find((one) => one.message === name) : undefined;
    const wants = new Map<Pointer, Json>();
    for (const [index, values] of (row?.values ?? []).entries()) {
      const pointer = send.fields[index];
      const [value] = values;
      if (pointer === undefined || pointer === "$event" || value === undefined) continue;
      const found = jsonAt(payload, pointer);
      if (!values.some((one) => sameJson(one, found))) wants.set(pointer, value);
    }
    return withValues(payload, wants);
  }

  function fits(name: string, payload: Json): boolean {
    const judged = events.judgeValue(envelope(name, payload).value);
    return judged.ok && judged.messages.includes(name);
  }

  const encode = (envelope: Envelope): string => {
    const text = JSON.stringify(envelope.value);
    const judged = events.judge(text);
    if (judged.ok) return text;
    throw new RangeError(`${envelope.name}: expected ${judged.error.expected}, got ${judged.error.received}`);
  };
  return {
    events,
    envelope,
    named,
    fits,
    side: {
      ...protocol,
      maxBytes: protocol.maxBytes ?? MAX_BYTES,
      frames: binary !== undefined && protocol.frames === "text" ? "both" : protocol.frames,
      decode(frame) {
        if (typeof frame !== "string" && binary !== undefined) {
          return { ok: true, value: { name: binary, payload: undefined, value: undefined } };
        }
        const judged = commands.judge(frame);
        if (!judged.ok) return judged;
        // Where the document cannot tell commands apart, the one that wants a reply must not go without.
        const name =
          judged.messages.find((one) => Object.hasOwn(protocol.replies, one)) ?? judged.messages[0] ?? "";
        return { ok: true, value: { name, payload: payloadOf(endpoint, judged.value), value: judged.value } };
      },
      encode,
      encodeInto(envelope, bytes, offset) {
        const encoded = new TextEncoder().encode(encode(envelope));
        bytes.set(encoded, offset);
        return offset + encoded.length;
      },
      nameOf: (envelope) => envelope.name,
    },
  };
}
