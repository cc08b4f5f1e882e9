/** Two examples of one message under one name: whoever refers to the name gets one of them. */

import { findingAt, memberAt, type Place, rootOf } from "../place.js";
import { allMessages, type LintRule } from "./rule.js";

const NAME = "duplicate-example";

/** The examples of a message have names of their own, where they have names. */
export const duplicateExample: LintRule = {
  name: NAME,
  says: "The examples of a message have different names.",
  check: (context) =>
    allMessages(context.contract).flatMap(({ message }) =>
      message.examples.flatMap((example, index) => {
        const { name } = example;
        const first = message.examples.findIndex((one) => one.name === name);
        if (name === undefined || first === index) return [];
        const place = namePlace(context.places.get(example)) ?? context.places.get(message) ?? context.root;
        return [
          findingAt(
            place,
            NAME,
            "warning",
            `\`${message.name}\` has two examples named \`${name}\`, the ${ordinal(first)} and the ${ordinal(index)}.`,
            "Give each a name of its own, or none.",
          ),
        ];
      }),
    ),
};

/** Where the name of an example stands, by the place of its payload. */
function namePlace(payload: Place | undefined): Place | undefined {
  if (payload === undefined) return undefined;
  return memberAt(rootOf(payload.file), ...payload.path.slice(0, -1), "name");
}

function ordinal(index: number): string {
  const number = index + 1;
  const ending =
    number % 100 >= 11 && number % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}
