/** `wireproof replay`: its options and help. What it does is loaded when it runs. */
import type { Command } from "commander";
import { headerLine, queryPair, serverUrl } from "./arguments.js";
import { examples } from "./help.js";
import type { ReplayVerbOptions } from "./replay.js";
import type { Terminal } from "./terminal.js";

/** What the parser makes of the options; the arguments come beside them. */
type ParsedOptions = Omit<ReplayVerbOptions, "report" | "check">;

/** Adds the verb. */
export function addReplay(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  program
    .command("replay")
    .summary("play the failures of a report again")
    .description(
      "Plays what failed in a JSON report again, each failure in the very case in which it was found, and says " +
        "whether it is fixed. Secrets are not in a report: give them again, by the options below or by --config.\n\n" +
        "Exit 0: all are fixed. 1: one still fails. 2: wrong usage, or nothing could be told.",
    )
    .argument("<report>", "a report that check has written with --report json=file")
    .argument("[check]", "only this check, as S-FR-11; default: all that failed")
    .option("--snippet", "print the failing case as a Node script of its own, and play nothing")
    .option("--url <url>", "where a server listens now", serverUrl)
    .option("--document <file>", "the document, where it is not where it was")
    .option("--config <file>", "credentials, payloads and more, as YAML or JSON")
    .option("--header <name: value>", "a header of every handshake with a server", headerLine)
    .option("--query <name=value>", "a query parameter of every handshake or URL", queryPair)
    .option("--verbose", "print what still fails in full")
    .addHelpText(
      "after",
      examples(
        "replay report.json",
        "replay report.json S-FR-11 --url ws://127.0.0.1:8081",
        "replay report.json S-FR-11 --snippet > case.mjs",
      ),
    )
    .action(async (report: string, check: string | undefined, options: ParsedOptions) => {
      const { replay } = await import("./replay.js");
      done(await replay({ ...options, report, ...(check === undefined ? {} : { check }) }, terminal));
    });
}
