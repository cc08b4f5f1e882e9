/** Faults in the opening handshake: S-HS. */
import { altered, type Mutant } from "../mutant.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const KNOWN_PIPELINE = "1703860a-4d1e-4a64-8d9c-140edb2ae359";

/** A request without some header, with a line in its place. */
const without = (head: string, name: string, line = ""): string =>
  head.replace(new RegExp(`\r\n${name}:[^\r]*`, "gi"), "").replace(/\r\n\r\n$/, `${line}\r\n\r\n`);

export const handshakeMutants: readonly Mutant[] = [
  altered({
    name: "wrong-accept",
    fault: "Computes Sec-WebSocket-Accept wrongly.",
    channel: "workflow",
    killedBy: "S-HS-01",
    alter: () => ({
      response: (head) => head.replace(/(sec-websocket-accept: )\S+/i, "$1s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    }),
  }),
  altered({
    name: "connection-header-missing",
    fault: "Accepts without the Connection header.",
    channel: "answer",
    killedBy: "S-HS-01",
    alter: () => ({
      response: (head) => (head.startsWith("HTTP/1.1 101") ? without(head, "Connection") : head),
    }),
  }),
  altered({
    name: "missing-key-accepted",
    fault: "Accepts a handshake without a key.",
    channel: "tasks",
    killedBy: "S-HS-02",
    alter: () => ({
      request: (head) =>
        /\nsec-websocket-key:/i.test(head) ? head : without(head, "x-none", `\r\nSec-WebSocket-Key: ${KEY}`),
    }),
  }),
  altered({
    name: "key-of-any-length-accepted",
    fault: "Does not look at the length of the key.",
    channel: "pipeline",
    killedBy: "S-HS-02",
    verdict: "warn",
    alter: () => ({
      request: (head) =>
        head.replace(/(\nsec-websocket-key:[ \t]*)([^\r]*)/i, (line: string, name: string, key: string) =>
          Buffer.from(key, "base64").length === 16 ? line : `${name}${KEY}`,
        ),
    }),
  }),
  altered({
    name: "version-12-accepted",
    fault: "Accepts any version of the protocol.",
    channel: "workflow",
    killedBy: "S-HS-03",
    alter: () => ({
      request: (head) => without(head, "sec-websocket-version", "\r\nSec-WebSocket-Version: 13"),
    }),
  }),
  altered({
    name: "upgrade-required-without-version",
    fault: "Asks for another version, and does not say which.",
    channel: "answer",
    killedBy: "S-HS-03",
    alter: () => ({
      response: (head) =>
        head.startsWith("HTTP/1.1 4")
          ? without(head, "sec-websocket-version").replace(
              /^HTTP\/1\.1 \d+ [^\r]*/,
              "HTTP/1.1 426 Upgrade Required",
            )
          : head,
    }),
  }),
  altered({
    name: "post-accepted",
    fault: "Accepts a handshake by POST.",
    channel: "tasks",
    killedBy: "S-HS-04",
    alter: () => ({ request: (head) => head.replace(/^POST /, "GET ") }),
  }),
  altered({
    name: "no-connection-token-accepted",
    fault: "Accepts a handshake without the Connection token.",
    channel: "workflow",
    killedBy: "S-HS-04",
    alter: () => ({
      request: (head) =>
        /\nupgrade:/i.test(head) ? without(head, "connection", "\r\nConnection: Upgrade") : head,
    }),
  }),
  altered({
    name: "connection-list-refused",
    fault: "Knows the Connection token only when it stands alone.",
    channel: "pipeline",
    killedBy: "S-HS-05",
    alter: () => ({ request: (head) => head.replace(/(\nconnection:)[^\r]*,[^\r]*/i, "$1 close") }),
  }),
  altered({
    name: "upgrade-token-case-sensitive",
    fault: "Knows the Upgrade token only in lower case.",
    channel: "conversation",
    killedBy: "S-HS-05",
    alter: () => ({
      request: (head) =>
        /\nupgrade:\s*websocket\s/i.test(head) && !/:\s*websocket\s/.test(head)
          ? without(head, "upgrade")
          : head,
    }),
  }),
  altered({
    name: "subprotocol-not-offered",
    fault: "Picks a subprotocol that was not offered.",
    channel: "workflow",
    killedBy: "S-HS-06",
    alter: () => ({
      response: (head, request) =>
        head.startsWith("HTTP/1.1 101") && /\nsec-websocket-protocol:/i.test(request)
          ? without(head, "x-none", "\r\nSec-WebSocket-Protocol: graphql-ws")
          : head,
    }),
  }),
  altered({
    name: "unoffered-extension-answered",
    fault: "Answers an extension that was not offered.",
    channel: "answer",
    killedBy: "S-HS-07",
    alter: () => ({
      response: (head, request) =>
        head.startsWith("HTTP/1.1 101") && !/permessage-deflate/i.test(request)
          ? without(head, "x-none", "\r\nSec-WebSocket-Extensions: permessage-deflate")
          : head,
    }),
  }),
  altered({
    name: "unknown-resource-accepted",
    fault: "Takes any name for that of the first pipeline.",
    channel: "pipeline",
    killedBy: "S-HS-08",
    verdict: "warn",
    alter: () => ({
      request: (head) => head.replace(/^(GET \/api\/v1\/pipelines\/)[^/]+(\/ws)/, `$1${KNOWN_PIPELINE}$2`),
    }),
  }),
  altered({
    name: "bad-query-accepted",
    fault: "Takes any session type for that of a person.",
    channel: "pipeline",
    killedBy: "S-HS-08",
    alter: () => ({
      request: (head) =>
        head.replace(/session_type=([^&\s]*)/, (whole, type: string) =>
          type === "person" || type === "group" ? whole : "session_type=person",
        ),
    }),
  }),
  altered({
    name: "1000-on-rejection",
    fault: "Rejects a bad session type by accepting, and closing with 1000.",
    channel: "pipeline",
    killedBy: "S-HS-08",
    alter: () => {
      let bad = false;
      return {
        request(head) {
          const [, type = "person"] = /session_type=([^&\s]*)/.exec(head) ?? [];
          bad = type !== "person" && type !== "group";
          return bad ? head.replace(/session_type=[^&\s]*/, "session_type=person") : head;
        },
        opened: (line) => {
          if (bad) line.close(1000);
        },
      };
    },
  }),
  altered({
    name: "early-frame-lost",
    fault: "Loses a frame that comes in the same segment as the end of the handshake.",
    channel: "workflow",
    killedBy: "S-HS-09",
    // A client must wait for the response: what it sends before may be refused, but not be lost in silence.
    verdict: "warn",
    alter: () => {
      let sameChunk = false;
      return {
        request(head) {
          sameChunk = true;
          setImmediate(() => (sameChunk = false));
          return head;
        },
        frame: ({ from }) => (from === "client" && sameChunk ? [] : undefined),
      };
    },
  }),
  altered({
    name: "endless-headers-taken",
    fault: "Takes headers of any size.",
    channel: "tasks",
    killedBy: "S-HS-10",
    verdict: "warn",
    alter: () => ({
      request: (head) =>
        head
          .split("\r\n")
          .filter((line) => line.length < 1024)
          .slice(0, 30)
          .join("\r\n")
          .replace(/(?:\r\n)*$/, "\r\n\r\n"),
    }),
  }),
  altered({
    name: "http-1-0-accepted",
    fault: "Accepts a handshake of HTTP/1.0.",
    channel: "answer",
    killedBy: "S-HS-11",
    verdict: "warn",
    alter: () => ({ request: (head) => head.replace(/^(GET \S+ HTTP)\/1\.0/, "$1/1.1") }),
  }),
];
