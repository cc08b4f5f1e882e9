/** Where a schema stands in a message: what names its type and its check, and what errors of generation point at. */

import type { JsonSchema } from "../contract/contract.js";
import { pascalCase } from "./names.js";

/** Where a schema stands: `name` for the function, `pointer` into the message for errors of generation. */
export interface Place {
  readonly name: string;
  readonly pointer: string;
}

/** The place of a subschema: a title of its own names it, else the place above and a word. */
export function below(place: Place, pointer: string, word: string, schema?: JsonSchema): Place {
  return { name: partName(schema, `${place.name}${word}`), pointer: `${place.pointer}/${pointer}` };
}

/** The name of a part of a message: its title when it is an object of its own, else `otherwise`. */
export function partName(schema: JsonSchema | undefined, otherwise: string): string {
  if (typeof schema !== "object" || typeof schema["title"] !== "string") return otherwise;
  if (schema["properties"] === undefined) return otherwise;
  return pascalCase(schema["title"]);
}

/** The place of a branch of a keyword like `anyOf`. */
export function nth(place: Place, keyword: string, index: number, schema: JsonSchema): Place {
  return below(place, `${keyword}/${index}`, `Option${index + 1}`, schema);
}
