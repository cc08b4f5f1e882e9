/** Which checks a run runs: ids or their beginnings, globs over ids, and case numbers of the Autobahn test suite. */
import type { Check } from "./check.js";
import { requirementOf, requirements } from "./requirements.js";
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

function match(checks: readonly Check[], selector: string): readonly Check[] {
  const fits = selectorOf(selector);
  const found = checks.filter(({ id }) => fits(id));
  if (found.length > 0) return found;
  const planned = requirements.filter(({ id }) => fits(id)).map(({ id }) => id);
  if (planned.length > 0) {
    throw new UsageError(
      `"${selector}" matches ${planned.join(", ")}, which ${planned.length === 1 ? "is" : "are"} in the catalogue but not built yet. \`wireproof list\` shows what is.`,
    );
  }
  throw new UsageError(
    `"${selector}" matches no check. Write an id (S-FR-01), its beginning (S-CD), a glob (*-01) or an Autobahn case (autobahn:2.*); \`wireproof list\` shows them all.`,
  );
}

function selectorOf(selector: string): (id: string) => boolean {
  const [, cases] = /^autobahn:(.+)$/.exec(selector) ?? [];
  if (cases === undefined) {
    const pattern = globOf(selector.includes("*") ? selector : `${selector}*`);
    return (id) => pattern.test(id);
  }
  const pattern = globOf(cases);
  return (id) =>
    (requirementOf(id)?.autobahn ?? []).some(
      // A requirement may cover a whole group: then any case of the group selects it.
      (covered) => pattern.test(covered) || (covered.endsWith("*") && globOf(covered).test(cases)),
    );
}

function globOf(glob: string): RegExp {
  const escaped = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`, "i");
}
