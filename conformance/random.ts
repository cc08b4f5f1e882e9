/** A small seeded source of randomness: the same seed gives the same run, on every platform. */
export interface Random {
  /** A 32-bit unsigned integer. */
  uint32(): number;
  /** An integer in `[0, below)`. */
  below(below: number): number;
  /** So many bytes. */
  bytes(count: number): Uint8Array;
  /** A source of its own for something named, so that one more draw here moves nothing there. */
  fork(label: string): Random;
}

/** Opens a source (mulberry32: 32 bits of state, good enough for mask keys, ids and choices, not for secrets). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    uint32,
    below: (below) => Math.floor((uint32() / 0x1_0000_0000) * below),
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      for (let index = 0; index < count; index += 1) bytes[index] = uint32() & 0xff;
      return bytes;
    },
    fork: (label) => seededRandom(hash(`${seed}/${label}`)),
  };
}

/** FNV-1a over UTF-16 units: stable, and enough to part seeds by label. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
