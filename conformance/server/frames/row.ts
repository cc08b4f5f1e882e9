/**
 * How a row about frames is decided: its cases are data, each on connections of its own, several at a time. The user
 * may select single ones by their number in the Autobahn test suite; what was really run is told.
 */
import type fc from "fast-check";
import type { Json } from "../../../src/contract/contract.js";
import type { Case, CheckContext, CheckResult, Scene } from "../../check.js";
import { type CaseOutcome, type PropertyContext, resultOf, runProperty } from "../../property.js";

/** What every case of these rows has. */
export interface NamedCase {
  /** What is sent, in a few words. */
  readonly name: string;
  /** The case of the Autobahn test suite that it plays. */
  readonly autobahn?: string;
  /** It sends much, or what no client should: not for a server in use. */
  readonly unsafe?: true;
}

/** So many cases of a row, and so many random ones, are played against a server in use, where each frame takes its time. */
const SAFE = { cases: 4, runs: 1 } as const;

/** What a row needs of a check's context, whoever is judged. */
export type RowContext<S extends Scene> = PropertyContext<S> & Pick<CheckContext, "selectsCase">;

/** A row. */
export interface Row<T extends NamedCase, S extends Scene = Case> {
  readonly label: string;
  readonly cases: readonly T[];
  /** At most so many of them are played, an even choice; default: all. */
  readonly most?: number;
  /** How many random ones; default the run's. */
  readonly runs?: number;
  /** Random cases, after the others; never those of a selection by number. */
  readonly arbitrary?: fc.Arbitrary<T>;
  readonly script: (one: T, scene: S) => Promise<CaseOutcome>;
  readonly show?: (one: T) => Json;
  /** What is said when all is well; gets how many cases were played. */
  readonly pass: (played: number) => string;
  readonly notes?: () => readonly string[];
}

/** Plays the cases of a row. A case worth a warning does not keep the others from failing. */
export async function decideRow<T extends NamedCase, S extends Scene = Case>(
  context: RowContext<S>,
  row: Row<T, S>,
): Promise<CheckResult> {
  const selected = row.cases.filter(({ autobahn }) => context.selectsCase(autobahn));
  const { cases, leftOut } = sampled(context, selected, row.most);
  const random = row.arbitrary !== undefined && context.selectsCase(undefined);
  const show = row.show ?? (({ name, autobahn }: T): Json => (autobahn ? `${name} (${autobahn})` : name));
  const played = new Set<string>();
  const doubtful: T[] = [];
  const property = await runProperty<T, S>(context, {
    label: row.label,
    examples: cases,
    ...(random
      ? { arbitrary: row.arbitrary, runs: isSafe(context) ? SAFE.runs : (row.runs ?? context.runs) }
      : {}),
    show,
    script: async (one, scene) => {
      if (one.autobahn !== undefined) played.add(one.autobahn);
      const outcome = await row.script(one, scene);
      if (outcome.verdict !== "warn" || scene.excuse !== undefined) return outcome;
      doubtful.push(one);
      return { verdict: "pass" };
    },
  });
  const [doubt] = doubtful;
  const decided =
    property.failure !== undefined || property.flaky !== undefined || doubt === undefined
      ? property
      : await runProperty<T, S>(context, {
          label: `${row.label}, doubtful`,
          examples: [doubt],
          show,
          script: row.script,
        });
  const skipped =
    leftOut === 0 ? [] : [`${leftOut} cases were left out by the profile ${context.profile.name}`];
  const also = doubtful.length > 1 ? [`${doubtful.length} cases were doubtful: ${namesOf(doubtful)}`] : [];
  const result = resultOf(decided, {
    pass: row.pass(property.cases),
    notes: [...(row.notes?.() ?? []), ...skipped, ...also],
  });
  const numbers = [...played].sort(byNumber);
  return {
    ...result,
    cases: Math.max(result.cases, property.cases),
    ...(numbers.length === 0 ? {} : { autobahn: numbers }),
  };
}

/** A quick profile, and one that must not weigh on the subject, play an even choice of the cases. */
function sampled<T extends NamedCase>(
  { profile }: Pick<CheckContext, "profile">,
  cases: readonly T[],
  wanted = Number.POSITIVE_INFINITY,
): { readonly cases: readonly T[]; readonly leftOut: number } {
  const safe = profile.only === "safe";
  const allowed = safe ? cases.filter(({ unsafe }) => unsafe !== true) : cases;
  const kinds = profile.only === undefined ? Number.POSITIVE_INFINITY : profile.maxKinds;
  const most = Math.min(allowed.length, safe ? SAFE.cases : kinds, wanted);
  const step = allowed.length / Math.max(1, most);
  const chosen = Array.from({ length: most }, (_, index) => allowed[Math.floor(index * step)]);
  return { cases: chosen.filter((one) => one !== undefined), leftOut: cases.length - most };
}

/** True where the subject may be in use: nothing that no client should send, and little of the rest. */
export function isSafe({ profile }: Pick<CheckContext, "profile">): boolean {
  return profile.only === "safe";
}

function namesOf(cases: readonly NamedCase[]): string {
  const names = [...new Set(cases.map(({ name }) => name))];
  return names.length <= 6 ? names.join("; ") : `${names.slice(0, 6).join("; ")}; …`;
}

/** The numbers of those cases that have one. */
export function numbersOf(cases: readonly NamedCase[]): readonly string[] {
  return cases.flatMap(({ autobahn }) => (autobahn === undefined ? [] : [autobahn])).sort(byNumber);
}

/** Orders case numbers as their parts have it: 2.9 before 2.10. */
export function byNumber(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
