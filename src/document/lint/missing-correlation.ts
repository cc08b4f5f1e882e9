/** A correlation id that stands nowhere: no answer could be matched with its request. */

import { isDescribed } from "../../contract/constants.js";
import { textAt } from "../compile/fields.js";
import { findingAt, listAt, memberAt, type Place } from "../place.js";
import { allMessages, type LintRule } from "./rule.js";

const NAME = "missing-correlation";

/** A correlation id points at a field that the payload describes. */
export const missingCorrelation: LintRule = {
  name: NAME,
  says: "A correlation id points at a field of the payload.",
  check: (context) =>
    allMessages(context.contract).flatMap(({ message }) => {
      const place = context.places.get(message);
      if (place === undefined) return [];
      const id = correlationPlace(place);
      const location = textAt(id, "location");
      if (id === undefined || location === undefined) return [];
      if (location.startsWith("$message.header#")) {
        return [
          findingAt(
            memberAt(id, "location") ?? id,
            NAME,
            "warning",
            `The correlation id of \`${message.name}\` is looked for in headers, and a WebSocket message has none.`,
            "Put it into the payload: `$message.payload#/…`.",
          ),
        ];
      }
      const { correlation } = message;
      if (
        correlation === undefined ||
        isDescribed(message.payload, context.contract.definitions, correlation)
      )
        return [];
      return [
        findingAt(
          memberAt(id, "location") ?? id,
          NAME,
          "warning",
          `The correlation id of \`${message.name}\` is at \`${correlation}\`, of which its payload says nothing.`,
          "Correct the pointer, or describe the field.",
        ),
      ];
    }),
};

function correlationPlace(message: Place): Place | undefined {
  const places = [message, ...listAt(memberAt(message, "traits"))];
  return places.map((place) => memberAt(place, "correlationId")).find((place) => place !== undefined);
}
