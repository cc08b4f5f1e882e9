/** C-RB and C-SE: what hostile or clumsy servers must not achieve. */
import { protocol, type Requirement, rfc6455 } from "./requirement.js";

export const clientSafety: readonly Requirement[] = [
  {
    id: "C-RB-01",
    role: "client",
    level: "MUST",
    title: "floods, dribbles and a deaf server are borne",
    sentence:
      "Under a flood of events, events that come a byte at a time and a server that does not read, the client goes on answering pings and keeps its memory bounded.",
    clause: protocol("connections-9"),
    needs: ["plain-websocket"],
    observes: "wire",
  },
  {
    id: "C-RB-02",
    role: "client",
    level: "MUST",
    title: "a client that is ended says goodbye",
    sentence: "A client process that gets SIGTERM sends Close and exits in time.",
    clause: protocol("connections-8"),
    needs: [],
    observes: "wire",
    hidden: { in: ["browser", "adapter"], what: "a process of the client's own" },
  },
  {
    id: "C-SE-01",
    role: "client",
    level: "MUST",
    title: "a bad certificate gets no handshake",
    sentence:
      "To a server whose certificate is self-signed, expired or another host's no upgrade is sent, and the client never falls back to ws.",
    clause: rfc6455("10.6"),
    needs: ["plain-websocket"],
    observes: "wire",
  },
  {
    id: "C-SE-02",
    role: "client",
    level: "MUST",
    title: "a redirect gets no credentials",
    sentence: "No credential is sent to another host that a response redirects to.",
    clause: protocol("reconnect-6"),
    needs: ["plain-websocket"],
    observes: "wire",
    hidden: { in: ["browser"], what: "redirects of a handshake" },
  },
];
