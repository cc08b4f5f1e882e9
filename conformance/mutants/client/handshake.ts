/** Faults in the handshake: C-HS-01 to C-HS-05, C-SE-01, C-SE-02. */

import { WebSocket } from "ws";
import { altered, type ClientMutant, framed } from "./client-mutant.js";

/** What a client with an account sends with its handshake; it is invented here and opens nothing. */
const AUTHORIZATION = { Authorization: "Bearer wireproof-3c1e5b0a" };

export const handshakeMutants: readonly ClientMutant[] = [
  framed({
    name: "same-key",
    fault: "Sends the same Sec-WebSocket-Key with each handshake.",
    killedBy: "C-HS-01",
    faults: { key: () => Buffer.alloc(16, "k").toString("base64") },
  }),
  framed({
    name: "version-12",
    fault: "Asks for a draft of the protocol.",
    killedBy: "C-HS-01",
    faults: { request: (lines) => lines.map((line) => line.replace("Version: 13", "Version: 12")) },
  }),
  framed({
    name: "no-host",
    fault: "Names no host in its handshake.",
    channel: "pipeline",
    killedBy: "C-HS-01",
    faults: { request: (lines) => lines.filter((line) => !line.startsWith("Host:")) },
  }),
  framed({
    name: "any-accept",
    fault: "Does not look at Sec-WebSocket-Accept.",
    killedBy: "C-HS-02",
    faults: { ignores: ["accept"] },
  }),
  framed({
    name: "no-upgrade-needed",
    fault: "Takes a 101 without Upgrade for a connection.",
    channel: "answer",
    killedBy: "C-HS-02",
    faults: { ignores: ["upgrade"] },
  }),
  framed({
    name: "unoffered-extension-taken",
    fault: "Takes a connection with an extension that it has not offered.",
    killedBy: "C-HS-03",
    faults: { ignores: ["extensions"] },
  }),
  framed({
    name: "unoffered-subprotocol-taken",
    fault: "Takes a connection with a subprotocol that it has not offered.",
    channel: "tasks",
    killedBy: "C-HS-03",
    faults: { ignores: ["subprotocol"] },
  }),
  altered({
    name: "gives-up-at-401",
    fault: "Does not come back after 401, as though no status were an unclean end.",
    killedBy: "C-HS-04",
    options: () => ({ shouldRetry: ({ reason }) => (reason === "HTTP 401" ? false : undefined) }),
  }),
  altered({
    name: "retry-after-unread",
    fault: "Comes back before the time that Retry-After asks for.",
    killedBy: "C-HS-04",
    socket: () =>
      class Hasty extends WebSocket {
        override emit(type: string | symbol, ...given: unknown[]): boolean {
          // What `ws` gives with this event: the request, and a response of node:http.
          const [request, response] = given as [unknown, { statusCode: number }];
          if (type !== "unexpected-response") return super.emit(type, ...given);
          return super.emit(type, request, { statusCode: response.statusCode, headers: {} });
        }
      },
  }),
  framed({
    name: "event-behind-101-lost",
    fault: "Drops the event that comes in one segment with the response.",
    channel: "pipeline",
    killedBy: "C-HS-05",
    faults: { losesBehindHead: true },
  }),
  framed({
    name: "response-in-pieces-refused",
    fault: "Takes the first segment for the whole response.",
    killedBy: "C-HS-05",
    faults: { wantsHeadWhole: true },
  }),
  altered({
    name: "any-certificate",
    fault: "Trusts every certificate.",
    killedBy: "C-SE-01",
    options: () => ({ socketOptions: { rejectUnauthorized: false } }),
  }),
  altered({
    name: "back-to-ws",
    fault: "Tries without TLS where it has not come through with it.",
    channel: "pipeline",
    killedBy: "C-SE-01",
    options({ url }) {
      let tried = 0;
      return {
        url() {
          tried += 1;
          return tried === 1 ? url : url.replace("wss:", "ws:");
        },
      };
    },
  }),
  altered({
    name: "credentials-follow-redirects",
    fault: "Follows redirects to other hosts, and takes its credentials along.",
    killedBy: "C-SE-02",
    socket: () =>
      class Followed extends WebSocket {
        constructor(url: string, protocols: string[], options?: object) {
          super(url, protocols, { ...options, headers: AUTHORIZATION, followRedirects: true });
          // Where somebody listens, `ws` leaves it to him to take the credentials out.
          this.on("redirect", () => undefined);
        }
      },
  }),
];
