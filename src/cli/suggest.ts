/** The best guess at what a mistyped name was meant to be. */

/** `(Did you mean …?)` for the closest of `known`, or the whole list where nothing is close and it is short. */
export function suggestion(wanted: string, known: readonly string[]): string {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  const ranked = known
    .map((name) => ({ name, edits: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (best === undefined) return "";
  if (best.edits <= limit) return ` (Did you mean ${best.name}?)`;
  return known.length <= 24 ? ` (There are: ${known.join(", ")}.)` : "";
}

/** Insertions, deletions and replacements that lead from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
