/** Schemas that hold at once; the same ones give the same object, so that what is known of it stays known. */

import type { JsonSchema } from "./contract.js";

/** Joins schemas by `allOf`, and keeps what it has joined. */
export class JoinedSchemas {
  readonly #joined = new Map<JsonSchema, Map<JsonSchema, JsonSchema>>();

  /** What both schemas allow. */
  both(a: JsonSchema, b: JsonSchema): JsonSchema {
    if (a === true || a === b) return b;
    if (b === true) return a;
    if (a === false || b === false) return false;
    const row = this.#joined.get(a) ?? new Map<JsonSchema, JsonSchema>();
    this.#joined.set(a, row);
    const joined = row.get(b) ?? { allOf: [a, b] };
    row.set(b, joined);
    return joined;
  }

  /** What all of the schemas allow; `true` for none. */
  all(schemas: readonly JsonSchema[]): JsonSchema {
    return schemas.reduce((all: JsonSchema, schema) => this.both(all, schema), true);
  }
}
