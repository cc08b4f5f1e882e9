/**
 * The verbs, their options and their help. A verb's work is imported when it runs: `--help` and `--version` load
 * nothing but this file and the option parser.
 */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { CheckServerVerbOptions } from "./check-server.js";
import type { GenerateOptions } from "./generate.js";
import type { LintOptions } from "./lint.js";
import type { ListOptions } from "./list.js";
import type { ServeOptions } from "./serve.js";
import type { Terminal } from "./terminal.js";
import { wireproofVersion } from "./version.js";

/** The command tree. `done` gets the exit code of the verb that ran. */
export function createProgram(terminal: Terminal, done: (exitCode: number) => void): Command {
  const program = new Command("wireproof")
    .description(
      "Turns an AsyncAPI document into a WebSocket contract that both ends can be held to: " +
        "typed codecs, a reference server or mock, and conformance checks for any server.",
    )
    .version(wireproofVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [verb]", "print help for a verb")
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
      new Option("--format <format>", "how findings are printed").choices(["text", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      examples("lint asyncapi.yaml", "lint their-client.yaml --as client", "lint --format json"),
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
      new Option("--codec <kind>", "codecs that are small, fast, or the choice of each message (auto)")
        .choices(["small", "fast", "auto"])
        .default("auto"),
    )
    .addOption(perspective())
    .option("--check", "write nothing; exit 1 when the files differ from what the document gives")
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

  const check = program
    .command("check")
    .summary("judge a server against the document")
    .description("Judges an implementation against the document.")
    .addHelpText("after", examples("check server ws://127.0.0.1:8080"));

  check
    .command("server")
    .summary("judge the server at a URL")
    .description(
      "Judges the server at a URL: a URL with a path is used as it is, else the channel's address is appended. " +
        "Exit 0: it conforms. 1: it does not. 2: wrong usage, or the kit failed. 3: too little could be tested.",
    )
    .addArgument(new Argument("<url>", "ws://, wss://, http:// or https://").argParser(serverUrl))
    .option("--document <file>", "an AsyncAPI document, or a compiled contract.json")
    .option("--channel <name>", "the channel that it serves; needed when the document has several")
    .addOption(perspective())
    .option(
      "--seed <number>",
      "decides every random case; a report names its own",
      wholeNumber("A seed", 0, SEED_MAX),
    )
    .option(
      "--runs <number>",
      "random cases for each property",
      wholeNumber("The number of runs", 1, 1_000_000),
    )
    .option("--only <checks>", "only these checks: ids or their beginnings, with commas", selection)
    .option("--skip <checks>", "all but these checks", selection)
    .option("--param <name=value>", "a value of a parameter of the address; several with commas", parameter)
    .addOption(timeScale())
    .option("--report <kind=file>", "write a report; kinds: json", reportTarget)
    .option("--verbose", "print evidence for every check, not only for failures")
    .addHelpText(
      "after",
      examples(
        "check server ws://127.0.0.1:8080 --channel tasks",
        "check server ws://127.0.0.1:8080/ws --document asyncapi.yaml --report json=report.json",
        "check server ws://127.0.0.1:8080 --channel workflow --only S-CD --seed 42",
      ),
    )
    .action(async (url: string, options: Omit<CheckServerVerbOptions, "url">) => {
      const { checkServerVerb } = await import("./check-server.js");
      done(await checkServerVerb({ ...options, url }, terminal));
    });

  program
    .command("list")
    .summary("name every requirement that can be checked")
    .description("Names every requirement that can be checked: id, level, sentence and source.")
    .option("--json", "as JSON")
    .addHelpText("after", examples("list", "list --json"))
    .action(async (options: ListOptions) => {
      const { list } = await import("./list.js");
      done(await list(options, terminal));
    });

  return program;
}

const SEED_MAX = 2 ** 31 - 1;

const MAIN_EXAMPLES = `
Examples:
  $ wireproof generate asyncapi.yaml --out src/generated
  $ wireproof serve --port 8080
  $ wireproof check server ws://127.0.0.1:8080 --channel workflow

Without a document, ./asyncapi.yaml is used where there is one, else the bundled document.`;

const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ wireproof ${line}`).join("\n")}`;

const documentArgument = (): Argument =>
  new Argument("[document]", "an AsyncAPI document (YAML or JSON), or a compiled contract.json");

const perspective = (): Option =>
  new Option("--as <side>", "whose side the document was written from").choices(["server", "client"]);

const timeScale = (): Option =>
  new Option("--time-scale <factor>", "multiplies every duration of the contract, as 0.05").argParser(
    positiveDecimal,
  );

function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`);
  };
}

function positiveDecimal(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 1000) return value;
  throw new InvalidArgumentError("It is a decimal above 0 and at most 1000, as 0.05.");
}

function selection(text: string): string[] {
  const ids = text.split(",").map((id) => id.trim());
  if (ids.every((id) => id !== "")) return ids;
  throw new InvalidArgumentError("Name one or more checks, with commas, as S-CD-01,S-FR.");
}

function serverUrl(text: string): string {
  const schemes = ["ws:", "wss:", "http:", "https:"];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && schemes.includes(url.protocol) && url.hostname !== "") return text;
  const meant = URL.canParse(`ws://${text}`) ? ` Did you mean ws://${text}?` : "";
  throw new InvalidArgumentError(`A URL begins with ws://, wss://, http:// or https://.${meant}`);
}

function parameter(text: string, previous: Record<string, string[]> = {}): Record<string, string[]> {
  const at = text.indexOf("=");
  const values = text.slice(at + 1).split(",");
  if (at < 1 || values.includes(""))
    throw new InvalidArgumentError("It is a name and a value, as id=42 or id=42,43.");
  return { ...previous, [text.slice(0, at)]: values };
}

/** A report to write, from `kind=file`. */
export interface ReportTarget {
  readonly kind: "json";
  readonly file: string;
}

function reportTarget(text: string, previous: ReportTarget[] = []): ReportTarget[] {
  const at = text.indexOf("=");
  const kind = text.slice(0, Math.max(at, 0));
  const file = text.slice(at + 1);
  if (kind !== "json" || file === "") {
    throw new InvalidArgumentError(`It is a kind and a file, as json=report.json. Kinds: json.`);
  }
  return [...previous, { kind, file }];
}
