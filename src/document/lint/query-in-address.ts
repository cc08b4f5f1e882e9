/** A query string inside an address: AsyncAPI has a place of its own for it. */

import { textAt } from "../compile/fields.js";
import { findingAt, memberAt } from "../place.js";
import type { LintRule } from "./rule.js";

const NAME = "query-in-address";

/** The address of a channel is a path; what follows `?` belongs to the ws binding. */
export const queryInAddress: LintRule = {
  name: NAME,
  says: "The address of a channel is a path.",
  check: ({ contract, root }) =>
    contract.endpoints
      .flatMap(({ channels }) => channels)
      .flatMap((name) => {
        const place = memberAt(root, "channels", name, "address");
        const [found] = /[?#].*/s.exec(textAt(place) ?? "") ?? [];
        if (place === undefined || found === undefined) return [];
        const query = found.startsWith("?");
        return [
          findingAt(
            place,
            NAME,
            "warning",
            `The address of \`${name}\` holds ${query ? "a query string" : "a fragment"}, \`${found}\`: tools take it for a part of the path.`,
            query
              ? "Describe its parameters in the channel's ws binding, under `query`, and end the address before `?`."
              : "Take it away: a fragment is never sent.",
          ),
        ];
      }),
};
