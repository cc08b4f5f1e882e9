/** Joins the frames of a peer into messages (RFC 6455 §5.4), and notes what joins badly. */
import { isData } from "./decode.js";
import type { Inflated } from "./deflate.js";
import { type FrameFault, OPCODE, type WireFrame } from "./frame.js";

/** One data message, joined from its frames. */
export interface WireMessage {
  readonly atMs: number;
  readonly kind: "text" | "binary";
  /** Present on a text message; undecodable bytes are replaced and noted. */
  readonly text?: string;
  /** Inflated, where it came compressed. */
  readonly bytes: Uint8Array;
  /** How many bytes its frames carried, where it came compressed. */
  readonly compressedBytes?: number;
  readonly frames: number;
  readonly faults: readonly FrameFault[];
}

/** Takes data frames in order. */
export interface MessageAssembler {
  /** The message that this frame completes, and the faults of how it joins. Control frames are not for it. */
  push(frame: WireFrame): { readonly message?: WireMessage; readonly faults: readonly FrameFault[] };
  /** Bytes of the message in progress. */
  readonly pendingBytes: number;
}

/** Opens an assembler; a message longer than `maxBytes` is dropped and noted. `inflate` reads what RSV1 marks. */
export function createAssembler(
  maxBytes: number,
  inflate?: (compressed: Uint8Array) => Inflated,
): MessageAssembler {
  let isCompressed = false;
  let parts: Uint8Array[] = [];
  let size = 0;
  let kind: "text" | "binary" | undefined;

  const reset = (): void => {
    parts = [];
    size = 0;
    kind = undefined;
  };

  return {
    get pendingBytes() {
      return size;
    },
    push(frame) {
      const faults: FrameFault[] = [];
      if (!isData(frame)) return { faults };
      if (frame.opcode === OPCODE.continuation) {
        if (kind === undefined) {
          faults.push({
            code: "orphan-continuation",
            clause: "RFC 6455 5.4",
            message: "a continuation frame with no message to continue",
          });
          return { faults };
        }
      } else {
        if (kind !== undefined) {
          faults.push({
            code: "interrupted-message",
            clause: "RFC 6455 5.4",
            message: "a new data frame inside a fragmented message",
          });
          reset();
        }
        kind = frame.opcode === OPCODE.text ? "text" : "binary";
        isCompressed = (frame.rsv & 4) !== 0;
      }
      size += frame.payload.length;
      if (size > maxBytes) {
        faults.push({
          code: "too-large",
          clause: "RFC 6455 10.4",
          message: `a fragmented message of more than ${maxBytes} bytes`,
        });
        reset();
        return { faults };
      }
      parts.push(frame.payload);
      if (!frame.fin) return { faults };
      const joined = parts.length === 1 ? frame.payload : Buffer.concat(parts);
      const inflated = isCompressed && inflate !== undefined ? inflate(joined) : { bytes: joined };
      if ("fault" in inflated) {
        faults.push({ code: inflated.fault, clause: "RFC 7692 7.2.2", message: inflated.message });
        reset();
        return { faults };
      }
      const { bytes } = inflated;
      const complete = {
        atMs: frame.atMs,
        kind,
        bytes,
        frames: parts.length,
        ...(bytes === joined ? {} : { compressedBytes: joined.length }),
      };
      const isText = kind === "text";
      reset();
      if (!isText) return { message: { ...complete, faults }, faults };
      try {
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        return { message: { ...complete, text, faults }, faults };
      } catch {
        faults.push({
          code: "invalid-utf8",
          clause: "RFC 6455 8.1",
          message: "a text message that is not UTF-8",
        });
        return { message: { ...complete, text: new TextDecoder().decode(bytes), faults }, faults };
      }
    },
  };
}
