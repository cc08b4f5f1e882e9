/** How bytes look to a reader of a transcript. */
import { deflateRawSync } from "node:zlib";

/** More bytes than this are not kept whole: a replay must do without them. */
const PACKED_BYTES = 1024 * 1024;

/** Packed bytes longer than this (characters) are not kept: what is long and repeats nothing fills the memory. */
const PACKED_TEXT = 16 * 1024;

/** Hexadecimal, shortened in the middle beyond 1 KiB. */
export function hex(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length <= 1024) return buffer.toString("hex");
  const left = buffer.subarray(0, 768).toString("hex");
  return `${left}…${buffer.subarray(buffer.length - 128).toString("hex")}`;
}

/** The text itself where it is printable ASCII, else hexadecimal; at most 40 characters. */
export function printable(payload: Uint8Array): string {
  const text = Buffer.from(payload).toString("latin1");
  const shown = /^[\x20-\x7e]*$/.test(text) ? text : `0x${Buffer.from(payload).toString("hex")}`;
  return shown.length <= 40 ? shown : `${shown.slice(0, 32)}… (${payload.length} bytes)`;
}

/** Bytes that were sent, for a transcript: shortened to be read, and, where that leaves something out, whole but packed. */
export function sentBytes(bytes: Uint8Array): { readonly bytes: string; readonly packed?: string } {
  const shown = hex(bytes);
  if (!shown.includes("…") || bytes.length > PACKED_BYTES) return { bytes: shown };
  const packed = deflateRawSync(bytes).toString("base64");
  return packed.length > PACKED_TEXT ? { bytes: shown } : { bytes: shown, packed };
}
