/** `wireproof check`: its two halves with their options and help. What they do is loaded when they run. */
import { Argument, type Command, Option } from "commander";
import { commandWords, headerLine, names, resolution, serverUrl, wholeNumber } from "./arguments.js";
import type { CheckClientVerbOptions } from "./check-client.js";
import { howMuch, rawWords, whatToCheck, whatToPrint, whichAddress } from "./check-options.js";
import type { CheckServerVerbOptions } from "./check-server.js";
import { UsageError } from "./failure.js";
import { examples } from "./help.js";
import type { Terminal } from "./terminal.js";

/** What the parser makes of the options; the command after `--` comes beside them. */
type ServerOptions = Omit<CheckServerVerbOptions, "url" | "command">;
type ClientOptions = Omit<CheckClientVerbOptions, "command">;

const EXIT_CODES =
  "Exit 0: it conforms. 1: it does not. 2: wrong usage, or the kit failed. 3: too little could be tested.";

/** Adds the verb. */
export function addCheck(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  const check = program
    .command("check")
    .summary("judge a server or a client against the document")
    .description("Judges an implementation against the document.")
    .helpCommand(false)
    .addHelpText(
      "after",
      examples("check server ws://127.0.0.1:8080", "check client -- node client.js", "help check server"),
    );
  addServer(program, check, terminal, done);
  addClient(program, check, terminal, done);
}

function addServer(
  program: Command,
  check: Command,
  terminal: Terminal,
  done: (exitCode: number) => void,
): void {
  const server = check
    .command("server")
    .summary("judge the server at a URL")
    .usage("[options] <url> [-- command args...]")
    .description(
      "Judges the server at a URL: a URL with a path is used as it is, else the channel's address is appended. " +
        `A command after -- is started first and ended afterwards, with all that it started.\n\n${EXIT_CODES}`,
    )
    .addArgument(new Argument("<url>", "ws://, wss://, http:// or https://"))
    .addArgument(new Argument("[command...]", "after --: the program that serves it, and its arguments"));
  whatToCheck(server, "server");
  howMuch(server, "server");
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
    .action(async (url: string, command: readonly string[], options: ServerOptions) => {
      const typed = serverUrl(url);
      mustStandAfterDashes(program, command);
      const { checkServerVerb } = await import("./check-server.js");
      const started = command.length === 0 ? {} : { command };
      done(await checkServerVerb({ ...options, url: typed, ...started }, terminal));
    });
}

function addClient(
  program: Command,
  check: Command,
  terminal: Terminal,
  done: (exitCode: number) => void,
): void {
  const client = check
    .command("client")
    .summary("judge a client, launched towards the kit")
    .usage("[options] [-- command args...]")
    .description(
      "Judges a client: the kit is the server, and misbehaves. A command after -- is started for each case, with the URL to " +
        "connect to as its last argument and in WIREPROOF_URL; with --driver it is one process that the kit steers.\n\n" +
        EXIT_CODES,
    )
    .addArgument(new Argument("[command...]", "after --: the client, or its driver, and its arguments"));
  client
    .optionsGroup("How it is launched:")
    .addOption(
      new Option(
        "--driver",
        "the command is a driver: it tells what the client delivers, and sends what it is asked to",
      ).conflicts(["attach", "browser"]),
    )
    .addOption(
      new Option(
        "--browser <page>",
        "a page (URL or HTML file) that speaks as a driver, opened in Chromium",
      ).conflicts(["attach"]),
    )
    .option("--attach", "print a URL and wait for any client that somebody else starts")
    .option(
      "--port <number>",
      "with --attach: where clients are waited for (any free one)",
      wholeNumber("A port", 1, 65_535),
    )
    .option("--host <name>", "with --attach: the name or address by which they reach it (127.0.0.1)")
    .addOption(
      new Option(
        "--time <means>",
        "how its time is shortened: the first that works (auto), WIREPROOF_TIME_SCALE (option), libfaketime, or not at all (real)",
      ).choices(["auto", "option", "faketime", "real"]),
    )
    .option("--config <file>", "payloads, parameters and more: YAML or JSON by schemas/config.json");
  whichAddress(client, "client");
  whatToCheck(client, "client");
  howMuch(client, "client");
  whatToPrint(client);
  client
    .addHelpText(
      "after",
      examples(
        "check client --channel tasks -- node client.js",
        "check client --channel chat --driver -- python3 driver.py",
        "check client --channel chat --time real --profile nightly --runs 5 -- ./client",
        "check client --channel chat --browser page.html --report html=report.html",
        "check client --channel chat --attach --port 9000",
      ),
    )
    .action(async (command: readonly string[], options: ClientOptions) => {
      mustStandAfterDashes(program, command);
      const { checkClientVerb } = await import("./check-client.js");
      const started = command.length === 0 ? {} : { command };
      done(await checkClientVerb({ ...options, ...started }, terminal));
    });
}

function mustStandAfterDashes(program: Command, command: readonly string[]): void {
  if (command.length === 0 || rawWords(program).includes("--")) return;
  throw new UsageError(
    `"${command[0]}" is one argument too many; a command to start stands after --, as: -- ${command.join(" ")}`,
  );
}

function howToConnect(command: Command): void {
  command
    .optionsGroup("How it is reached:")
    .option("--config <file>", "credentials, payloads and more: YAML or JSON by schemas/config.json")
    .option("--header <name: value>", "a header of every handshake", headerLine);
  whichAddress(command, "server");
  command
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
