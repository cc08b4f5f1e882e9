/** A document that seems to be written from the other side: then every command is taken for an event. */

import type { Contract, Direction, Endpoint } from "../../contract/contract.js";
import { findingAt, type Place } from "../place.js";
import type { LintContext, LintRule } from "./rule.js";

const NAME = "other-side";

/** Evidence below this is chance: one text that speaks of the other end proves nothing, and two names prove less. */
const MIN_VOTES = 2;
const MIN_NAMES = 3;
/** So much more evidence must speak for the other side. */
const RATIO = 3;

/** Who sends a message is what its name and its texts say: the document is read from the side that it was written from. */
export const otherSide: LintRule = {
  name: NAME,
  says: "The document is read from the side that it was written from.",
  check(context) {
    const votes = context.contract.endpoints
      .filter(isOneSided)
      .flatMap((endpoint) => votesOf(context, endpoint));
    const against = votes.filter(({ agrees }) => !agrees);
    // What somebody wrote convinces more than how something is named.
    const written = against.find(({ by }) => by !== "name");
    const first = written ?? against[0];
    if (first === undefined || against.length < (written === undefined ? MIN_NAMES : MIN_VOTES)) return [];
    if (against.length < (votes.length - against.length) * RATIO) return [];
    const { perspective } = context.contract;
    const [side, mend] = SIDES[perspective];
    return [
      findingAt(
        first.place ?? context.root,
        NAME,
        "warning",
        `The document seems to be written from the ${side}'s side: ${first.why}, and ${against.length - 1} more of its messages and operations read so.`,
        mend,
      ),
    ];
  },
};

const SIDES: Readonly<Record<Contract["perspective"], readonly [string, string]>> = {
  server: [
    "client",
    "Read it with `--as client`; or turn `send` and `receive` round (in 2.x: `publish` and `subscribe`).",
  ],
  client: ["server", "Read it without `--as client`."],
};

/** Where the same messages go both ways, neither side can be told from the other. */
function isOneSided({ commands, events }: Endpoint): boolean {
  const names = (messages: Endpoint["commands"]) => messages.map(({ name }) => name).sort();
  return names(commands).join("\0") !== names(events).join("\0");
}

/** One sign of who sends a message; it agrees with the direction as it was read, or speaks against it. */
interface Vote {
  readonly agrees: boolean;
  readonly by: Said["by"];
  readonly place: Place | undefined;
  readonly why: string;
}

function votesOf({ places }: LintContext, endpoint: Endpoint): Vote[] {
  const vote = (part: object, what: string, direction: Direction, said: Said | undefined): Vote[] => {
    if (said === undefined) return [];
    const why = `${what} is ${direction === "command" ? "a command" : "an event"} here, and ${said.how}`;
    return [{ agrees: said.direction === direction, by: said.by, place: places.get(part), why }];
  };
  const both = new Set(endpoint.commands.map(({ name }) => name));
  const shared = new Set(endpoint.events.map(({ name }) => name).filter((name) => both.has(name)));
  const messages = (["command", "event"] as const).flatMap((direction) =>
    (direction === "command" ? endpoint.commands : endpoint.events)
      .filter(({ name }) => !shared.has(name))
      .flatMap((message) =>
        vote(
          message,
          `\`${message.name}\``,
          direction,
          saidBy([message.summary, message.description]) ?? saidByName(message.name),
        ),
      ),
  );
  const operations = endpoint.operations.flatMap((operation) => {
    const direction: Direction = operation.action === "receive" ? "command" : "event";
    const said = saidBy([operation.summary, operation.description]);
    // Whoever waits for an answer is the client, nearly always.
    const asks =
      operation.reply === undefined
        ? undefined
        : ({ direction: "command", by: "reply", how: "it is answered by a reply" } as const);
    const what = `the message of operation \`${operation.name}\``;
    return vote(operation, what, direction, said ?? asks);
  });
  return [...messages, ...operations];
}

interface Said {
  readonly direction: Direction;
  readonly by: "text" | "name" | "reply";
  readonly how: string;
}

const FROM_CLIENT =
  /\b(?:from|by) (?:the |a |your )?clients?\b|\bclients? (?:can |may |must |should |will )?(?:sends?|pings?|requests?|subscribes?)\b|\bclient[- ]to[- ]server\b|\bto (?:the )?(?:web ?sockets? )?server\b/i;
const FROM_SERVER =
  /\b(?:from|by) (?:the |a |your )?(?:web ?sockets? )?server\b|\bserver (?:can |may |must |should |will )?(?:sends?|pushes|responds?|response|replies|reply)\b|\bserver[- ]to[- ]client\b|\bto (?:the |a |all |each |your )?(?:connected )?clients?\b/i;

/** Who sends it, by the first of some texts that names one end, and no other. */
function saidBy(texts: readonly (string | undefined)[]): Said | undefined {
  for (const text of texts) {
    if (text === undefined) continue;
    const client = FROM_CLIENT.exec(text);
    const server = FROM_SERVER.exec(text);
    const found = client ?? server;
    // "From server to client" names both, and says the same twice; else two ends in one text prove nothing.
    if (found === null) continue;
    if (client !== null && server !== null) {
      const [earlier, later] = client.index < server.index ? [client, server] : [server, client];
      const way = /^(?:from|by)\b/i.test(earlier[0]) && /^to\b/i.test(later[0]);
      if (!way) continue;
      return {
        direction: earlier === client ? "command" : "event",
        by: "text",
        how: quoted(text, earlier.index),
      };
    }
    return { direction: client === null ? "event" : "command", by: "text", how: quoted(text, found.index) };
  }
  return undefined;
}

/** At most so many characters before and behind what was found. */
const QUOTED = 30;

function quoted(text: string, at: number): string {
  const from = Math.max(0, at - QUOTED);
  const part = text
    .slice(from, at + 2 * QUOTED)
    .replaceAll(/\s+/g, " ")
    .trim();
  return `its text says "${from > 0 ? "…" : ""}${part}${at + 2 * QUOTED < text.length ? "…" : ""}"`;
}

/** `…Event` says nothing: many name all their messages so. */
function saidByName(name: string): Said | undefined {
  const how = "is named as the other end's would be";
  if (/(?:request|command|cmd)$/i.test(name)) return { direction: "command", by: "name", how };
  if (/(?:response|reply)$/i.test(name)) return { direction: "event", by: "name", how };
  return undefined;
}
