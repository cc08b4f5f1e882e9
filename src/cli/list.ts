/** `wireproof list`: every requirement that can be checked, one line each. */
import { requirements } from "../../conformance/requirements.js";
import { EXIT } from "./failure.js";
import type { Terminal } from "./terminal.js";

export interface ListOptions {
  readonly json?: boolean;
}

export async function list(options: ListOptions, terminal: Terminal): Promise<number> {
  if (options.json === true) {
    terminal.result(JSON.stringify(requirements, null, 2));
    return EXIT.ok;
  }
  const ids = Math.max(...requirements.map(({ id }) => id.length));
  const levels = Math.max(...requirements.map(({ level }) => level.length));
  for (const { id, level, sentence, clause } of requirements) {
    terminal.result(`${id.padEnd(ids)}  ${level.padEnd(levels)}  ${sentence} (${clause.text})`);
  }
  return EXIT.ok;
}
