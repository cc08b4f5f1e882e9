/** `wireproof list`: every requirement that can be checked, one line each. */
import { clientChecks } from "../../conformance/client/catalogue.js";
import { needText } from "../../conformance/needs.js";
import { wrap } from "../../conformance/report/width.js";
import { type Requirement, requirements } from "../../conformance/requirements.js";
import type { RoleName } from "../../conformance/role.js";
import { serverChecks } from "../../conformance/server/catalogue.js";
import { EXIT } from "./failure.js";
import type { Terminal } from "./terminal.js";

export interface ListOptions {
  readonly json?: boolean;
  readonly coverage?: boolean;
  readonly document?: string;
  readonly channel?: string;
  /** Default: both, and with `coverage` that of servers. */
  readonly role?: RoleName;
}

/** Columns of a terminal that does not say how wide it is. */
const WIDTH = 120;

/** Lists what this version checks; the rest of the catalogue is only counted, or in JSON marked `checked: false`. */
export async function list(options: ListOptions, terminal: Terminal): Promise<number> {
  if (options.coverage === true) {
    const { listCoverage } = await import("./list-coverage.js");
    return listCoverage(options, terminal);
  }
  const checks = new Map([...serverChecks, ...clientChecks].map((check) => [check.id, check]));
  const asked = requirements.filter(({ role }) => options.role === undefined || role === options.role);
  if (options.json === true) {
    const rows = asked.map((requirement) => {
      const check = checks.get(requirement.id);
      const autobahn = check?.autobahn ?? requirement.autobahn;
      const profiles = [
        ...(check?.smoke === true ? ["smoke"] : []),
        ...(check?.safe === true || check?.passive === true ? ["safe"] : []),
      ];
      return {
        ...requirement,
        ...(autobahn === undefined ? {} : { autobahn }),
        checked: check !== undefined,
        profiles: check === undefined ? [] : [...profiles, "ci", "nightly"],
      };
    });
    terminal.result(JSON.stringify(rows, null, 2));
    return EXIT.ok;
  }
  const checked = asked.filter(({ id }) => checks.has(id));
  const idWidth = Math.max(...checked.map(({ id }) => id.length));
  const levelWidth = Math.max(...checked.map(({ level }) => level.length));
  const indent = " ".repeat(idWidth + levelWidth + 4);
  const room = Math.max(40, (terminal.width ?? WIDTH) - indent.length);
  for (const requirement of checked) {
    const { id, level, sentence, clause, needs } = requirement;
    const needed = needs.map(needText);
    const numbers = checks.get(id)?.autobahn ?? [];
    const text = [
      `${sentence} (${clause.text})`,
      ...(needed.length === 0 ? [] : [`needs ${needed.join(" and ")}`]),
      ...observation(requirement),
      ...(numbers.length === 0 ? [] : [`Autobahn ${ranges(numbers)}`]),
    ].flatMap((line) => wrap(line, room));
    const [first = "", ...more] = text;
    terminal.result(`${id.padEnd(idWidth)}  ${level.padEnd(levelWidth)}  ${first}`);
    for (const line of more) terminal.result(indent + line);
  }
  const left = asked.filter(({ id }) => !checks.has(id));
  terminal.result(
    left.length === 0
      ? `${checked.length} requirements are checked.`
      : `${checked.length} requirements are checked; ${left.length} more are written down and have no check yet (${left.map(({ id }) => id).join(", ")}).`,
  );
  return EXIT.ok;
}

/** What a row about clients asks of the way in which they are launched. */
function observation({ observes, hidden }: Requirement): string[] {
  const where = hidden?.in.join(" and ");
  return [
    ...(observes === "report" ? ["needs a client that reports (--driver, --browser)"] : []),
    ...(observes === "both" ? ["half of it needs a client that reports (--driver, --browser)"] : []),
    ...(hidden === undefined
      ? []
      : [`not ${hidden.part === true ? "all of it " : ""}in mode ${where}: no ${hidden.what}`]),
  ];
}

/** Case numbers with their runs drawn together: `2.1, 2.2, 2.3` is `2.1–2.3`. */
export function ranges(numbers: readonly string[]): string {
  const parts: string[] = [];
  let start: string | undefined;
  let last: string | undefined;
  const close = (): void => {
    if (start !== undefined) parts.push(start === last ? start : `${start}–${last}`);
  };
  for (const number of numbers) {
    if (last === undefined || number !== successor(last)) {
      close();
      start = number;
    }
    last = number;
  }
  close();
  return parts.join(", ");
}

function successor(number: string): string {
  const parts = number.split(".");
  return [...parts.slice(0, -1), String(Number(parts.at(-1)) + 1)].join(".");
}
