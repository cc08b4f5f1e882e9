/** The schemas of the eight events of the mix, as those peers take them that read JSON Schema. */

import { readFileSync } from "node:fs";

export type JsonSchema = { readonly [keyword: string]: unknown };

/** Names of the events, and the file of each. */
const FILES = {
  token_stream: "token_stream",
  node_state_change: "node_state_change",
  "node:parallel_start": "node_parallel_start",
  token_usage: "token_usage",
  human_interaction_required: "human_interaction_required",
  "execution:paused": "execution_paused",
  "execution:completed": "execution_completed",
  error: "error",
} as const;

const folder = new URL("../../schemas/workflow/", import.meta.url);
// The schemas are ours: JSON objects without prototypes of any interest.
const read = (file: string): JsonSchema => JSON.parse(readFileSync(new URL(file, folder), "utf8"));
const { definitions } = read("definitions.json") as { definitions: Record<string, JsonSchema> };

/** A schema without references, titles and prose. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [keyword, reference] = entries[0] ?? [];
  if (keyword === "$ref") return plain(definitions[String(reference).split("/").at(-1) ?? ""]);
  const kept = entries.filter(([name, inner]) => {
    return !["$schema", "title", "description"].includes(name) || typeof inner !== "string";
  });
  return Object.fromEntries(kept.map(([name, inner]) => [name, plain(inner)]));
}

/** Each event's schema by its name. */
export const schemas: ReadonlyMap<string, JsonSchema> = new Map(
  // What `plain` makes of an object is one.
  Object.entries(FILES).map(([name, file]) => [name, plain(read(`${file}.json`)) as JsonSchema]),
);

/** All of them as one, told apart by `event`. */
export const union: JsonSchema = {
  type: "object",
  required: ["event"],
  discriminator: { propertyName: "event" },
  oneOf: [...schemas.values()],
};
