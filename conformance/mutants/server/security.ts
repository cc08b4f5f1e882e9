/** What is let in, and what texts reveal: S-SE. */
import { isJson, memberOf, objectIn } from "../content.js";
import type { Line } from "../frame-proxy.js";
import { altered, type Mutant } from "../mutant.js";
import { closePayload, OPCODE } from "../proxy-wire.js";
import { ALLOWED_ORIGIN, guardedVariant, ownedSessions, TOKEN } from "../variants.js";

const guardedTasks = guardedVariant("tasks");
const guardedWorkflow = guardedVariant("workflow");

const ORIGIN = /(\norigin:[ \t]*)(\S+)/i;

/** The request with another origin where `lets` says that this one is let in. */
const takenFor =
  (lets: (origin: string) => boolean) =>
  (head: string): string =>
    head.replace(ORIGIN, (all, name: string, origin: string) =>
      lets(origin) ? `${name}${ALLOWED_ORIGIN}` : all,
    );

const AUTHORIZATION = /\nauthorization:[^\r\n]*\r?/i;

/** The request with the good token where `lets` takes what it carries (nothing: undefined). */
const authorized =
  (lets: (token: string | undefined) => boolean) =>
  (head: string): string => {
    const token = /\nauthorization:[ \t]*(?:Bearer ?)?([^\r\n]*)/i.exec(head)?.[1];
    if (!lets(token)) return head;
    const bare = head.replace(AUTHORIZATION, "");
    return bare.replace("\r\n", `\r\nAuthorization: Bearer ${TOKEN}\r\n`);
  };

/** A connection without the good token is let in, and ended as `end` says. */
const endedLater = (end: (line: Line) => void) => () => {
  let good = true;
  return {
    request(head: string): string {
      good = head.includes(`Bearer ${TOKEN}`);
      return authorized(() => true)(head);
    },
    opened(line: Line): void {
      if (!good) end(line);
    },
  };
};

/** Text put into the message of every refusal on `workflow`. */
const saying = (more: string) => (): { readonly event: (text: string) => readonly string[] | undefined } => ({
  event(text) {
    const frame = objectIn(text);
    if (frame?.["event"] !== "error") return undefined;
    const data = memberOf(frame, "data");
    return [JSON.stringify({ ...frame, data: { ...data, error: `${String(data["error"])}${more}` } })];
  },
});

export const securityMutants: readonly Mutant[] = [
  altered({
    name: "origin-not-checked",
    fault: "Lets browsers in from anywhere.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-01",
    alter: () => ({ request: takenFor(() => true) }),
  }),
  altered({
    name: "origin-checked-by-its-beginning",
    fault: "Lets in every origin that begins like one on the list.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-01",
    alter: () => ({ request: takenFor((origin) => origin.startsWith(ALLOWED_ORIGIN)) }),
  }),
  altered({
    name: "origin-checked-by-its-end",
    fault: "Lets in every origin whose host ends like one on the list.",
    channel: "workflow",
    variant: guardedWorkflow,
    killedBy: "S-SE-01",
    alter: () => ({ request: takenFor((origin) => origin.endsWith(new URL(ALLOWED_ORIGIN).host)) }),
  }),
  altered({
    name: "origin-null-let-in",
    fault: "Lets in the origin null, which every sandboxed page has.",
    channel: "conversation",
    variant: guardedVariant("conversation"),
    killedBy: "S-SE-01",
    alter: () => ({ request: takenFor((origin) => origin === "null") }),
  }),
  altered({
    name: "foreign-origin-is-a-server-error",
    fault: "Answers a foreign origin with 500.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-01",
    verdict: "warn",
    alter: () => ({
      response: (head) => head.replace("HTTP/1.1 403 Forbidden", "HTTP/1.1 500 Internal Server Error"),
    }),
  }),
  altered({
    name: "token-not-checked",
    fault: "Lets everybody in, with or without a token.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-02",
    alter: () => ({ request: authorized(() => true) }),
  }),
  altered({
    name: "any-token-will-do",
    fault: "Asks for a token, and looks at none.",
    channel: "workflow",
    variant: guardedWorkflow,
    killedBy: "S-SE-02",
    alter: () => ({ request: authorized((token) => token !== undefined && token !== "") }),
  }),
  altered({
    name: "token-checked-by-its-beginning",
    fault: "Takes half of the token for the whole.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-02",
    alter: () => ({
      request: authorized((token) => token !== undefined && token !== "" && TOKEN.startsWith(token)),
    }),
  }),
  altered({
    name: "expired-token-taken",
    fault: "Does not look at the date of a token.",
    channel: "conversation",
    variant: guardedVariant("conversation"),
    killedBy: "S-SE-02",
    alter: () => ({ request: authorized((token) => token?.includes("expired") === true) }),
  }),
  altered({
    name: "bad-token-closed-with-1000",
    fault: "Lets a bad token in and closes with 1000, which says that all is well.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-02",
    alter: endedLater((line) => line.close(1000)),
  }),
  altered({
    name: "event-before-rejection",
    fault: "Tells a client with a bad token of a session before it closes with 4401.",
    channel: "tasks",
    variant: guardedTasks,
    killedBy: "S-SE-02",
    alter: endedLater((line) => {
      const data = { status: "running", completed_tasks: 1, total_tasks: 3 };
      line.toClient(JSON.stringify({ event: "session.update", session_id: "somebody", data }));
      line.close(4401);
    }),
  }),
  altered({
    name: "session-of-another-user-served",
    fault: "Lets every user subscribe to every session.",
    channel: "tasks",
    variant: ownedSessions,
    killedBy: "S-SE-03",
    alter: () => ({}),
  }),
  altered({
    name: "session-of-another-user-refused-in-silence",
    fault: "Says nothing to a user who asks for a session of another.",
    channel: "tasks",
    variant: ownedSessions,
    killedBy: "S-SE-03",
    alter: () => {
      let bob = false;
      return {
        request(head) {
          bob = head.includes("Bearer bob");
          return head;
        },
        command: (text) => (bob && text.includes("session-of-ann") ? [] : undefined),
      };
    },
  }),
  altered({
    name: "stack-trace-in-errors",
    fault: "Puts the stack of its parser into the text of a refusal.",
    channel: "workflow",
    killedBy: "S-SE-04",
    needs: ["S-CD-04"],
    alter: saying(
      "\n    at JSON.parse (<anonymous>)\n    at Socket.handle (file:///srv/chat/server.js:41:17)",
    ),
  }),
  altered({
    name: "traceback-in-errors",
    fault: "Puts a Python traceback into the text of a refusal.",
    channel: "workflow",
    killedBy: "S-SE-04",
    needs: ["S-CD-05"],
    alter: saying('\nTraceback (most recent call last):\n  File "server.py", line 12, in handle'),
  }),
  altered({
    name: "path-in-close-reason",
    fault: "Names a file of its own in the reason of a close.",
    channel: "pipeline",
    killedBy: "S-SE-04",
    needs: ["S-CD-01"],
    alter: () => ({
      control: ({ opcode, from }) =>
        from === "server" && opcode === OPCODE.close
          ? closePayload(1000, "see /var/log/chat/server.log")
          : undefined,
    }),
  }),
  altered({
    name: "path-in-errors",
    fault: "Names the file of its schema in the text of a refusal.",
    channel: "answer",
    killedBy: "S-SE-04",
    needs: ["S-CD-04"],
    alter: () => ({
      event(text) {
        const frame = isJson(text) ? objectIn(text) : undefined;
        if (frame?.["type"] !== "error") return undefined;
        return [JSON.stringify({ ...frame, message: "does not fit /srv/chat/schemas/query.json" })];
      },
    }),
  }),
];
