/** Profiles: how long a run may take, how much it tries, and what it may do to the subject. */

/** The names of the profiles, from the quickest. */
export const PROFILE_NAMES = ["smoke", "ci", "nightly", "safe"] as const;

/** One of {@link PROFILE_NAMES}. */
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** How much a run does. */
export interface Profile {
  readonly name: ProfileName;
  /** Random cases of each property. */
  readonly runs: number;
  /** After so long the run ends (milliseconds). */
  readonly maxMs: number;
  /** A check whose shortest decision takes longer is inconclusive (milliseconds). */
  readonly waitBudgetMs: number;
  /** Enumerated cases of one check at most: what is left out is said in a note. */
  readonly maxKinds: number;
  /** Cases that live at once at most. */
  readonly maxCases: number;
  /** Only checks so marked run. */
  readonly only?: "smoke" | "safe";
}

/** The four profiles. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  smoke: {
    name: "smoke",
    runs: 2,
    maxMs: 20_000,
    waitBudgetMs: 1500,
    maxKinds: 6,
    maxCases: 16,
    only: "smoke",
  },
  ci: { name: "ci", runs: 25, maxMs: 120_000, waitBudgetMs: 45_000, maxKinds: 48, maxCases: 16 },
  nightly: {
    name: "nightly",
    runs: 200,
    maxMs: 3_600_000,
    waitBudgetMs: 1_800_000,
    maxKinds: Number.MAX_SAFE_INTEGER,
    maxCases: 16,
  },
  safe: {
    name: "safe",
    runs: 3,
    maxMs: 600_000,
    waitBudgetMs: 45_000,
    maxKinds: 12,
    maxCases: 3,
    only: "safe",
  },
};
