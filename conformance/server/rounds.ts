/** Which of many cases come first where a run has room for some of them only. */

/** A case, and the groups that it belongs to: the coarsest first. */
export interface Grouped {
  readonly families: readonly string[];
}

/**
 * At most so many: first one of each coarsest group, then one of each finer group that has none yet, and so on; what is
 * left follows in its order. So no group is left out for want of luck, as long as there are fewer groups than room.
 */
export function byRound<T extends Grouped>(all: readonly T[], most: number): readonly T[] {
  const levels = Math.max(0, ...all.map(({ families }) => families.length));
  const chosen = new Set<T>();
  for (let level = 0; level < levels; level += 1) {
    const met = new Set<string | undefined>();
    for (const one of chosen) met.add(one.families[level]);
    for (const one of all) {
      const family = one.families[level];
      if (family === undefined || met.has(family)) continue;
      met.add(family);
      chosen.add(one);
    }
  }
  for (const one of all) chosen.add(one);
  return [...chosen].slice(0, most);
}
