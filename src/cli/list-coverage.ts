/** `wireproof list --coverage`: what of a document is tested by which check, and what is not, and why. */
import { clientChecks } from "../../conformance/client/catalogue.js";
import { coverageOf, type DocumentCoverage } from "../../conformance/coverage.js";
import { cut, pad, wrap } from "../../conformance/report/width.js";
import { serverChecks } from "../../conformance/server/catalogue.js";
import { chooseContract, chooseEndpoint } from "./document.js";
import { EXIT } from "./failure.js";
import type { ListOptions } from "./list.js";
import type { Terminal } from "./terminal.js";

/** Columns of a terminal that does not say how wide it is. */
const WIDTH = 100;

/** Prints the coverage of one channel, or of all. */
export async function listCoverage(options: ListOptions, terminal: Terminal): Promise<number> {
  const contract = await chooseContract(options.document, undefined);
  const endpoints =
    options.channel === undefined ? contract.endpoints : [chooseEndpoint(contract, options.channel)];
  const { role = "server" } = options;
  const checks = role === "server" ? serverChecks : clientChecks;
  const all = endpoints.map((endpoint) => coverageOf(contract, endpoint, checks, role));
  if (options.json === true) {
    terminal.result(JSON.stringify(all, null, 2));
    return EXIT.ok;
  }
  const width = Math.max(60, terminal.width ?? WIDTH);
  for (const [index, one] of all.entries()) {
    if (index > 0) terminal.result("");
    for (const line of render(one, width)) terminal.result(line);
  }
  return EXIT.ok;
}

function render(coverage: DocumentCoverage, width: number): string[] {
  const { clauses, closeCodes, operations, states } = coverage;
  const lines = [`${coverage.endpoint}: what is tested by which check`, ""];
  const section = (title: string, rows: readonly (readonly string[])[], empty: string): void => {
    lines.push(title, ...(rows.length === 0 ? [`  ${empty}`] : columns(rows, width)), "");
  };
  section(
    "Clause × check",
    clauses.flatMap(({ clause, checks }) =>
      checks.map(({ id, title, untested }, index) => [
        index === 0 ? clause : "",
        id,
        untested === undefined ? title : `untested: ${untested}`,
      ]),
    ),
    "none",
  );
  section(
    "Operation × keyword",
    operations.flatMap((one) => [
      [`${one.operation}: ${one.message}`, one.direction, said(one)],
      ...one.keywords.map((row) => ["", `${row.keyword} × ${row.places}`, said(row)]),
    ]),
    "the document declares no operation",
  );
  section(
    "States",
    states.map((row) => [row.lifecycle, row.state, said(row)]),
    "the document declares no lifecycle (x-ws-lifecycle)",
  );
  section(
    "Close codes",
    closeCodes.map((row) => [row.code, row.cause.join(", "), said(row)]),
    "the document declares none (x-ws-close-codes)",
  );
  return [...lines, ...summary(coverage)];
}

function said(tested: { readonly by: readonly string[]; readonly untested?: string }): string {
  const by = tested.by.join(", ");
  if (tested.untested === undefined) return by;
  return by === "" ? `untested: ${tested.untested}` : `${by} (${tested.untested})`;
}

/** Three columns; the last one is broken. */
function columns(rows: readonly (readonly string[])[], width: number): string[] {
  const most = Math.floor(width / 3);
  const widths = [0, 1].map((at) => Math.min(most, Math.max(...rows.map((row) => row[at]?.length ?? 0))));
  const [first = 0, second = 0] = widths;
  const indent = 2 + first + 2 + second + 2;
  return rows.flatMap(([one = "", two = "", three = ""]) => {
    const [head = "", ...more] = wrap(three, Math.max(20, width - indent));
    const line = `  ${pad(cut(one, first), first + 2)}${pad(cut(two, second), second + 2)}${head}`;
    return [line.trimEnd(), ...more.map((text) => " ".repeat(indent) + text)];
  });
}

function summary({ clauses, closeCodes, operations, states }: DocumentCoverage): string[] {
  const share = (list: readonly { readonly untested?: string; readonly by?: readonly string[] }[]): string =>
    `${list.filter(({ by, untested }) => (by === undefined ? untested === undefined : by.length > 0)).length} of ${list.length}`;
  const keywords = operations.flatMap((one) => one.keywords);
  return [
    `Tested: ${share(clauses.flatMap(({ checks }) => checks))} checks apply, ${share(operations)} messages of operations, ` +
      `${share(keywords)} keywords, ${share(states)} states, ${share(closeCodes)} close codes.`,
  ];
}
