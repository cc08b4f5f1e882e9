/** The forms in which `diff` prints what differs: for people, for programs, for a comment, for GitHub's log. */
import type { Change, ContractDiff, Effect } from "../contract/diff/diff.js";
import { verdictOf } from "./diff-verdict.js";
import { workflowCommand } from "./workflow-command.js";

/** Values of `--format`. */
export const DIFF_FORMATS = ["text", "json", "markdown", "github"] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

/** One of the two documents. */
export interface DiffSide {
  /** Path, as it was named. */
  readonly document: string;
  readonly version: string;
}

/** What was compared, and what came of it; files of changes are named as a terminal can open them. */
export interface DiffOutcome extends ContractDiff {
  readonly old: DiffSide;
  readonly new: DiffSide;
}

/** The whole output in one form, without a newline at its end. */
export function printDiff(format: DiffFormat, outcome: DiffOutcome): string {
  switch (format) {
    case "json": {
      const { old, new: next, bump, changes } = outcome;
      return JSON.stringify({ old, new: next, verdict: verdictOf(changes), bump, changes }, null, 2);
    }
    case "markdown":
      return markdown(outcome);
    case "github":
      return [...outcome.changes.map(annotation), summary(outcome)].join("\n");
    case "text":
      return [...outcome.changes.map(block), summary(outcome)].join("\n");
  }
}

const WORDS: Readonly<Record<Effect, string>> = {
  breaking: "breaking",
  "may-break": "may break",
  compatible: "compatible",
};

/** The last line of every form that people read. */
function summary({ old, new: next, bump, changes }: DiffOutcome): string {
  const counts = (["breaking", "may-break", "compatible"] as const).flatMap((effect) => {
    const count = changes.filter((change) => change.effect === effect).length;
    return count === 0 ? [] : [`${count} ${WORDS[effect]}`];
  });
  const found = counts.length > 0 ? counts.join(", ") : "no difference on the wire";
  return `${old.document} → ${next.document}: ${found}; version: ${wanted(old.version, next.version, bump)}`;
}

/** The bump, with the version that it leads to where the old one is a semantic version. */
function wanted(old: string, next: string, bump: ContractDiff["bump"]): string {
  const numbers = /^(\d+)\.(\d+)\.(\d+)$/.exec(old);
  if (numbers === null) return bump;
  const [major = 0, minor = 0, patch = 0] = numbers.slice(1).map(Number);
  const versions = {
    major: `${major + 1}.0.0`,
    minor: `${major}.${minor + 1}.0`,
    patch: `${major}.${minor}.${patch + 1}`,
    none: old,
  };
  const said = next === old ? "the new document says the same" : `the new document says ${next}`;
  return bump === "none" ? bump : `${bump} (${old} → ${versions[bump]}; ${said})`;
}

/** What a change is about: the message and the place in its payload, or the endpoint. */
function subject({ endpoint, direction, message, pointer }: Change): string {
  const about = message === undefined ? "" : ` ${direction ?? "message"} \`${message}\``;
  return `${endpoint}:${about === "" ? " connection" : about}${pointer === undefined || pointer === "" ? "" : ` ${pointer}`}`;
}

function sourceOf({ newSource, oldSource }: Change): Change["newSource"] {
  return newSource ?? oldSource;
}

function place(change: Change): string {
  const source = sourceOf(change);
  return source === undefined ? "" : `${source.file}:${source.line} `;
}

function block(change: Change): string {
  const { effect, rule, was, is, why, mend } = change;
  const lines = [
    `${place(change)}${WORDS[effect]} ${rule}: ${subject(change)}`,
    `    was: ${was}`,
    `    is:  ${is}`,
    `  ${why}`,
  ];
  return [...lines, ...(mend === undefined ? [] : [`  ${mend}`])].join("\n");
}

const LEVELS = { breaking: "error", "may-break": "warning", compatible: "notice" } as const;

function annotation(change: Change): string {
  const { effect, rule, was, is, why, mend } = change;
  const source = sourceOf(change);
  return workflowCommand(
    LEVELS[effect],
    {
      ...(source === undefined ? {} : { file: source.file, line: source.line }),
      title: `${WORDS[effect]}: ${rule}`,
    },
    [subject(change), `was: ${was}`, `is: ${is}`, why, ...(mend === undefined ? [] : [mend])].join("\n"),
  );
}

function markdown(outcome: DiffOutcome): string {
  const { changes } = outcome;
  const title = `## ${verdictOf(changes) === "same" ? "No difference on the wire" : `The new contract: ${WORDS[worst(changes)]}`}`;
  const rows = changes.map((change) => {
    const { effect, rule, was, is, why, mend = "" } = change;
    const cells = [
      WORDS[effect],
      `${place(change)}${subject(change)}`,
      rule,
      was,
      is,
      `${why} ${mend}`.trim(),
    ];
    return `| ${cells.map(cell).join(" | ")} |`;
  });
  const table = [
    "| verdict | where | what | was | is | who breaks, and what to do |",
    "|---|---|---|---|---|---|",
    ...rows,
  ];
  return [title, "", ...(rows.length === 0 ? [] : [...table, ""]), summary(outcome)].join("\n");
}

function worst(changes: readonly Change[]): Effect {
  return changes[0]?.effect ?? "compatible";
}

/** A bar ends a cell, and `<` begins HTML. */
function cell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ");
}
