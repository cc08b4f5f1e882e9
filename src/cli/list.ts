/** `wireproof list`: every requirement that can be checked, one line each. */
import { requirements } from "../../conformance/requirements.js";
import { serverChecks } from "../../conformance/server/catalogue.js";
import { EXIT } from "./failure.js";
import type { Terminal } from "./terminal.js";

export interface ListOptions {
  readonly json?: boolean;
}

/** Lists what this version checks; the rest of the catalogue is only counted, or in JSON marked `checked: false`. */
export async function list(options: ListOptions, terminal: Terminal): Promise<number> {
  const ids = new Set(serverChecks.map(({ id }) => id));
  if (options.json === true) {
    const rows = requirements.map((requirement) => ({ ...requirement, checked: ids.has(requirement.id) }));
    terminal.result(JSON.stringify(rows, null, 2));
    return EXIT.ok;
  }
  const checked = requirements.filter(({ id }) => ids.has(id));
  const idWidth = Math.max(...checked.map(({ id }) => id.length));
  const levelWidth = Math.max(...checked.map(({ level }) => level.length));
  for (const { id, level, sentence, clause } of checked) {
    terminal.result(`${id.padEnd(idWidth)}  ${level.padEnd(levelWidth)}  ${sentence} (${clause.text})`);
  }
  terminal.result(
    `${checked.length} requirements are checked; ${requirements.length - checked.length} more are written down and have no check yet.`,
  );
  return EXIT.ok;
}
