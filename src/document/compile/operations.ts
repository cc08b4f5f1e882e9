/** Operations: which messages travel which way, and what answers what. */

import type { Direction, Operation, Reply } from "../../contract/contract.js";
import { entriesAt, follow, identityOf, memberAt, type Place } from "../place.js";
import type { Channel, ChannelMessage } from "./channels.js";
import { type Compilation, placed, refuse } from "./context.js";
import { booleanAt, numberAt, present, textAt } from "./fields.js";
import { findMessage, type MessageNames } from "./message-names.js";

/** An operation with its messages found, not yet named. */
export interface OperationDraft {
  readonly name: string;
  readonly place: Place;
  readonly channel: Channel;
  /** As the server sees it. */
  readonly action: "receive" | "send";
  readonly messages: readonly ChannelMessage[];
  readonly reply?: { readonly channel: Channel; readonly messages: readonly ChannelMessage[] };
}

/** Reads the operations on the given channels; those on channels that WebSocket does not carry are left out. */
export function readOperations(compilation: Compilation, channels: readonly Channel[]): OperationDraft[] {
  const drafts: OperationDraft[] = [];
  for (const [name, place] of entriesAt(memberAt(compilation.root, "operations"))) {
    const channel = channelAt(memberAt(place, "channel"), channels);
    const declared = textAt(place, "action");
    if (channel === undefined || (declared !== "receive" && declared !== "send")) continue;
    const action = compilation.perspective === "server" ? declared : declared === "send" ? "receive" : "send";
    const listed = memberAt(place, "messages");
    const messages =
      listed === undefined ? channel.messages : messagesAt(compilation, listed, [channel, ...channels]);
    drafts.push({ name, place: follow(place), channel, action, messages });
  }
  // Which way the messages of a reply without a list go depends on all operations.
  return drafts.map((draft) => {
    const reply = readReply(compilation, draft, drafts, channels);
    return reply === undefined ? draft : { ...draft, reply };
  });
}

function readReply(
  compilation: Compilation,
  draft: OperationDraft,
  drafts: readonly OperationDraft[],
  channels: readonly Channel[],
): OperationDraft["reply"] {
  const reply = memberAt(draft.place, "reply");
  if (reply === undefined) return undefined;
  const named = memberAt(reply, "channel");
  const channel = named === undefined ? draft.channel : channelAt(named, channels);
  if (channel === undefined) return undefined;
  const listed = memberAt(reply, "messages");
  if (listed !== undefined)
    return { channel, messages: messagesAt(compilation, listed, [channel, ...channels]) };
  if (channel !== draft.channel) return { channel, messages: channel.messages };
  // "All messages of the channel", where requests share that channel, cannot mean the requests.
  const answers = drafts
    .filter((other) => other.channel === channel && other.action !== draft.action)
    .flatMap((other) => other.messages);
  const others = channel.messages.filter((message) => !draft.messages.includes(message));
  return { channel, messages: answers.length > 0 ? [...new Set(answers)] : others };
}

function channelAt(place: Place | undefined, channels: readonly Channel[]): Channel | undefined {
  if (place === undefined) return undefined;
  const identity = identityOf(place);
  return channels.find((channel) => channel.identity === identity);
}

function messagesAt(compilation: Compilation, list: Place, channels: readonly Channel[]): ChannelMessage[] {
  return entriesAt(list).flatMap(([, place]) => {
    const found = findMessage(place, channels);
    if (found !== undefined) return [found];
    refuse(
      compilation,
      place,
      "dangling-message",
      "An operation names a message that its channel does not list.",
      "Refer to a message under `messages` of the operation's channel.",
    );
    return [];
  });
}

/** The ways that each message of some operations travels: a reply goes the other way than what it answers. */
export function directionsOf(
  drafts: readonly OperationDraft[],
): (message: ChannelMessage) => ReadonlySet<Direction> {
  const ways = new Map<ChannelMessage, Set<Direction>>();
  const add = (messages: readonly ChannelMessage[], direction: Direction) => {
    for (const message of messages) ways.set(message, (ways.get(message) ?? new Set()).add(direction));
  };
  for (const draft of drafts) {
    add(draft.messages, directionOf(draft.action));
    if (draft.reply !== undefined) add(draft.reply.messages, answerTo(draft.action));
  }
  return (message) => ways.get(message) ?? new Set();
}

/** Messages that only come as a Socket.IO acknowledgement. */
export function acknowledgementsOf(drafts: readonly OperationDraft[]): ReadonlySet<ChannelMessage> {
  const acknowledged = drafts.filter((draft) => isAcknowledged(draft));
  const otherwise = new Set([
    ...drafts.flatMap((draft) => draft.messages),
    ...drafts.flatMap((draft) => (isAcknowledged(draft) ? [] : (draft.reply?.messages ?? []))),
  ]);
  const found = acknowledged.flatMap((draft) => draft.reply?.messages ?? []);
  return new Set(found.filter((message) => !otherwise.has(message)));
}

function isAcknowledged(draft: OperationDraft): boolean {
  return booleanAt(draft.place, "x-ws-reply", "ack") ?? false;
}

/** The operations of an endpoint, messages by name. */
export function finishOperations(
  compilation: Compilation,
  drafts: readonly OperationDraft[],
  names: MessageNames,
): Operation[] {
  return drafts.map((draft) => {
    const named = (messages: readonly ChannelMessage[], direction: Direction) => [
      ...new Set(messages.flatMap((message) => names.nameIn(message, direction) ?? [])),
    ];
    const replies = draft.reply === undefined ? [] : named(draft.reply.messages, answerTo(draft.action));
    return placed(compilation, draft.place, {
      name: draft.name,
      action: draft.action,
      messages: named(draft.messages, directionOf(draft.action)),
      ...present<Operation>({
        summary: textAt(draft.place, "summary"),
        description: textAt(draft.place, "description"),
        reply: replies.length > 0 ? replyOf(draft, replies) : undefined,
      }),
    });
  });
}

function replyOf(draft: OperationDraft, messages: readonly string[]): Reply {
  return {
    messages,
    ...present<Reply>({ exactly: numberAt(draft.place, "x-ws-reply", "exactly") }),
    ack: isAcknowledged(draft),
  };
}

function directionOf(action: "receive" | "send"): Direction {
  return action === "receive" ? "command" : "event";
}

function answerTo(action: "receive" | "send"): Direction {
  return action === "receive" ? "event" : "command";
}
