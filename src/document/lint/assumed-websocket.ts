/** What had to be assumed about how a channel is reached. */

import { textAt } from "../compile/fields.js";
import type { Finding } from "../finding.js";
import { entriesAt, findingAt, memberAt, type Place } from "../place.js";
import type { LintRule } from "./rule.js";

const NAME = "assumed-websocket";

/** A document without servers, or with HTTP servers, is read as if it said WebSocket. */
export const assumedWebsocket: LintRule = {
  name: NAME,
  says: "A server says that it is reached by WebSocket.",
  check({ root }) {
    const servers = entriesAt(memberAt(root, "servers"));
    if (servers.length === 0) {
      const at = memberAt(root, "channels") ?? root;
      return [
        note(at, "The document names no server: its channels are taken to be WebSocket's.", "ws or wss"),
      ];
    }
    return servers.flatMap(([name, place]) => {
      const protocol = textAt(place, "protocol") ?? "";
      if (!/^https?$/i.test(protocol)) return [];
      const as = protocol.toLowerCase() === "https" ? "wss" : "ws";
      return [note(place, `Server \`${name}\` says \`${protocol}\`; it is read as \`${as}\`.`, as)];
    });
  },
};

function note(place: Place, message: string, protocol: string): Finding {
  return findingAt(place, NAME, "info", message, `Name a server with protocol ${protocol}.`);
}
