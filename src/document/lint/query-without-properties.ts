/** A handshake whose parameters are described by a schema that names none. */

import { textAt } from "../compile/fields.js";
import { entriesAt, findingAt, follow, memberAt } from "../place.js";
import type { LintRule } from "./rule.js";

const NAME = "query-without-properties";

/** `query` and `headers` of a ws binding are schemas of type `object` with `properties`, as the binding says. */
export const queryWithoutProperties: LintRule = {
  name: NAME,
  says: "`query` and `headers` of a ws binding name what they hold.",
  check: ({ contract, root }) =>
    contract.endpoints
      .flatMap(({ channels }) => channels)
      .flatMap((name) =>
        ["query", "headers"].flatMap((key) => {
          const place = memberAt(root, "channels", name, "bindings", "ws", key);
          if (place === undefined) return [];
          const isObject = textAt(place, "type") === "object";
          if (isObject && entriesAt(memberAt(place, "properties")).length > 0) return [];
          const lacks = isObject ? "has no `properties`" : "is not of type `object`";
          return [
            findingAt(
              follow(place),
              NAME,
              "warning",
              `The schema \`${key}\` of the ws binding of \`${name}\` ${lacks}, so it describes no parameter.`,
              "Write `type: object`, and each parameter under `properties`.",
            ),
          ];
        }),
      ),
};
