/** The families of checks, as a reader meets them: the letters in the middle of an id, and what they are about. */

/** One family. */
export interface Family {
  /** The letters: `HS` of `S-HS-01`. */
  readonly key: string;
  readonly name: string;
}

const FAMILIES: readonly Family[] = [
  { key: "HS", name: "handshake" },
  { key: "FR", name: "frames" },
  { key: "CD", name: "messages" },
  { key: "RR", name: "requests and replies" },
  { key: "SM", name: "order and state" },
  { key: "HB", name: "heartbeat" },
  { key: "RC", name: "reconnect" },
  { key: "RB", name: "robustness" },
  { key: "SE", name: "security" },
];

/** The family of a check's id. */
export function familyOf(id: string): Family {
  const key = id.split("-")[1] ?? "";
  return FAMILIES.find((family) => family.key === key) ?? { key, name: key };
}

/** Rows by family, in the order of the catalogue; families without a row are left out. */
export function byFamily<T extends { readonly id: string }>(
  rows: readonly T[],
): readonly { readonly family: Family; readonly rows: readonly T[] }[] {
  const groups = new Map<string, { readonly family: Family; readonly rows: T[] }>();
  for (const family of FAMILIES) groups.set(family.key, { family, rows: [] });
  for (const row of rows) {
    const family = familyOf(row.id);
    const group = groups.get(family.key) ?? { family, rows: [] };
    group.rows.push(row);
    groups.set(family.key, group);
  }
  return [...groups.values()].filter((group) => group.rows.length > 0);
}
