/** A compiled contract as text → Contract. Needs no reader of documents. */

import { Ajv } from "ajv";
import schema from "../../schemas/contract.json" with { type: "json" };
import type { Contract } from "../contract/contract.js";
import { isObject } from "../contract/pointer.js";
import { DocumentError } from "./finding.js";

/** The format that this version reads and writes. */
const FORMAT = 1;

let isWhole: ((value: unknown) => value is Contract) | undefined;

/** Reads the text of a `contract.json`. Throws {@link DocumentError} for anything else; `file` is named in it. */
export function readContract(text: string, file = "contract.json"): Contract {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refusal(file, `It is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const format = isObject(value) ? value["format"] : undefined;
  if (format !== FORMAT) {
    const what = format === undefined ? "It has no `format`" : `It has the format ${JSON.stringify(format)}`;
    throw refusal(file, `${what}; this version reads contracts of format ${FORMAT}.`);
  }
  // schemas/contract.json describes the type Contract; a test compares the two by what the compiler makes.
  isWhole ??= new Ajv({ allowUnionTypes: true }).compile<Contract>(schema);
  if (isWhole(value)) return value;
  const errors: unknown = Reflect.get(isWhole, "errors");
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const [path, message] = isObject(first) ? [first["instancePath"], first["message"]] : ["", ""];
  throw refusal(file, `It is no whole contract: \`${String(path)}\` ${String(message)}.`);
}

function refusal(file: string, message: string): DocumentError {
  return new DocumentError([
    {
      rule: "contract",
      severity: "error",
      message,
      mend: "Compile it from its document again: `wireproof generate`.",
      file,
      line: 1,
      column: 1,
    },
  ]);
}
