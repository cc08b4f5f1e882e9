/** What became of the messages of one direction: who reads a message decides what breaks. */

import type { Direction, Endpoint, Message } from "../contract.js";
import { discriminatorOf } from "../discriminate.js";
import type { Change, EndpointPair } from "./change.js";
import { obstacles } from "./containment.js";
import { nameAtReader, type Speaker, unknownAtReader } from "./naming.js";
import type { Obstacle } from "./obstacle.js";
import { pairMessages } from "./pairs.js";

type Definitions = Speaker["definitions"];

/** Compares the commands, or the events, of two endpoints. */
export function compareMessages(
  pair: EndpointPair,
  direction: Direction,
  definitions: { readonly old: Definitions; readonly new: Definitions },
): void {
  const speakers = {
    old: { endpoint: pair.old, definitions: definitions.old },
    new: { endpoint: pair.new, definitions: definitions.new },
  };
  const [writer, reader] =
    direction === "command" ? [speakers.old, speakers.new] : [speakers.new, speakers.old];
  const comparison: Comparison = { pair, direction, writer, reader };
  const { both, removed, added } = pairMessages(pair.old, pair.new, direction);
  for (const { old, new: next } of both) compareMessage(comparison, old, next);
  for (const message of removed)
    pair.add({ ...about(direction, message, undefined), ...removal(comparison, message) });
  for (const message of added)
    pair.add({ ...about(direction, undefined, message), ...addition(comparison, message) });
}

interface Comparison {
  readonly pair: EndpointPair;
  readonly direction: Direction;
  /** Who writes in the pair that is judged, old client and new server, and who reads. */
  readonly writer: Speaker;
  readonly reader: Speaker;
}

type About = Pick<Change, "direction" | "message" | "oldSource" | "newSource">;
type Verdict = Omit<Change, "endpoint" | keyof About>;

function about(direction: Direction, old: Message | undefined, next: Message | undefined): About {
  return {
    direction,
    message: old?.name ?? next?.name ?? "",
    ...(old === undefined ? {} : { oldSource: old.source }),
    ...(next === undefined ? {} : { newSource: next.source }),
  };
}

function removal({ direction, pair, writer, reader }: Comparison, message: Message): Verdict {
  const common = {
    effect: "breaking",
    rule: "message-removed",
    was: `the ${direction} \`${message.name}\``,
  } as const;
  if (direction === "command") {
    const alone = !unknownAtReader({ direction, writer, reader, message }) && pair.new.commands.length > 0;
    return {
      ...common,
      is: "no such command",
      why: `Old clients still send \`${message.name}\`, and the new server does not know it${alone ? " as what it was" : ""}.`,
      mend: "Keep the command, marked as deprecated, until no old client is left.",
    };
  }
  return {
    ...common,
    is: "no such event",
    why: `Old clients wait for \`${message.name}\`, and the new server never sends it.`,
    mend: "Go on sending it, marked as deprecated, until no old client is left.",
  };
}

function addition(comparison: Comparison, message: Message): Verdict {
  const { direction, writer, reader } = comparison;
  const common = {
    rule: "message-added",
    was: `no such ${direction}`,
    is: `the ${direction} \`${message.name}\``,
  };
  if (direction === "command") {
    return { ...common, effect: "compatible", why: "Old clients do not send it." };
  }
  if (message.acknowledgement === true) {
    return {
      ...common,
      effect: "compatible",
      why: "It comes only where a client asks for an acknowledgement.",
    };
  }
  if (!unknownAtReader({ direction, writer, reader, message })) {
    return {
      ...common,
      effect: "may-break",
      why: "Old clients do not tell it from their own events by its name: they may refuse it, or take it for another.",
      mend: "Give the events a field with a constant that names each, and declare it as the discriminator.",
    };
  }
  if (reader.endpoint.protocol.unknown?.send === "error") {
    return {
      ...common,
      effect: "breaking",
      why: "The new server sends it, and to old clients an unknown event is an error (`unknown.send: error`).",
      mend: "Send it only to clients that ask for it: by a new command, a query parameter or a subprotocol.",
    };
  }
  return { ...common, effect: "compatible", why: "Old clients ignore events that they do not know." };
}

function compareMessage(comparison: Comparison, old: Message, next: Message): void {
  const { direction, pair, writer, reader } = comparison;
  const add = (verdict: Verdict) => pair.add({ ...about(direction, old, next), ...verdict });
  const flagged = ["binary", "acknowledgement"] as const;
  for (const flag of flagged) {
    if ((old[flag] ?? false) === (next[flag] ?? false)) continue;
    const say = (message: Message) => (message[flag] === true ? flag : `no ${flag}`);
    const why = `It travels otherwise than before, and ${direction === "command" ? "the new server" : "old clients"} cannot read it.`;
    add({ effect: "breaking", rule: flag, was: say(old), is: say(next), why, mend: MENDS.another });
  }
  if (old.name !== next.name) {
    const why = "The key in the document is not on the wire; generated names change with it.";
    add({ effect: "compatible", rule: "message-key", was: old.name, is: next.name, why });
  }
  const [from, to] = direction === "command" ? [old, next] : [next, old];
  const naming = nameAtReader({ direction, writer, reader, message: from }, to);
  const hidden = new Set<string>();
  if (naming.kind === "renamed") {
    for (const { endpoint } of [writer, reader]) {
      for (const field of discriminatorOf(endpoint, direction).fields.slice(0, 1)) hidden.add(field);
    }
    const texts = direction === "command" ? [naming.writer, naming.reader] : [naming.reader, naming.writer];
    const [was = "", is = ""] = texts;
    add({ effect: "breaking", rule: "wire-name", was, is, why: nameWhy(direction), mend: MENDS.name });
  } else if (naming.kind === "undecided") {
    const why = `Messages are told apart in another way than before: whether ${direction === "command" ? "the new server takes frames of old clients" : "old clients take frames of the new server"} for what they are is not proved.`;
    add({
      effect: "may-break",
      rule: "discriminator",
      was: tells(pair.old, direction),
      is: tells(pair.new, direction),
      why,
      mend: MENDS.name,
    });
  }
  const inWriter = { schema: from.payload, definitions: writer.definitions };
  const inReader = { schema: to.payload, definitions: reader.definitions };
  const forward = obstacles(inWriter, inReader, { promised: direction === "event" });
  const backward = obstacles(inReader, inWriter, { promised: direction === "command" });
  const told = (found: Obstacle) => !hidden.has(found.pointer);
  for (const found of forward.filter(told)) add(obstacleRow(direction, found));
  const broken = new Set(forward.map(({ pointer }) => pointer));
  for (const found of backward.filter(told)) {
    if (!broken.has(found.pointer)) add(widening(direction, found));
  }
  compareCorrelation(old, next, direction, add);
}

function compareCorrelation(
  old: Message,
  next: Message,
  direction: Direction,
  add: (verdict: Verdict) => void,
): void {
  if (old.correlation === next.correlation) return;
  const common = { rule: "correlation", was: old.correlation ?? "none", is: next.correlation ?? "none" };
  if (old.correlation === undefined) {
    add({ ...common, effect: "compatible", why: "Old clients look for no correlation id." });
    return;
  }
  const who =
    direction === "command"
      ? "write the id where the new server does not look"
      : "do not find the id of their request";
  add({ ...common, effect: "breaking", why: `Old clients ${who}.`, mend: "Leave the id where it was." });
}

const MENDS = {
  another: "Make it a message of its own, beside the old one.",
  name: "Leave the old name, or add a message under the new one beside it.",
} as const;

function nameWhy(direction: Direction): string {
  return direction === "command"
    ? "Old clients send it under the old name, which the new server does not know."
    : "The new server sends it under a name that old clients do not know.";
}

function tells(endpoint: Endpoint, direction: Direction): string {
  const { origin, fields } = discriminatorOf(endpoint, direction);
  return fields.length === 0 ? "told by shape" : `${origin}: ${fields.join(", ")}`;
}

/** An obstacle between an old client and a new server. */
function obstacleRow(direction: Direction, found: Obstacle): Verdict {
  const command = direction === "command";
  const { keyword, pointer, certain, writer, reader } = found;
  const [was, is] = command ? [writer, reader] : [reader, writer];
  const place = { rule: ruleOf(found, command), pointer, was, is };
  if (command && keyword === "field-lacking") {
    return { ...place, effect: "compatible", why: "Old clients do not send it, and need not." };
  }
  const open = certain ? "" : ", and it is not proved that they fit";
  const why = `${reason(command, found)}${open}.`;
  return { ...place, effect: certain ? "breaking" : "may-break", why, mend: mend(command, keyword) };
}

/** A difference that only a new client with an old server would meet. */
function widening(direction: Direction, found: Obstacle): Verdict {
  const command = direction === "command";
  // Here the new client writes commands, and the old server writes events.
  const [was, is] = command ? [found.reader, found.writer] : [found.writer, found.reader];
  const why = command
    ? "The new server still takes all that old clients send."
    : "Old clients still take all that the new server sends.";
  return { effect: "compatible", rule: ruleOf(found, !command), pointer: found.pointer, was, is, why };
}

/** Keywords are rules; a field is added or removed by whichever document describes it. */
function ruleOf({ keyword }: Obstacle, writerIsOld: boolean): string {
  if (keyword === "field-unknown") return writerIsOld ? "field-removed" : "field-added";
  if (keyword === "field-lacking") return writerIsOld ? "field-added" : "field-removed";
  return keyword;
}

function reason(command: boolean, { keyword, writer, reader }: Obstacle): string {
  const [sends, takes] = command
    ? ["Old clients may send", "the new server takes"]
    : ["The new server may send", "old clients take"];
  switch (keyword) {
    case "required":
      return command
        ? "Old clients may send it without this field, which the new server requires"
        : "The new server may leave this field out, which old clients require";
    case "field-lacking":
      return "Old clients were promised this field, and the new server no longer sends it";
    case "schema":
      return `The two cannot be compared (${reader.replace(/^.*?: /, "")})`;
    default:
      return `${sends} ${writer}, and ${takes} ${reader}`;
  }
}

function mend(command: boolean, keyword: string): string {
  switch (keyword) {
    case "required":
      return command
        ? "Make it optional, and give its absence a meaning."
        : "Keep it required, and go on sending it.";
    case "field-lacking":
      return "Go on sending it, marked as deprecated, until no old client is left.";
    case "field-unknown":
      return command
        ? "Go on taking the field, and ignore it."
        : "Send it in a message of its own, or ship clients whose events are open first.";
    default:
      return command
        ? "Go on taking what was allowed before, or take the new form as another command."
        : "Go on sending only what was allowed before, or send the new form as another event.";
  }
}
