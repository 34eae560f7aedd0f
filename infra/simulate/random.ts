/** Random numbers that a seed determines. */
export interface Random {
  /** 0 to 1, 1 excluded. */
  next: () => number;
  /** Whole number from 0 to `below` - 1. */
  int: (below: number) => number;
  between: (from: number, to: number) => number;
  chance: (probability: number) => boolean;
  pick: <T>(list: readonly T[]) => T;
}

/** A 32-bit hash, so that neighbouring seeds share nothing (murmur3's finaliser). */
function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** sfc32 (PractRand's small fast counter), 128 bits of state. */
export function createRandom(seed: number): Random {
  let a = scramble(seed + 0x9e3779b9);
  let b = scramble(seed + 0x243f6a88);
  let c = scramble(Math.floor(seed / 2 ** 32) + 0xb7e15162);
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return {
    next,
    int: (below) => Math.floor(next() * below),
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => probability > 0 && next() < probability,
    pick: (list) => {
      const one = list[Math.floor(next() * list.length)];
      if (one === undefined) throw new Error("nothing to pick from");
      return one;
    },
  };
}
