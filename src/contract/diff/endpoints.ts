/** What became of an endpoint as a whole: address, handshake, operations, replies and invariants. */

import type { Endpoint, JsonSchema, Operation, Parameter } from "../contract.js";
import { messagesOf } from "../discriminate.js";
import { canonicalJson } from "../same-json.js";
import { type Change, type EndpointPair, show } from "./change.js";
import { obstacles } from "./containment.js";
import type { Speaker } from "./naming.js";
import { newNames } from "./pairs.js";

type Definitions = Speaker["definitions"];

/** Compares where and how a client connects. */
export function compareHandshake(
  pair: EndpointPair,
  definitions: { readonly old: Definitions; readonly new: Definitions },
): void {
  const { old, new: next } = pair;
  const gone = old.channels.filter((name) => !next.channels.includes(name));
  const came = next.channels.filter((name) => !old.channels.includes(name));
  if (gone.length > 0 || came.length > 0) {
    // One connection carries them all: what went with a channel is said of its messages and operations.
    const why = "The key of a channel is not on the wire; generated names may change with it.";
    const names = (list: readonly string[]) => (list.length === 0 ? "no other channel" : list.join(", "));
    pair.add({ effect: "compatible", rule: "channel-key", was: names(gone), is: names(came), why });
  }
  // What a parameter is called is not on the wire.
  const plain = ({ address }: Endpoint) => address.replaceAll(/\{[^{}]*\}/g, "{}");
  if (plain(old) !== plain(next)) {
    const why = "Old clients connect to the old address.";
    pair.add({
      effect: "breaking",
      rule: "address",
      was: old.address,
      is: next.address,
      why,
      mend: "Serve the old address as well.",
    });
  } else compareParameters(pair);
  for (const scheme of missing(asked(next), asked(old))) {
    const why = "Old clients bring no such credentials.";
    pair.add({
      effect: "breaking",
      rule: "security",
      was: "not asked for",
      is: show(scheme),
      why,
      mend: "Let clients in that bring what was asked for before.",
    });
  }
  for (const scheme of missing(asked(old), asked(next))) {
    pair.add({
      effect: "compatible",
      rule: "security",
      was: show(scheme),
      is: "not asked for",
      why: "Old clients bring more than they need.",
    });
  }
  for (const server of missing(
    old.servers.map(({ url }) => url),
    next.servers.map(({ url }) => url),
  )) {
    const why = "Old clients connect to a server that the new document does not name.";
    pair.add({
      effect: "may-break",
      rule: "server",
      was: String(server),
      is: "not named",
      why,
      mend: "Keep it running, and in the document.",
    });
  }
  for (const part of ["query", "headers"] as const)
    compareSchema(pair, part, old[part], next[part], definitions);
}

/** Credentials without the names that the document has for them. */
function asked({ security }: Endpoint): unknown[] {
  return security.map(({ name: _name, ...scheme }) => scheme);
}

/** The row of a channel that is in one document alone. */
export function loneChannel({ name }: Endpoint, removed: boolean): Change {
  const [there, absent] = [`the channel \`${name}\``, "no such channel"];
  if (!removed) {
    const why = "Old clients do not know it.";
    return { endpoint: name, effect: "compatible", rule: "channel-added", was: absent, is: there, why };
  }
  const mend = "Keep it, marked as deprecated, until no old client is left.";
  const why = "Old clients connect to it.";
  return { endpoint: name, effect: "breaking", rule: "channel-removed", was: there, is: absent, why, mend };
}

function missing(from: readonly unknown[], among: readonly unknown[]): unknown[] {
  const known = new Set(among.map(canonicalJson));
  return from.filter((one) => !known.has(canonicalJson(one)));
}

/** Parameters by their place in the address, which is what old clients fill in. */
function compareParameters(pair: EndpointPair): void {
  const of = ({ address, parameters }: Endpoint) =>
    [...address.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]): [string, Parameter] => [
      name,
      parameters[name] ?? {},
    ]);
  const next = of(pair.new);
  for (const [index, [name, before]] of of(pair.old).entries()) {
    const [, now = {}] = next[index] ?? [];
    if (canonicalJson([...(before.enum ?? [])].sort()) === canonicalJson([...(now.enum ?? [])].sort()))
      continue;
    const fewer =
      now.enum !== undefined &&
      (before.enum === undefined || before.enum.some((value) => !now.enum?.includes(value)));
    const values = (list: readonly string[] | undefined) =>
      `{${name}}: ${list === undefined ? "any value" : list.join(", ")}`;
    const why = fewer
      ? "Old clients may fill in a value that the new server does not know."
      : "Old clients fill in what they did before.";
    pair.add({
      effect: fewer ? "breaking" : "compatible",
      rule: "parameter",
      was: values(before.enum),
      is: values(now.enum),
      why,
      ...(fewer ? { mend: "Go on taking the old values." } : {}),
    });
  }
}

/** The query string and the headers of the handshake: the client writes them. */
function compareSchema(
  pair: EndpointPair,
  part: "query" | "headers",
  old: JsonSchema | undefined,
  next: JsonSchema | undefined,
  definitions: { readonly old: Definitions; readonly new: Definitions },
): void {
  const before = { schema: old ?? NOTHING_ASKED, definitions: definitions.old };
  const now = { schema: next ?? NOTHING_ASKED, definitions: definitions.new };
  const forward = obstacles(before, now);
  const [sender, of] = part === "query" ? ["a query string", "the query"] : ["headers", "the headers"];
  for (const { keyword, pointer, certain, writer, reader } of forward) {
    const place = {
      rule: `${part}.${keyword}`,
      was: `${of} ${pointer}: ${writer}`,
      is: `${of} ${pointer}: ${reader}`,
    };
    if (keyword === "field-lacking")
      pair.add({ ...place, effect: "compatible", why: "Old clients need not send it." });
    else
      pair.add({
        ...place,
        effect: certain ? "breaking" : "may-break",
        why: `Old clients may send ${sender} that the new server refuses.`,
        mend: "Go on taking what was allowed before.",
      });
  }
  const broken = new Set(forward.map(({ pointer }) => pointer));
  for (const { keyword, pointer, writer, reader } of obstacles(now, before)) {
    if (broken.has(pointer)) continue;
    pair.add({
      effect: "compatible",
      rule: `${part}.${keyword}`,
      was: `${of} ${pointer}: ${reader}`,
      is: `${of} ${pointer}: ${writer}`,
      why: "The new server still takes what old clients send.",
    });
  }
}

/** A handshake of which nothing is said: of a client that sends no field, what no field may be required of. */
const NOTHING_ASKED: JsonSchema = { type: "object", properties: {} };

/** Compares operations that are not told by their messages alone, and replies. */
export function compareOperations(pair: EndpointPair): void {
  const names = newNames(pair.old, pair.new);
  const renamed = (message: string) => names.get(message) ?? message;
  for (const old of pair.old.operations) {
    const messages = old.messages.map(renamed);
    const next =
      pair.new.operations.find(({ name, action }) => name === old.name && action === old.action) ??
      pair.new.operations.find(
        (other) =>
          other.action === old.action && messages.every((message) => other.messages.includes(message)),
      );
    if (next === undefined) pair.add(removedOperation(old));
    else {
      compareTravels(pair, old, messages);
      compareReply(pair, old, next, renamed);
    }
  }
  const before = new Set(pair.old.operations.map(({ name }) => name));
  for (const { name, action, messages } of pair.new.operations) {
    const same = pair.old.operations.some(
      (old) =>
        old.action === action && messages.every((message) => old.messages.map(renamed).includes(message)),
    );
    if (before.has(name) || same) continue;
    pair.add({
      effect: "compatible",
      rule: "operation-added",
      was: "no such operation",
      is: `the operation \`${name}\``,
      why: "Old clients do not use it.",
    });
  }
}

function removedOperation({ name, action }: Operation): Omit<Change, "endpoint"> {
  const why =
    action === "receive"
      ? "Old clients use it, and the new server no longer takes part."
      : "Old clients rely on it, and the new server no longer does it.";
  return {
    effect: "breaking",
    rule: "operation-removed",
    was: `the operation \`${name}\``,
    is: "no such operation",
    why,
    mend: "Keep it, marked as deprecated, until no old client is left.",
  };
}

/** A message that is still there but in no operation of its direction any more. */
function compareTravels(pair: EndpointPair, old: Operation, messages: readonly string[]): void {
  const direction = old.action === "receive" ? "command" : "event";
  const there = new Set(messagesOf(pair.new, direction).map(({ name }) => name));
  const carried = new Set(
    pair.new.operations.flatMap((one) => [
      ...(one.action === old.action ? one.messages : []),
      ...(one.action === old.action ? [] : (one.reply?.messages ?? [])),
    ]),
  );
  for (const message of messages.filter((name) => there.has(name) && !carried.has(name))) {
    pair.add({
      effect: "breaking",
      rule: "operation",
      direction,
      message,
      was: `in the operation \`${old.name}\``,
      is: "in no operation",
      why: "Nobody sends it any more, or nobody takes it.",
      mend: "Keep it in the operation.",
    });
  }
}

function compareReply(
  pair: EndpointPair,
  old: Operation,
  next: Operation,
  renamed: (message: string) => string,
): void {
  const [was, is] = [old.reply, next.reply];
  const words = (reply: Operation["reply"], name: (message: string) => string) =>
    reply === undefined
      ? "none"
      : `${[...reply.messages].map(name).sort().join(" or ")}${reply.exactly === undefined ? "" : `, exactly ${reply.exactly}`}${reply.ack ? ", as an acknowledgement" : ""}`;
  const texts = {
    was: `reply of \`${old.name}\`: ${words(was, renamed)}`,
    is: `reply of \`${old.name}\`: ${words(is, (message) => message)}`,
  };
  if (words(was, renamed) === words(is, (message) => message)) return;
  const client = old.action === "receive";
  const verdict = client
    ? replyToClients(was, is, renamed)
    : { breaks: is !== undefined, why: "Old clients do not know that they have to answer so." };
  pair.add({
    effect: verdict.breaks ? "breaking" : "compatible",
    rule: "reply",
    ...texts,
    why: verdict.why,
    ...(verdict.breaks ? { mend: "Reply as before." } : {}),
  });
}

function replyToClients(
  was: Operation["reply"],
  is: Operation["reply"],
  renamed: (message: string) => string,
): { breaks: boolean; why: string } {
  if (was === undefined) return { breaks: false, why: "Old clients wait for no reply." };
  if (is === undefined) return { breaks: true, why: "Old clients wait for a reply that no longer comes." };
  const known = was.messages.map(renamed);
  if (is.messages.some((message) => !known.includes(message)))
    return { breaks: true, why: "Old clients do not take the new reply for one." };
  if (was.ack !== is.ack) return { breaks: true, why: "Old clients wait for the reply in another form." };
  if (was.exactly !== undefined && was.exactly !== is.exactly)
    return { breaks: true, why: "Old clients wait for another number of replies." };
  return { breaks: false, why: "Old clients know all replies that may come." };
}

/** Compares `x-ws-invariants`: promises of the server. */
export function compareInvariants(pair: EndpointPair): void {
  const names = newNames(pair.old, pair.new);
  const renamed = (message: string) => names.get(message) ?? message;
  const of = ({ invariants }: Endpoint, name: (message: string) => string) =>
    new Map(
      invariants.map(({ level, ...one }) => {
        const plain = {
          ...one,
          on: one.on.map(name).sort(),
          ...(one.command === undefined ? {} : { command: one.command.map(name).sort() }),
          ...(one.resetOn === undefined
            ? {}
            : { resetOn: { ...one.resetOn, message: name(one.resetOn.message) } }),
        };
        return [canonicalJson(plain), { level, text: `${one.kind} ${one.field} of ${plain.on.join(", ")}` }];
      }),
    );
  const [old, next] = [of(pair.old, renamed), of(pair.new, (message) => message)];
  for (const [key, { level, text }] of old) {
    const now = next.get(key);
    if (now?.level === level || now?.level === "MUST") {
      if (now.level !== level)
        pair.add({
          effect: "compatible",
          rule: "invariant",
          was: `${text}: ${level}`,
          is: `${text}: MUST`,
          why: "The new server promises more.",
        });
      continue;
    }
    pair.add({
      effect: level === "MUST" ? "breaking" : "may-break",
      rule: "invariant",
      was: `${text}: ${level}`,
      is: now === undefined ? "no such promise" : `${text}: ${now.level}`,
      why: "Old clients were promised it.",
      mend: "Keep the promise.",
    });
  }
  for (const [key, { level, text }] of next) {
    if (!old.has(key))
      pair.add({
        effect: "compatible",
        rule: "invariant",
        was: "no such promise",
        is: `${text}: ${level}`,
        why: "The new server promises more.",
      });
  }
}
