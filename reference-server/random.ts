/** Chance that repeats itself: the same seed and label give the same numbers, whatever else runs beside. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  below(below: number): number;
  /** One of the items, of which there must be one. */
  pick<T>(items: readonly [T, ...T[]]): T;
  /** A version 4 UUID, in lower case. */
  uuid(): string;
  /** An independent stream, named by `label`. */
  fork(label: string): Random;
}

/** Makes the stream of `seed`; seeds are numbers or texts. */
export function createRandom(seed: number | string): Random {
  const text = String(seed);
  let [a, b, c, d] = [hash(text, 1), hash(text, 2), hash(text, 3), 1];
  // sfc32: 128 bits of state, passes PractRand; more than enough and no dependency.
  const word = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) word();
  const random: Random = {
    next: () => word() / 0x1_0000_0000,
    below: (below) => Math.floor((word() / 0x1_0000_0000) * below),
    // The index is below the length, and the tuple type says that there is a first.
    pick: (items) => items[random.below(items.length)] ?? items[0],
    uuid() {
      const hex = [word(), word(), word(), word()].map((part) => part.toString(16).padStart(8, "0")).join("");
      const variant = "89ab"[Number.parseInt(hex.slice(16, 17), 16) & 3];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
    fork: (label) => createRandom(`${text}/${label}`),
  };
  return random;
}

/** FNV-1a over UTF-16 units, salted. */
function hash(text: string, salt: number): number {
  let value = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}
