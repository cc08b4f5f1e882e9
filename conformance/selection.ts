/** Which checks a run runs: ids or their beginnings, globs over ids, and case numbers of the Autobahn test suite. */
import type { Check } from "./check.js";
import { requirements } from "./requirements.js";
import { UsageError } from "./server/subject.js";

/** What the user selected. */
export interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** The checks that `only` names and `skip` does not. Throws UsageError for a selector that matches nothing. */
export function selectChecks(checks: readonly Check[], selection: Selection): readonly Check[] {
  const { only = [], skip = [] } = selection;
  const wanted = only.length === 0 ? new Set(checks) : new Set(only.flatMap((one) => match(checks, one)));
  const unwanted = new Set(skip.flatMap((one) => match(checks, one)));
  const selected = checks.filter((check) => wanted.has(check) && !unwanted.has(check));
  if (selected.length === 0)
    throw new UsageError("Nothing is left to check: --skip takes away all that --only names.");
  return selected;
}

/** Says whether a check plays a case: by its Autobahn number, or (undefined) one that has none. */
export type CaseSelector = (check: string, autobahn: string | undefined) => boolean;

/**
 * Which cases of its checks a run plays: all of them, but where a check was selected by Autobahn numbers alone, only
 * those that are named.
 */
export function caseSelector({ only = [] }: Selection): CaseSelector {
  const numbers = only.flatMap((one) => numbersOf(one) ?? []);
  const ids = only.filter((one) => numbersOf(one) === undefined).map(globOfId);
  return (check, autobahn) => {
    if (numbers.length === 0 || ids.some((pattern) => pattern.test(check))) return true;
    return autobahn !== undefined && numbers.some((pattern) => pattern.test(autobahn));
  };
}

function match(checks: readonly Check[], selector: string): readonly Check[] {
  const numbers = numbersOf(selector);
  const pattern = numbers ?? globOfId(selector);
  const found = checks.filter(({ id, autobahn = [] }) =>
    numbers === undefined ? pattern.test(id) : autobahn.some((one) => pattern.test(one)),
  );
  if (found.length > 0) return found;
  const planned = requirements
    .filter(({ id }) => numbers === undefined && pattern.test(id))
    .map(({ id }) => id);
  if (planned.length > 0) {
    throw new UsageError(
      `"${selector}" matches ${planned.join(", ")}, which ${planned.length === 1 ? "is" : "are"} in the catalogue but not built yet. \`wireproof list\` shows what is.`,
    );
  }
  throw new UsageError(
    `"${selector}" matches no check. Write an id (S-FR-01), its beginning (S-CD), a glob (*-01) or an Autobahn case (autobahn:2.*); \`wireproof list\` shows them all.`,
  );
}

/** The pattern of a selector of Autobahn cases; undefined for one of ids. */
function numbersOf(selector: string): RegExp | undefined {
  const [, cases] = /^autobahn:(.+)$/i.exec(selector) ?? [];
  return cases === undefined ? undefined : globOf(cases);
}

function globOfId(selector: string): RegExp {
  return globOf(selector.includes("*") ? selector : `${selector}*`);
}

function globOf(glob: string): RegExp {
  const escaped = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`, "i");
}
