/** How bytes look to a reader of a transcript. */

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
