/** Which checks a run runs: ids or their beginnings, globs over ids, and case numbers of the Autobahn test suite. */
import { requirements } from "./requirements.js";
import type { RoleName } from "./role.js";
import { UsageError } from "./usage-error.js";

/** What the user selected. */
export interface Selection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** What of a check a selector looks at. */
interface Selectable {
  readonly id: string;
  readonly autobahn?: readonly string[];
}

/**
 * The checks of a role that `only` names and `skip` does not. Throws UsageError for a selector that matches nothing.
 */
export function selectChecks<T extends Selectable>(
  checks: readonly T[],
  selection: Selection,
  role: RoleName,
): readonly T[] {
  const { only = [], skip = [] } = selection;
  const matching = (one: string): readonly T[] => match(checks, one, role);
  const wanted = only.length === 0 ? new Set(checks) : new Set(only.flatMap(matching));
  const unwanted = new Set(skip.flatMap(matching));
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

function match<T extends Selectable>(checks: readonly T[], selector: string, role: RoleName): readonly T[] {
  const numbers = numbersOf(selector);
  const pattern = numbers ?? globOfId(selector);
  const found = checks.filter(({ id, autobahn = [] }) =>
    numbers === undefined ? pattern.test(id) : autobahn.some((one) => pattern.test(one)),
  );
  if (found.length > 0) return found;
  const named = requirements.filter(({ id }) => numbers === undefined && pattern.test(id));
  const planned = named.flatMap((one) => (one.role === role ? [one.id] : []));
  const other = role === "server" ? "client" : "server";
  if (named.length > 0 && planned.length === 0) {
    throw new UsageError(
      `"${selector}" is about ${other}s, and here a ${role} is judged. \`wireproof check ${other}\` does that.`,
    );
  }
  if (planned.length > 0) {
    throw new UsageError(
      `"${selector}" matches ${planned.join(", ")}, which ${planned.length === 1 ? "is" : "are"} in the catalogue but not built yet. \`wireproof list\` shows what is.`,
    );
  }
  throw new UsageError(
    `"${selector}" matches no check. Write an id (${role === "server" ? "S" : "C"}-FR-01), its beginning (${role === "server" ? "S" : "C"}-CD), a glob (*-01) or an Autobahn case (autobahn:2.*); \`wireproof list\` shows them all.`,
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
