/** C-HS: the opening handshake of a client. */
import { protocol, type Requirement, rfc6455 } from "./requirement.js";

export const clientHandshake: readonly Requirement[] = [
  {
    id: "C-HS-01",
    role: "client",
    level: "MUST",
    title: "the upgrade request is right, its key fresh",
    sentence:
      "Each handshake is a GET of HTTP/1.1 with Host, version 13, a key of 16 bytes that no other one has, and the declared path, query, headers and subprotocols.",
    clause: rfc6455("4.1"),
    needs: [],
    observes: "wire",
    hidden: { in: ["browser"], what: "headers of its own in a handshake", part: true },
  },
  {
    id: "C-HS-02",
    role: "client",
    level: "MUST",
    title: "a wrong response is no connection",
    sentence:
      "A 101 with a wrong Sec-WebSocket-Accept, or without Upgrade or Connection, fails the connection, and no frame is sent on it.",
    clause: rfc6455("4.1"),
    needs: ["plain-websocket"],
    observes: "wire",
  },
  {
    id: "C-HS-03",
    role: "client",
    level: "MUST",
    title: "what was not offered is not taken",
    sentence: "A 101 that names an extension or a subprotocol that was not offered fails the connection.",
    clause: rfc6455("4.1"),
    needs: ["plain-websocket"],
    observes: "wire",
  },
  {
    id: "C-HS-04",
    role: "client",
    level: "MUST",
    title: "a refused handshake is an unclean end",
    sentence:
      "A response other than 101 leads to no frame and is retried like an unclean end, whatever its status, and not before its Retry-After.",
    clause: protocol("reconnect-6"),
    needs: ["plain-websocket"],
    observes: "wire",
    hidden: { in: ["browser"], what: "the Retry-After of a response", part: true },
  },
  {
    id: "C-HS-05",
    role: "client",
    level: "MUST",
    title: "a response in pieces works, nothing of it is lost",
    sentence:
      "A 101 cut at any byte opens the connection, and an event in the segment of its end is delivered.",
    clause: protocol("connections-7"),
    needs: ["events", "plain-websocket"],
    observes: "report",
  },
  {
    id: "C-HS-06",
    role: "client",
    level: "MUST",
    title: "a handshake without an answer is given up",
    sentence: "An attempt that gets no response is given up at the declared connect timeout.",
    clause: protocol("reconnect-7"),
    needs: ["reconnect", "plain-websocket"],
    observes: "wire",
  },
  {
    id: "C-HS-07",
    role: "client",
    level: "MUST",
    title: "one attempt at a time",
    sentence: "No second connection to the host is opened while one is connecting or open.",
    clause: protocol("reconnect-7"),
    needs: ["plain-websocket"],
    observes: "wire",
  },
];
