/** A ws binding that asks for a handshake which RFC 6455 does not have. */

import { textAt } from "../compile/fields.js";
import { entriesAt, findingAt, memberAt } from "../place.js";
import type { LintRule } from "./rule.js";

const NAME = "binding-method";

/** A WebSocket handshake is a GET (RFC 6455 section 4.1): another `method` of the binding is ignored. */
export const bindingMethod: LintRule = {
  name: NAME,
  says: "A ws binding asks for the handshake that there is: a GET.",
  check: ({ root }) =>
    entriesAt(memberAt(root, "channels")).flatMap(([name, channel]) => {
      const place = memberAt(channel, "bindings", "ws", "method");
      const method = textAt(place);
      if (place === undefined || method === undefined || method.toUpperCase() === "GET") return [];
      const message = `The ws binding of \`${name}\` says method ${method}; a WebSocket handshake is a GET, so it is ignored.`;
      return [findingAt(place, NAME, "warning", message, "Take `method` away, or say GET.")];
    }),
};
