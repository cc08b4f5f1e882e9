/** `wireproof check`: its options and help. What it does is loaded when it runs. */
import { Argument, type Command, Option } from "commander";
import {
  commandWords,
  headerLine,
  names,
  parameter,
  percentage,
  positiveDecimal,
  queryPair,
  resolution,
  SEED_MAX,
  selection,
  serverUrl,
  wholeNumber,
} from "./arguments.js";
import type { CheckServerVerbOptions } from "./check-server.js";
import { UsageError } from "./failure.js";
import { examples, perspective, timeScale } from "./help.js";
import { REPORT_KINDS, reportTarget } from "./report-kinds.js";
import type { Terminal } from "./terminal.js";

/** What the parser makes of the options; the command after `--` comes beside them. */
type ParsedOptions = Omit<CheckServerVerbOptions, "url" | "command">;

/** Adds the verb. */
export function addCheck(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  const check = program
    .command("check")
    .summary("judge a server against the document")
    .description("Judges an implementation against the document.")
    .helpCommand(false)
    .addHelpText("after", examples("check server ws://127.0.0.1:8080", "help check server"));

  const server = check
    .command("server")
    .summary("judge the server at a URL")
    .usage("[options] <url> [-- command args...]")
    .description(
      "Judges the server at a URL: a URL with a path is used as it is, else the channel's address is appended. " +
        "A command after -- is started first and ended afterwards, with all that it started.\n\n" +
        "Exit 0: it conforms. 1: it does not. 2: wrong usage, or the kit failed. 3: too little could be tested.",
    )
    .addArgument(new Argument("<url>", "ws://, wss://, http:// or https://"))
    .addArgument(new Argument("[command...]", "after --: the program that serves it, and its arguments"));
  whatToCheck(server);
  howMuch(server);
  howToConnect(server);
  whatToPrint(server);
  server
    .addHelpText(
      "after",
      examples(
        "check server ws://127.0.0.1:8080 --channel tasks",
        "check server ws://127.0.0.1:8080/ws --document asyncapi.yaml --report html=report.html",
        "check server ws://127.0.0.1:3000 --channel chat --wait 20 -- node server.js",
        "check server wss://example.com/ws --profile safe --header 'Authorization: Bearer abc'",
        "check server ws://127.0.0.1:8080 --channel workflow --only S-CD,autobahn:6.* --seed 42",
      ),
    )
    .action(async (url: string, command: readonly string[], options: ParsedOptions) => {
      const typed = serverUrl(url);
      if (command.length > 0 && !rawWords(program).includes("--")) {
        throw new UsageError(
          `"${command[0]}" is one argument too many; a command to start stands after --, as: -- ${command.join(" ")}`,
        );
      }
      const { checkServerVerb } = await import("./check-server.js");
      const started = command.length === 0 ? {} : { command };
      done(await checkServerVerb({ ...options, url: typed, ...started }, terminal));
    });

  check
    .command("client", { hidden: true })
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new UsageError(
        "check client is not part of this version yet: it judges servers only. `wireproof check server <url>` does that.",
      );
    });
}

function whatToCheck(command: Command): void {
  command
    .optionsGroup("What is judged:")
    .option("--document <file>", "an AsyncAPI document, or a compiled contract.json")
    .option("--channel <name>", "the channel that it serves; needed when the document has several")
    .addOption(perspective())
    .option("--only <checks>", "only these checks: ids or their beginnings, with commas", selection)
    .option("--skip <checks>", "all but these checks", selection)
    .option("--baseline <file>", "known failures that do not fail the run")
    .option("--strict", "a warning fails the run as well")
    .option("--min-coverage <percent>", "decided share of the MUST checks for exit 0 (80)", percentage);
}

function howMuch(command: Command): void {
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
    .option("--workers <number>", "cases that run at once (16)", wholeNumber("The number of cases", 1, 16))
    .addOption(timeScale())
    .option(
      "--patience <ms>",
      "the longest wait for any answer",
      wholeNumber("The patience in milliseconds", 1, 3_600_000),
    )
    .option("--wait <seconds>", "how long the server may take until it listens", positiveDecimal(3600, "30"));
}

function howToConnect(command: Command): void {
  command
    .optionsGroup("How it is reached:")
    .option("--config <file>", "credentials, payloads and more: YAML or JSON by schemas/config.json")
    .option("--header <name: value>", "a header of every handshake", headerLine)
    .option("--query <name=value>", "a query parameter of every handshake", queryPair)
    .option("--param <name=value>", "a value of a parameter of the address; several with commas", parameter)
    .option("--subprotocol <names>", "the subprotocols to offer, with commas", names)
    .option("--origin <origin>", "the Origin header")
    .option(
      "--auth-command <json>",
      "argv that prints credentials as JSON, for each connection",
      commandWords,
    )
    .option("--ca <file>", "trust the certificates of this authority as well (PEM)")
    .option("--insecure", "take any certificate")
    .option("--cert <file>", "the client's certificate (PEM)")
    .option("--key <file>", "the key of the client's certificate (PEM)")
    .option("--resolve <host:address>", "connect to this IP address instead", resolution);
}

function whatToPrint(command: Command): void {
  command
    .optionsGroup("What is printed:")
    .option("--report <kind=file>", `write a report; kinds: ${REPORT_KINDS.join(", ")}`, reportTarget)
    .option("--verbose", "print evidence for every check, not only for failures")
    .optionsGroup("Options:");
}

/** The words of the command line as they came: only they tell whether a `--` stood there. */
function rawWords(program: Command): readonly string[] {
  const words: unknown = Reflect.get(program, "rawArgs");
  return Array.isArray(words) ? words : [];
}
