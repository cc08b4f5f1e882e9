/** The one case that a report has recorded, made and played again. */
import fc from "fast-check";
import type { Scene } from "./check.js";
import {
  asJson,
  CONFIRMATIONS,
  type Played,
  type PropertyOptions,
  type PropertyResult,
  SLOW_CASE_MS,
} from "./property.js";
import type { ReplayRecord } from "./report/report.js";

/** Plays the one case that a report has recorded: up to three times, for a fault that comes and goes is not mended. */
export async function playAgain<T, S extends Scene>(
  options: PropertyOptions<T, S>,
  recorded: ReplayRecord,
  play: (value: T, name: string) => Promise<Played>,
): Promise<PropertyResult<T>> {
  const counted = { undecided: [], interrupted: false };
  const found = await recordedValue(options, recorded);
  if (found === undefined) {
    const reason = `the recorded case of "${options.label}" cannot be made again: the document gives other cases now`;
    return { ...counted, cases: 0, passed: 0, undecided: [{ verdict: "inconclusive", reason }] };
  }
  const { value } = found;
  const name = recorded.case ?? `${options.label}, replayed`;
  let cases = 0;
  for (;;) {
    const played = await play(value, cases === 0 ? name : `${name}, again ${cases}`);
    cases += 1;
    const { outcome } = played;
    switch (outcome.verdict) {
      case "pass":
        break;
      case "blocked":
        return { ...counted, cases, passed: cases - 1, blocked: outcome.by };
      case "inconclusive":
      case "untestable":
        return { ...counted, cases, passed: 0, undecided: [outcome] };
      default: {
        const shown = (options.show ?? asJson)(value);
        const { moves, transcript } = played;
        const failure = { value, shown, outcome, transcript, moves, replay: recorded, shrinks: 0 };
        return { ...counted, cases, passed: cases - 1, failure };
      }
    }
    if (cases === CONFIRMATIONS || options.waits === true || played.ms > SLOW_CASE_MS) {
      return { ...counted, cases, passed: cases };
    }
  }
}

/** The value of a recorded case; undefined when the property has no such case any more. */
async function recordedValue<T>(
  { arbitrary, examples = [] }: Pick<PropertyOptions<T, Scene>, "arbitrary" | "examples">,
  { example, path, seed }: ReplayRecord,
): Promise<{ readonly value: T } | undefined> {
  if (example !== undefined && example >= examples.length) return undefined;
  // The index has just been looked at.
  const start = example === undefined ? [] : [examples[example] as T];
  if (path === undefined) return start.length === 0 ? undefined : { value: start[0] as T };
  if (arbitrary === undefined) return undefined;
  let found: { readonly value: T } | undefined;
  const property = fc.property(arbitrary, (value) => {
    found ??= { value };
  });
  try {
    fc.check(property, { seed, path, numRuns: 1, examples: start.map((value): [T] => [value]) });
  } catch {
    // A path that leads nowhere is one of another document: fast-check says so by throwing.
  }
  return found;
}
