/** The server's side of any endpoint, decided by the oracle: what generated codecs are for a known document. */

import { createEventForm, type EventForm } from "../../src/arbitrary/speech/event-form.js";
import type { Contract, Endpoint, Json } from "../../src/contract/contract.js";
import { payloadOf } from "../../src/contract/payload.js";
import { protocolOf } from "../../src/contract/protocol-of.js";
import { createOracle } from "../../src/contract/validate.js";
import type { ProtocolSide } from "../../src/wire/protocol.js";

/** One message as it travels: its name in the document, its payload, and the value of its frame. */
export interface Envelope {
  readonly name: string;
  readonly payload: unknown;
  readonly value: unknown;
}

export interface MockSide {
  readonly side: ProtocolSide<Envelope, Envelope>;
  readonly form: EventForm;
  /** An event as it travels. */
  envelope(name: string, payload: Json): Envelope;
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
  const form = createEventForm(endpoint, events);
  const envelope = (name: string, payload: Json): Envelope => ({
    name,
    payload,
    value: form.frameValue(name, payload),
  });

  const encode = (envelope: Envelope): string => {
    const text = JSON.stringify(envelope.value);
    const judged = events.judge(text);
    if (judged.ok) return text;
    throw new RangeError(`${envelope.name}: expected ${judged.error.expected}, got ${judged.error.received}`);
  };
  return {
    form,
    envelope,
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
