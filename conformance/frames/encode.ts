/** Writes RFC 6455 frames of any shape: the kit must be able to break every rule that it checks. */
import type { FrameSpec } from "./frame.js";

/** Writes one frame. `drawMask` gives the key of a masked frame that names none. */
export function encodeFrame(spec: FrameSpec, drawMask: () => Uint8Array): Uint8Array {
  const payload = spec.payload ?? new Uint8Array(0);
  const declared = spec.declaredLength ?? BigInt(payload.length);
  const bits = spec.lengthBits ?? (declared < 126n ? 7 : declared < 65_536n ? 16 : 64);
  const lengthBytes = bits === 7 ? 0 : bits === 16 ? 2 : 8;
  const key = spec.mask === false ? undefined : (spec.mask ?? drawMask());
  const bytes = new Uint8Array(2 + lengthBytes + (key === undefined ? 0 : 4) + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (spec.fin === false ? 0 : 0x80) | ((spec.rsv ?? 0) << 4) | spec.opcode;
  bytes[1] =
    (key === undefined ? 0 : 0x80) | (bits === 7 ? Number(declared & 0x7fn) : bits === 16 ? 126 : 127);
  if (bits === 16) view.setUint16(2, Number(declared & 0xffffn));
  if (bits === 64) view.setBigUint64(2, BigInt.asUintN(64, declared));
  const start = bytes.length - payload.length;
  bytes.set(payload, start);
  if (key !== undefined) {
    bytes.set(key, start - 4);
    applyMask(bytes.subarray(start), key);
  }
  return bytes;
}

/** Masks or unmasks in place (RFC 6455 §5.3: the transformation is its own inverse). */
export function applyMask(payload: Uint8Array, key: Uint8Array): void {
  for (let index = 0; index < payload.length; index += 1) {
    // Both reads are inside their arrays: index < payload.length, and a key has four bytes.
    payload[index] = (payload[index] ?? 0) ^ (key[index & 3] ?? 0);
  }
}
