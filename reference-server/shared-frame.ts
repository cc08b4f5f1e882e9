import type { ProtocolSide } from "../src/wire/protocol.js";
import type { SharedFrame } from "../src/wire/socket.js";

/** The longest header of an unmasked frame (RFC 6455 §5.2). */
const HEADER_BYTES = 10;
/** The first byte of a text frame that is its message's only one: FIN, opcode 1. */
const WHOLE_TEXT = 0x81;
/** Where the first try at a message is written; what is longer gets a place of its own. */
const SCRATCH_BYTES = 64 * 1024;

const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

/** Encodes an event once, and frames it once, for all that are to get it. Throws the codec's EncodeError. */
export function encodeShared<Out>(
  protocol: Pick<ProtocolSide<never, Out>, "encode" | "encodeInto" | "nameOf">,
  event: Out,
): SharedFrame {
  const end = protocol.encodeInto === undefined ? undefined : encodeIntoScratch(protocol.encodeInto, event);
  const name = protocol.nameOf(event);
  if (end !== undefined) return frameOf(name, scratch, end);
  const text = protocol.encode(event);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text));
  return frameOf(name, bytes, HEADER_BYTES + bytes.write(text, HEADER_BYTES));
}

/** Where the message ends that was written behind the room for a header; `undefined`: it is too long for that. */
function encodeIntoScratch<Out>(
  encodeInto: (event: Out, bytes: Uint8Array, offset: number) => number,
  event: Out,
): number | undefined {
  try {
    return encodeInto(event, scratch, HEADER_BYTES);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The frame of the payload that stands in `bytes` between the room for a header and `end`. */
function frameOf(name: string, bytes: Buffer, end: number): SharedFrame {
  const length = end - HEADER_BYTES;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const start = HEADER_BYTES - header;
  bytes[start] = WHOLE_TEXT;
  if (header === 2) {
    bytes[start + 1] = length;
  } else if (header === 4) {
    bytes[start + 1] = 126;
    bytes.writeUInt16BE(length, start + 2);
  } else {
    bytes[start + 1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), start + 2);
  }
  const whole = bytes.subarray(start, end);
  const wire = bytes === scratch ? Buffer.from(whole) : whole;
  const payload = wire.subarray(header);
  let text: string | undefined;
  return {
    name,
    payload,
    wire,
    get text() {
      text ??= payload.toString("utf8");
      return text;
    },
  };
}
