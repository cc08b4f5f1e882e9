/**
 * The verbs, their options and their help. A verb's work is imported when it runs: `--help` and `--version` load
 * nothing but this file and the option parser.
 */
import { Command, Option } from "commander";
import { SEED_MAX, selection, wholeNumber } from "./arguments.js";
import { addCheck } from "./check-command.js";
import type { DiffOptions } from "./diff.js";
import { DIFF_FORMATS } from "./diff-forms.js";
import type { GenerateOptions } from "./generate.js";
import { addHelp, documentArgument, examples, perspective, timeScale } from "./help.js";
import type { LintOptions } from "./lint.js";
import { LINT_FORMATS } from "./lint-forms.js";
import type { ListOptions } from "./list.js";
import { addReplay } from "./replay-command.js";
import type { SelftestVerbOptions } from "./selftest.js";
import type { ServeOptions } from "./serve.js";
import type { Terminal } from "./terminal.js";
import { wireproofVersion } from "./version.js";

/** The command tree. `done` gets the exit code of the verb that ran. */
export function createProgram(terminal: Terminal, done: (exitCode: number) => void): Command {
  const program = new Command("wireproof")
    .description(
      "Turns an AsyncAPI document into a WebSocket contract that both ends can be held to: " +
        "typed codecs, a reference server or mock, and conformance checks for any server or client.",
    )
    .version(wireproofVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .showHelpAfterError("Run it with --help for its usage and examples.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.result(text.trimEnd()),
      writeErr: (text) => terminal.progress(text.trimEnd()),
    })
    .addHelpText("after", MAIN_EXAMPLES);

  program
    .command("lint")
    .summary("say what is wrong with a document")
    .description("Says what is wrong with a document: rule, file, line, and what to do.")
    .addArgument(documentArgument())
    .addOption(perspective())
    .addOption(
      new Option("--format <format>", "how findings are printed").choices(LINT_FORMATS).default("text"),
    )
    .addHelpText(
      "after",
      examples(
        "lint asyncapi.yaml",
        "lint their-client.yaml --as client",
        "lint --format sarif > lint.sarif",
      ),
    )
    .action(async (document: string | undefined, options: Omit<LintOptions, "document">) => {
      const { lint } = await import("./lint.js");
      done(await lint({ ...options, ...(document === undefined ? {} : { document }) }, terminal));
    });

  program
    .command("generate")
    .summary("write types and codecs, or check that they are fresh")
    .description(
      "Writes the contract, the types and the codecs of a document. They need no package at run time.",
    )
    .addArgument(documentArgument())
    .option("--out <folder>", "where the files go", "generated")
    .addOption(
      new Option("--codec <kind>", "codecs that are small, fast, or fast for servers and hot messages (auto)")
        .choices(["small", "fast", "auto"])
        .default("auto"),
    )
    .addOption(perspective())
    .option("--check", "write nothing; exit 1 when the files differ from what the document gives")
    .option("--verbose", "say which messages fast codecs cannot read without JSON.parse, and why")
    .addHelpText("after", examples("generate asyncapi.yaml --out src/generated", "generate --check"))
    .action(async (document: string | undefined, options: Omit<GenerateOptions, "document">) => {
      const { generateFiles } = await import("./generate.js");
      done(await generateFiles({ ...options, ...(document === undefined ? {} : { document }) }, terminal));
    });

  program
    .command("serve")
    .summary("run the reference server, or a mock of any document")
    .description(
      "Runs the reference server of the bundled document, or a mock of any other, until it is stopped.",
    )
    .addArgument(documentArgument())
    .option("--channel <name>", "serve only this channel")
    .addOption(perspective())
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option(
      "--port <number>",
      "where to listen; 0: any free port, printed",
      wholeNumber("A port", 0, 65_535),
      8080,
    )
    .addOption(timeScale())
    .option("--seed <number>", "decides everything that is random", wholeNumber("A seed", 0, SEED_MAX), 1)
    .addOption(
      new Option("--log <format>", "one line a connection")
        .choices(["pretty", "json", "none"])
        .default("pretty"),
    )
    .option("--token <secret>", "ask every connection for this token")
    .option("--origin <origin...>", "let only these browser origins in")
    .addHelpText(
      "after",
      examples("serve --port 0", "serve gemini.yaml --channel marketData", "serve --time-scale 0.05"),
    )
    .action(async (document: string | undefined, options: Omit<ServeOptions, "document">) => {
      const { serve } = await import("./serve.js");
      done(await serve({ ...options, ...(document === undefined ? {} : { document }) }, terminal));
    });

  program
    .command("diff")
    .summary("say what a new version of a document breaks")
    .description(
      "Compares two documents: what a client of the old one and a server of the new one can no longer say to each other, and by how much the version has to rise. " +
        "Exit 0: they still talk. 1: they do not, or it is not decided (may break). 2: wrong usage.",
    )
    .argument("<old>", "an AsyncAPI document (YAML or JSON), or a compiled contract.json")
    .argument("<new>", "what became of it")
    .addOption(perspective())
    .addOption(
      new Option("--format <format>", "how differences are printed").choices(DIFF_FORMATS).default("text"),
    )
    .option("--allow-may-break", "exit 0 where nothing is worse than undecided")
    .addHelpText(
      "after",
      examples("diff released.yaml asyncapi.yaml", "diff old.json new.yaml --format markdown > diff.md"),
    )
    .action(async (old: string, next: string, options: DiffOptions) => {
      const { diff } = await import("./diff.js");
      done(await diff(old, next, options, terminal));
    });

  addCheck(program, terminal, done);
  addReplay(program, terminal, done);

  program
    .command("list")
    .summary("name every requirement that can be checked")
    .description(
      "Names every requirement that can be checked: id, level, sentence and source; with --coverage, what of a document is tested by which check, and what is not, and why.",
    )
    .option("--coverage", "what of a document is tested, and what is not, and why")
    .option("--document <file>", "for --coverage: an AsyncAPI document, or a compiled contract.json")
    .option("--channel <name>", "for --coverage: only this channel")
    .addOption(
      new Option("--role <who>", "only what is required of a server, or of a client").choices([
        "server",
        "client",
      ]),
    )
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples("list", "list --role client", "list --json", "list --coverage --channel tasks"),
    )
    .action(async (options: ListOptions) => {
      const { list } = await import("./list.js");
      done(await list(options, terminal));
    });

  program
    .command("selftest")
    .summary("prove the checks on servers and clients that are known to be wrong")
    .description(
      "Proves the checks: each of our wrong servers and clients (mutants) meets the check that owns its rule and some others, every check meets correct ones, and those that keep no contract pass nothing. " +
        "Exit 0: every mutant is killed and nothing correct is accused. 1: not so.",
    )
    .addOption(
      new Option("--role <half>", "try servers, clients, or both")
        .choices(["server", "client", "both"])
        .default("both"),
    )
    .option("--full", "every mutant against every check")
    .option("--drawn <number>", "how many others (2)", wholeNumber("The number of checks", 0, 100))
    .option("--only <names>", "only these mutants, or those of these checks", selection)
    .option("--seed <number>", "draws the others", wholeNumber("A seed", 0, SEED_MAX), 1)
    .option("--jobs <number>", "processes at once", wholeNumber("The number of processes", 1, 64))
    .option("--json", "as JSON")
    .addOption(new Option("--worker").hideHelp())
    .addHelpText(
      "after",
      examples(
        "selftest",
        "selftest --role client",
        "selftest --only S-FR",
        "selftest --only terminal-twice",
      ),
    )
    .action(async (options: SelftestVerbOptions) => {
      const { selftest } = await import("./selftest.js");
      done(await selftest(options, terminal));
    });

  addHelp(program);
  return program;
}

const MAIN_EXAMPLES = `
Examples:
  $ wireproof generate asyncapi.yaml --out src/generated
  $ wireproof serve --port 8080
  $ wireproof check server ws://127.0.0.1:8080 --channel workflow
  $ wireproof check client --channel workflow -- node client.js

Without a document, ./asyncapi.yaml is used where there is one, else the bundled document.`;
