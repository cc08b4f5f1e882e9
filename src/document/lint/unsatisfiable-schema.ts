/** A schema that contradicts itself: no value at all is valid, so every frame is refused. */

import { isObject } from "../../contract/pointer.js";
import { payloadPlace } from "../compile/messages.js";
import { findingAt, follow, identityOf, type Place } from "../place.js";
import { createEmptiness, forbidsAll } from "./emptiness.js";
import { allMessages, type LintRule } from "./rule.js";
import { schemasOf } from "./schema-places.js";

const NAME = "unsatisfiable-schema";

/** Some value fits every schema; `false`, which says openly that none does, may stand anywhere but for a payload. */
export const unsatisfiableSchema: LintRule = {
  name: NAME,
  says: "Some value fits every schema.",
  check(context) {
    const emptiness = createEmptiness();
    const mend =
      "Correct the demand that was meant otherwise; `false` says openly that there is no such value.";
    const payloads = allMessages(context.contract).flatMap(({ message }) => {
      const place = context.places.get(message);
      const payload = place === undefined ? undefined : payloadPlace(place);
      return payload === undefined ? [] : [{ message, payload }];
    });
    // What keeps a whole message from being sent is an error; a field that nobody can use is less.
    const fatal = new Set(payloads.map(({ payload }) => emptiness(payload)?.cause));
    const contradictions = schemasOf(context).flatMap((schema) => {
      const why = saysNothingElse(schema) ? undefined : emptiness(schema);
      // What is empty for the sake of something inside it is said there.
      const identity = identityOf(schema);
      if (why === undefined || why.cause !== identity) return [];
      const severity = fatal.has(identity) ? "error" : "warning";
      return [findingAt(schema, NAME, severity, `No value fits this schema: ${why.text}.`, mend)];
    });
    const refusals = payloads.flatMap(({ message, payload }) => {
      const { value } = follow(payload);
      if (value !== false && !saysNothingElse(follow(payload))) return [];
      const text = `\`${message.name}\` can never be sent: its payload allows nothing.`;
      return [findingAt(payload, NAME, "error", text, "Describe its payload.")];
    });
    return [...contradictions, ...refusals];
  },
};

/** `not: {}` alone is `false` in other words. */
function saysNothingElse({ value }: Place): boolean {
  return isObject(value) && forbidsAll(value["not"]) && Object.keys(value).length === 1;
}
