/** The options that `check server` and `check client` share, by groups. Loads nothing but the option parser. */
import { type Command, Option } from "commander";
import type { RoleName } from "../../conformance/role.js";
import {
  parameter,
  percentage,
  positiveDecimal,
  queryPair,
  SEED_MAX,
  selection,
  wholeNumber,
} from "./arguments.js";
import { perspective, timeScale } from "./help.js";
import { REPORT_KINDS, reportTarget } from "./report-kinds.js";

/** How many cases may run at once in a role, and by default. */
const WORKERS = {
  server: { most: 16, words: "cases that run at once (16)" },
  client: { most: 32, words: "clients that run at once (32; 8 under libfaketime)" },
} as const;

const WAIT: Readonly<Record<RoleName, string>> = {
  server: "how long the server may take until it listens",
  client: "how long the client may take until it connects (10; with --attach 300)",
};

/** What is judged. */
export function whatToCheck(command: Command, role: RoleName): void {
  command
    .optionsGroup("What is judged:")
    .option("--document <file>", "an AsyncAPI document, or a compiled contract.json")
    .option("--channel <name>", "the channel that it speaks; needed when the document has several")
    .addOption(perspective())
    .option("--only <checks>", "only these checks: ids or their beginnings, with commas", selection)
    .option("--skip <checks>", "all but these checks", selection)
    .option("--baseline <file>", "known failures that do not fail the run")
    .option("--strict", "a warning fails the run as well")
    .option(
      "--min-coverage <percent>",
      `decided share of the MUST checks for exit 0 (80)${role === "client" ? "; what needs a driver is left out without one" : ""}`,
      percentage,
    );
}

/** How much, and how long. */
export function howMuch(command: Command, role: RoleName): void {
  const { most, words } = WORKERS[role];
  command
    .optionsGroup("How much, and how long:")
    .addOption(
      new Option("--profile <name>", "how much is tried; safe sends nothing illegal and no floods").choices([
        "smoke",
        "ci",
        "nightly",
        "safe",
      ]),
    )
    .option("--seed <number>", "decides every random case", wholeNumber("A seed", 0, SEED_MAX))
    .option(
      "--runs <number>",
      "random cases for each property",
      wholeNumber("The number of runs", 1, 1_000_000),
    )
    .option("--max-time <seconds>", "the longest that the run may take", positiveDecimal(86_400, "90"))
    .option(
      "--max-failures <number>",
      "ends the run after so many failures",
      wholeNumber("The number of failures", 1, 10_000),
    )
    .option("--workers <number>", words, wholeNumber("The number of cases", 1, most))
    .addOption(timeScale())
    .option(
      "--patience <ms>",
      "the longest wait for any answer",
      wholeNumber("The patience in milliseconds", 1, 3_600_000),
    )
    .option("--wait <seconds>", WAIT[role], positiveDecimal(3600, "30"));
}

/** Which address: the parameters that the document leaves open. */
export function whichAddress(command: Command, role: RoleName): void {
  const where = role === "server" ? "of every handshake" : "of the URL that the client is given";
  command
    .option("--query <name=value>", `a query parameter ${where}`, queryPair)
    .option("--param <name=value>", "a value of a parameter of the address; several with commas", parameter);
}

/** What is printed. */
export function whatToPrint(command: Command): void {
  command
    .optionsGroup("What is printed:")
    .option("--report <kind=file>", `write a report; kinds: ${REPORT_KINDS.join(", ")}`, reportTarget)
    .option("--verbose", "print evidence for every check, not only for failures")
    .optionsGroup("Options:");
}

/** The words of the command line as they came: only they tell whether a `--` stood there. */
export function rawWords(program: Command): readonly string[] {
  const words: unknown = Reflect.get(program, "rawArgs");
  return Array.isArray(words) ? words : [];
}
