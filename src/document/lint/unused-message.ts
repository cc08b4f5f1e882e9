/** A message that nobody sends: in no operation of its channel, so no code, no mock and no check knows it. */

import { entriesAt, findingAt, identityOf, memberAt } from "../place.js";
import type { LintRule } from "./rule.js";

const NAME = "unused-message";

/** Every message of a channel is in an operation, or in the reply of one. */
export const unusedMessage: LintRule = {
  name: NAME,
  says: "Every message of a channel is in an operation.",
  check: ({ contract, root, places }) =>
    contract.endpoints.flatMap((endpoint) => {
      const used = new Set(
        [...endpoint.commands, ...endpoint.events].flatMap((message) => {
          const place = places.get(message);
          return place === undefined ? [] : [identityOf(place)];
        }),
      );
      return endpoint.channels.flatMap((channel) =>
        entriesAt(memberAt(root, "channels", channel, "messages"))
          .filter(([, place]) => !used.has(identityOf(place)))
          .map(([name, place]) =>
            findingAt(
              place,
              NAME,
              "warning",
              `\`${name}\` of \`${channel}\` is in no operation: nobody sends it, and nothing is generated for it.`,
              "Name it under `messages` of the operation that sends or receives it, or take it away.",
            ),
          ),
      );
    }),
};
