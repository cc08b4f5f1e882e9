/** S-RB and S-SE: what hostile or clumsy clients must not achieve. */
import { protocol, type Requirement, rfc6455 } from "./requirement.js";

export const serverSafety: readonly Requirement[] = [
  {
    id: "S-RB-01",
    role: "server",
    level: "MUST",
    title: "resets at any moment hurt nobody",
    sentence:
      "Connections that are reset in the middle of a handshake, frame or message leave others untouched.",
    clause: rfc6455("10.4"),
    needs: [],
  },
  {
    id: "S-RB-02",
    role: "server",
    level: "MUST",
    title: "very slow clients hurt nobody",
    sentence: "A client that sends or reads a byte at a time is served or closed, and others are untouched.",
    clause: rfc6455("10.4"),
    needs: [],
  },
  {
    id: "S-RB-03",
    role: "server",
    level: "MUST",
    title: "the rate limit is kept",
    sentence: "Beyond the declared rate commands are refused or the connection is closed, as declared.",
    clause: rfc6455("7.4.1"),
    needs: ["rate"],
  },
  {
    id: "S-SE-01",
    role: "server",
    level: "MUST",
    title: "a foreign origin is refused",
    sentence:
      "A handshake from an origin that is not listed is refused with 403 or closed with the declared code.",
    clause: rfc6455("10.2, 4.2.2"),
    needs: ["origins"],
  },
  {
    id: "S-SE-02",
    role: "server",
    level: "MUST",
    title: "bad credentials are rejected",
    sentence: "Without valid credentials no private event is sent, and the rejection never uses code 1000.",
    clause: rfc6455("10.5"),
    needs: ["security"],
  },
  {
    id: "S-SE-03",
    role: "server",
    level: "MUST",
    title: "another user's resource stays closed",
    sentence: "A command that names another user's resource is refused and reveals nothing.",
    clause: protocol("audience-1"),
    needs: ["security"],
  },
  {
    id: "S-SE-04",
    role: "server",
    level: "MUST",
    title: "errors reveal nothing",
    sentence: "No error text or close reason holds a stack trace or the absolute path of a file.",
    clause: protocol("refusal-7"),
    needs: ["events"],
    passive: true,
  },
];
