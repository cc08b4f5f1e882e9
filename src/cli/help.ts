/** Pieces of help and options that several verbs share. Loads nothing but the option parser. */
import { Argument, type Command, Option } from "commander";
import { positiveDecimal } from "./arguments.js";
import { UsageError } from "./failure.js";
import { suggestion } from "./suggest.js";

/** Examples for the end of a help text, each without the name of the program. */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ wireproof ${line}`).join("\n")}`;

/** The document that a verb works on. */
export const documentArgument = (): Argument =>
  new Argument("[document]", "an AsyncAPI document (YAML or JSON), or a compiled contract.json");

/** `--as`. */
export const perspective = (): Option =>
  new Option("--as <side>", "whose side the document was written from").choices(["server", "client"]);

/** `--time-scale`. */
export const timeScale = (): Option =>
  new Option("--time-scale <factor>", "multiplies every duration of the contract, as 0.05").argParser(
    positiveDecimal(1000, "0.05"),
  );

/** Adds `help [verb...]`: of a verb, or of a part of one (`help check server`). */
export function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command("help")
    .summary("print help for a verb")
    .description("Prints the help of a verb.")
    .argument("[verb...]", "a verb, or a verb and its part")
    .addHelpText("after", examples("help lint", "help check server"))
    .action((words: readonly string[]) => {
      let at = program;
      for (const word of words) {
        const next = at.commands.find((command) => command.name() === word);
        if (next === undefined) {
          const known = at.commands.map((command) => command.name());
          throw new UsageError(
            `there is no verb "${words.join(" ")}"${known.length === 0 ? "" : suggestion(word, known)}`,
          );
        }
        at = next;
      }
      at.outputHelp();
    });
}
