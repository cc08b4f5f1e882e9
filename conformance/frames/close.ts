/** The body of a Close frame (RFC 6455 §5.5.1, §7.4). */
import type { FrameFault } from "./frame.js";

/** What a Close frame says. */
export interface CloseBody {
  /** Absent: an empty Close frame (1005 to the application). */
  readonly code?: number;
  readonly reason: string;
  readonly faults: readonly FrameFault[];
}

/**
 * True for a code that may stand in a Close frame: 1000-1003, 1007-1014 (IANA's registry, of which 1012-1014 came
 * after the RFC) and 3000-4999.
 */
export function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** Reads the body of a Close frame. */
export function parseClose(payload: Uint8Array): CloseBody {
  if (payload.length === 0) return { reason: "", faults: [] };
  if (payload.length === 1) {
    return {
      reason: "",
      faults: [
        {
          code: "close-one-byte",
          clause: "RFC 6455 5.5.1",
          message: "a Close frame with a body of one byte",
        },
      ],
    };
  }
  const faults: FrameFault[] = [];
  const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  if (!mayBeSent(code)) {
    faults.push({
      code: "close-code",
      clause: "RFC 6455 7.4",
      message: `close code ${code}, which must not stand in a Close frame`,
    });
  }
  const text = payload.subarray(2);
  let reason: string;
  try {
    reason = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    reason = new TextDecoder().decode(text);
    faults.push({
      code: "close-reason-utf8",
      clause: "RFC 6455 5.5.1",
      message: "a close reason that is not UTF-8",
    });
  }
  return { code, reason, faults };
}

/** Writes the body of a Close frame, legal or not; without a code it is empty. */
export function closeBody(code?: number, reason = ""): Uint8Array {
  if (code === undefined) return new Uint8Array(0);
  const text = new TextEncoder().encode(reason);
  const body = new Uint8Array(2 + text.length);
  new DataView(body.buffer).setUint16(0, code);
  body.set(text, 2);
  return body;
}
