/** The names of an endpoint's messages, and which of them a `$ref` means. */

import type { Direction, Message } from "../../contract/contract.js";
import { identityOf, type Place, refOf, resolveRef } from "../place.js";
import type { Channel, ChannelMessage } from "./channels.js";
import { type Compilation, placed, refuse } from "./context.js";
import { type MessageDraft, readMessage } from "./messages.js";

/** The messages of one endpoint by direction, and their names. */
export interface MessageNames {
  messages(direction: Direction): Message[];
  /** The AsyncAPI name of a message, else its key: what stands on the wire where no constant does. */
  declaredName(direction: Direction, name: string): string;
  /** The name of a channel's message in a direction; undefined when it does not travel that way. */
  nameIn(message: ChannelMessage, direction: Direction): string | undefined;
  /**
   * The name that a message reference of an extension means. `wanted` is the direction that makes sense there;
   * undefined stands for either. A reference that means nothing here is refused.
   */
  resolve(place: Place, wanted: Direction | undefined): string | undefined;
}

/** The message of some channels that a reference means: by the key it names, else by what it leads to. */
export function findMessage(place: Place, channels: readonly Channel[]): ChannelMessage | undefined {
  const messages = channels.flatMap((channel) => channel.messages);
  const keyAt = (at: Place) =>
    messages.find((message) => {
      const { file, path } = message.place;
      return file.path === at.file.path && path.join("\0") === at.path.join("\0");
    });
  let at: Place | undefined = place;
  for (let hop = 0; at !== undefined && hop < 64; hop++) {
    const found = keyAt(at);
    if (found !== undefined) return found;
    const ref = refOf(at.value);
    at = ref === undefined ? undefined : resolveRef(at.file, ref);
  }
  const identity = identityOf(place);
  return messages.find((message) => message.identity === identity);
}

interface Entry {
  readonly name: string;
  readonly identity: string;
  readonly draft: MessageDraft;
  readonly members: ChannelMessage[];
}

/** Names the messages of an endpoint. `travels` says which way each one goes; acknowledgements have no frame. */
export function nameMessages(
  compilation: Compilation,
  channels: readonly Channel[],
  travels: (message: ChannelMessage) => ReadonlySet<Direction>,
  acknowledgements: ReadonlySet<ChannelMessage>,
): MessageNames {
  const entries: Record<Direction, Entry[]> = { command: [], event: [] };
  for (const message of channels.flatMap((channel) => channel.messages)) {
    for (const direction of travels(message)) addTo(compilation, entries[direction], message);
  }
  const entryOf = (message: ChannelMessage, direction: Direction) =>
    entries[direction].find((entry) => entry.members.includes(message));
  return {
    messages: (direction) =>
      entries[direction].map((entry) => {
        const message = entry.draft.finish(entry.name);
        if (!entry.members.every((member) => acknowledgements.has(member))) return message;
        return placed(compilation, compilation.places.get(message), { ...message, acknowledgement: true });
      }),
    declaredName: (direction, name) =>
      entries[direction].find((entry) => entry.name === name)?.draft.declaredName ?? name,
    nameIn: (message, direction) => entryOf(message, direction)?.name,
    resolve(place, wanted) {
      const ref = refOf(place.value) ?? JSON.stringify(place.value);
      const message = findMessage(place, channels);
      if (message === undefined) {
        const mend = `Refer to a message of ${channels.map((one) => `\`#/channels/${one.key}/messages\``).join(" or ")}.`;
        refuse(compilation, place, "dangling-message", `${ref} is no message of this channel.`, mend);
        return undefined;
      }
      const command = entryOf(message, "command");
      const event = entryOf(message, "event");
      const found = wanted === "command" ? command : wanted === "event" ? event : (command ?? event);
      if (found !== undefined) return found.name;
      const isOther = (command ?? event) !== undefined;
      const other = wanted === "command" ? "an event" : "a command";
      refuse(
        compilation,
        place,
        "dangling-message",
        isOther
          ? `${ref} is ${other} here: it travels the other way than this place wants.`
          : `${ref} is in no operation, so nobody sends it.`,
        isOther
          ? `Refer to ${wanted === "command" ? "a command" : "an event"}.`
          : "Add it to an operation of this channel.",
      );
      return undefined;
    },
  };
}

/** The same message under the same or another key counts once; another message under a taken key gets its own name. */
function addTo(compilation: Compilation, entries: Entry[], message: ChannelMessage): void {
  const same = entries.find((entry) => entry.identity === message.identity);
  if (same !== undefined) {
    same.members.push(message);
    return;
  }
  const wanted = compilation.names.get(`${message.channel}/${message.key}`) ?? message.key;
  const taken = (name: string) => entries.some((entry) => entry.name === name);
  let name = taken(wanted) ? `${message.channel}.${wanted}` : wanted;
  for (let n = 2; taken(name); n++) name = `${message.channel}.${wanted}${n}`;
  const draft = readMessage(compilation, message.place);
  entries.push({ name, identity: message.identity, draft, members: [message] });
}
