/** Words of the ws binding where it has none: every tool passes them over. */

import { entriesAt, findingAt, memberAt, type Place } from "../place.js";
import { allMessages, type LintContext, type LintRule } from "./rule.js";

const NAME = "misplaced-binding";

/** All that the ws binding knows; it is a channel's (https://github.com/asyncapi/bindings, websockets 0.1.0). */
const CHANNEL_KEYS: ReadonlySet<string> = new Set(["method", "query", "headers", "bindingVersion"]);
const NO_KEYS: ReadonlySet<string> = new Set();

/** The ws binding stands on channels, with the keys that it has; elsewhere it must be empty. */
export const misplacedBinding: LintRule = {
  name: NAME,
  says: "The ws binding stands on channels, and holds what it knows.",
  check: (context) =>
    ownersOf(context).flatMap(({ what, place, keys }) =>
      entriesAt(memberAt(place, "bindings", "ws"))
        .filter(([key]) => !keys.has(key) && !key.startsWith("x-"))
        .map(([key, at]) =>
          findingAt(
            at,
            NAME,
            "warning",
            keys.size === 0
              ? `The ws binding of ${what} says \`${key}\`, and must be empty there: nothing reads it.`
              : `The ws binding of ${what} says \`${key}\`, which it does not know.`,
            CHANNEL_KEYS.has(key)
              ? "Move it to the ws binding of the channel."
              : "Take it away; a name of your own begins with `x-`.",
          ),
        ),
    ),
};

interface Owner {
  readonly what: string;
  readonly place: Place;
  readonly keys: ReadonlySet<string>;
}

function ownersOf({ contract, root, places }: LintContext): Owner[] {
  const named = (kind: string, keys: ReadonlySet<string>): Owner[] =>
    entriesAt(memberAt(root, `${kind}s`)).map(([name, place]) => ({
      what: `${kind} \`${name}\``,
      place,
      keys,
    }));
  const messages = allMessages(contract).flatMap(({ message }): Owner[] => {
    const place = places.get(message);
    return place === undefined ? [] : [{ what: `message \`${message.name}\``, place, keys: NO_KEYS }];
  });
  return [
    ...named("server", NO_KEYS),
    ...named("channel", CHANNEL_KEYS),
    ...named("operation", NO_KEYS),
    ...messages,
  ];
}
