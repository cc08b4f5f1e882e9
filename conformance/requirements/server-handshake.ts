/** S-HS: the opening handshake of a server. */
import { elsewhere, type Requirement, rfc6455 } from "./requirement.js";

export const serverHandshake: readonly Requirement[] = [
  {
    id: "S-HS-01",
    role: "server",
    level: "MUST",
    title: "a valid upgrade is accepted",
    sentence:
      "A valid upgrade request is answered by 101 with Upgrade, Connection and the Sec-WebSocket-Accept of its key.",
    clause: rfc6455("4.2.2"),
    needs: [],
  },
  {
    id: "S-HS-02",
    role: "server",
    level: "MUST",
    title: "an upgrade without a usable key is refused",
    sentence:
      "A request whose Sec-WebSocket-Key is missing gets a 4xx status, not 101; so should one whose key is repeated or no base64 of 16 bytes.",
    clause: rfc6455("4.2.1"),
    needs: [],
  },
  {
    id: "S-HS-03",
    role: "server",
    level: "MUST",
    title: "another version is refused",
    sentence:
      "A Sec-WebSocket-Version other than 13, or none, gets 426 or another 4xx; a 426 names version 13.",
    clause: rfc6455("4.2.2, 4.4"),
    needs: [],
  },
  {
    id: "S-HS-04",
    role: "server",
    level: "MUST",
    title: "a request that asks for no upgrade gets none",
    sentence: "A POST, or a request without the Upgrade header or the Connection token, does not get 101.",
    clause: rfc6455("4.2.1"),
    needs: [],
  },
  {
    id: "S-HS-05",
    role: "server",
    level: "MUST",
    title: "spelling and order of headers do not matter",
    sentence:
      "Any case of names and tokens, further Connection tokens, optional white space and any order of the headers are accepted like the plain request.",
    clause: rfc6455("4.2.1"),
    needs: [],
  },
  {
    id: "S-HS-06",
    role: "server",
    level: "MUST",
    title: "the subprotocol is one that was offered",
    sentence:
      "The server selects one of the subprotocols that the client offered, or none; where the document requires one, a handshake without it is refused.",
    clause: rfc6455("4.2.2"),
    needs: [],
  },
  {
    id: "S-HS-07",
    role: "server",
    level: "MUST",
    title: "only offered extensions are answered",
    sentence:
      "The response names no extension, and no parameter of permessage-deflate, that the client's offer does not allow; where compression is taken, compressed messages work both ways.",
    clause: rfc6455("9.1"),
    needs: [],
  },
  {
    id: "S-HS-08",
    role: "server",
    level: "MUST",
    title: "bad query or header values are refused",
    sentence:
      "A handshake that breaks the schema of the ws binding, or names an unknown resource, is refused, or closed at once with the declared code.",
    clause: elsewhere("AsyncAPI ws binding", "https://github.com/asyncapi/bindings/tree/master/websockets"),
    needs: ["query"],
  },
  {
    id: "S-HS-09",
    role: "server",
    level: "MUST",
    title: "a handshake in pieces works",
    sentence:
      "A handshake cut at any byte works; a first frame in the segment of its end is not lost (a warning, for a client must wait).",
    clause: rfc6455("4.2, 4.1"),
    needs: [],
  },
  {
    id: "S-HS-10",
    role: "server",
    level: "SHOULD",
    title: "an unfinished handshake hurts nobody",
    sentence:
      "While one client never ends its request or sends headers without end, others are served; the unfinished one is refused or closed in time.",
    clause: rfc6455("10.4"),
    needs: [],
  },
  {
    id: "S-HS-11",
    role: "server",
    level: "SHOULD",
    title: "HTTP/1.0 gets no upgrade",
    sentence: "A request of HTTP/1.0 does not get 101.",
    clause: rfc6455("4.2.1"),
    needs: [],
  },
];
