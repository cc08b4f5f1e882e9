#!/usr/bin/env node
/** The command `wireproof`: parses the arguments, runs one verb, and turns what it says into an exit code. */
import { CommanderError } from "commander";
import { describeFailure, EXIT } from "./failure.js";
import { createProgram } from "./program.js";
import { processTerminal } from "./terminal.js";

/** How long left-over handles may keep the process after a verb is done. */
const LINGER_MS = 1000;

const terminal = processTerminal();
const debug = (process.env["WIREPROOF_DEBUG"] ?? "") !== "";

function finish(exitCode: number): void {
  process.exitCode = exitCode;
  // Not at once: what was written to a pipe would be cut. The timer alone keeps nothing alive.
  setTimeout(() => process.exit(exitCode), LINGER_MS).unref();
}

function fail(thrown: unknown): void {
  // The parser has already said what was wrong with the arguments, or printed the help that was asked for.
  const parsed = thrown instanceof CommanderError;
  if (!parsed) terminal.progress(describeFailure(thrown, debug));
  finish(parsed && thrown.exitCode === 0 ? EXIT.ok : EXIT.usage);
}

process.on("uncaughtException", (error) => {
  fail(error);
  process.exit(EXIT.usage);
});
process.on("unhandledRejection", (reason) => {
  fail(reason);
  process.exit(EXIT.usage);
});

try {
  await createProgram(terminal, finish).parseAsync();
} catch (thrown) {
  fail(thrown);
}
