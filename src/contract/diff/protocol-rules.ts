/** What became of the rules that hold while a connection is open: limits, refusals, answers, who gets what. */

import type { Endpoint } from "../contract.js";
import { canonicalJson } from "../same-json.js";
import { type Change, type EndpointPair, say } from "./change.js";
import { newNames } from "./pairs.js";

/** Compares `x-ws-protocol`, the messages of which have their names in the new contract. */
export function compareProtocol(pair: EndpointPair): void {
  const names = newNames(pair.old, pair.new);
  const renamed = (message: string) => names.get(message) ?? message;
  compareFrames(pair);
  compareSubprotocols(pair);
  compareLimits(pair);
  compareRate(pair);
  compareReject(pair, renamed);
  const { first } = pair.old.protocol;
  compareFirst(
    pair,
    first === undefined || first === null ? first : { ...first, message: renamed(first.message) },
  );
  compareOrigins(pair);
  compareAudience(pair, renamed);
}

interface Difference {
  readonly rule: string;
  readonly was: unknown;
  readonly is: unknown;
}

/** Adds a row where the two differ: with a mend where it is not compatible. */
function judge(
  pair: EndpointPair,
  { rule, was, is }: Difference,
  effect: Change["effect"],
  why: string,
  mend: string,
): void {
  if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return;
  const verdict = { effect, rule, was: say(was), is: say(is), why };
  pair.add(effect === "compatible" ? verdict : { ...verdict, mend });
}

function compareFrames(pair: EndpointPair): void {
  const [old, next] = [pair.old.protocol, pair.new.protocol];
  const transport = { rule: "transport", was: old.transport, is: next.transport };
  const spoken = "Old clients speak another transport than the new server.";
  judge(pair, transport, "breaking", spoken, "Serve the old transport beside the new one.");
  const frames = { rule: "frames", was: old.frames, is: next.frames };
  const sent = "One of the two sends frames of a type that the other refuses.";
  judge(pair, frames, "breaking", sent, "Leave the type of frames as it was.");
  const unknown = { rule: "unknown", was: old.unknown, is: next.unknown };
  judge(
    pair,
    unknown,
    "compatible",
    "Old clients send no command that the new server would not know, unless one was removed.",
    "",
  );
}

function compareLimits(pair: EndpointPair): void {
  const [old, next] = [pair.old.protocol, pair.new.protocol];
  const bytes = { rule: "maxBytes", was: old.maxBytes, is: next.maxBytes };
  if ((next.maxBytes ?? Infinity) < (old.maxBytes ?? Infinity)) {
    judge(
      pair,
      bytes,
      "breaking",
      "Old clients may send larger messages than the new server takes.",
      "Keep the limit.",
    );
  } else if (pair.new.events.length > 0) {
    const why = "The new server may send events that are larger than old clients take.";
    judge(pair, bytes, "may-break", why, "Keep events below the old limit.");
  } else judge(pair, bytes, "compatible", "The new server takes all that old clients may send.", "");

  const answer = { rule: "answerMs", was: old.answerMs, is: next.answerMs };
  if (next.answerMs > old.answerMs) {
    const why = "Requests of old clients time out before the new server has to answer.";
    judge(pair, answer, "breaking", why, "Keep the time, or answer at once that the work has begun.");
  } else judge(pair, answer, "compatible", "The new server answers sooner than old clients need.", "");

  const queue = { rule: "sendQueueBytes", was: old.sendQueueBytes, is: next.sendQueueBytes };
  if ((next.sendQueueBytes ?? Infinity) < (old.sendQueueBytes ?? Infinity)) {
    judge(pair, queue, "may-break", "Old clients that read slowly are closed earlier.", "Keep the limit.");
  } else judge(pair, queue, "compatible", "Slow clients are given more room.", "");
}

function compareOrigins(pair: EndpointPair): void {
  const sorted = ({ protocol }: Endpoint) =>
    protocol.origins === undefined ? undefined : [...protocol.origins].sort();
  const [old, next] = [sorted(pair.old), sorted(pair.new)];
  const origins = { rule: "origins", was: old, is: next };
  const refused = next !== undefined && (old === undefined || old.some((origin) => !next.includes(origin)));
  if (refused) {
    const why = "Pages of other origins, where old clients may run, are refused.";
    judge(pair, origins, "breaking", why, "Keep the origins in the list.");
  } else judge(pair, origins, "compatible", "More origins are let in.", "");
}

function compareAudience(pair: EndpointPair, renamed: (message: string) => string): void {
  const audience = (endpoint: Endpoint, name: (message: string) => string) =>
    endpoint.protocol.audience
      .map(({ messages, ...one }) => canonicalJson({ ...one, messages: messages.map(name).sort() }))
      .sort();
  const heard = {
    rule: "audience",
    was: audience(pair.old, renamed),
    is: audience(pair.new, (message) => message),
  };
  const why =
    "Other connections than before get these events: old clients may miss some, or get some that they do not expect.";
  judge(pair, heard, "may-break", why, "Keep the audience, or send to the new one by an event of its own.");
}

function compareSubprotocols(pair: EndpointPair): void {
  const [old, next] = [pair.old.protocol, pair.new.protocol];
  const texts = {
    was: list(old.subprotocols, old.subprotocolRequired),
    is: list(next.subprotocols, next.subprotocolRequired),
  };
  if (texts.was === texts.is) return;
  const lost = old.subprotocols.filter((one) => !next.subprotocols.includes(one));
  const asked = next.subprotocolRequired && !old.subprotocolRequired;
  const breaks = asked || lost.length > 0;
  const why = asked
    ? "Old clients need not offer a subprotocol, and the new server refuses a handshake without one."
    : lost.length > 0
      ? `Old clients that offer only ${lost.join(", ")} are refused, or answered without a subprotocol.`
      : "Old clients offer what they offered before.";
  pair.add({
    effect: breaks ? "breaking" : "compatible",
    rule: "subprotocols",
    ...texts,
    why,
    ...(breaks ? { mend: "Go on taking what old clients offer." } : {}),
  });
}

function list(names: readonly string[], required: boolean): string {
  return `${names.length === 0 ? "none" : [...names].sort().join(", ")}${required ? ", required" : ""}`;
}

function compareRate(pair: EndpointPair): void {
  const [old, next] = [pair.old.protocol.rate, pair.new.protocol.rate];
  if (canonicalJson(old ?? null) === canonicalJson(next ?? null)) return;
  const fewer =
    next !== undefined &&
    (old === undefined ||
      next.messages < old.messages ||
      next.messages / next.perMs < old.messages / old.perMs ||
      (next.answer === "close" && old.answer === "error"));
  const why = fewer
    ? "Old clients may send faster than the new server lets them."
    : "Old clients keep the new limit as well.";
  pair.add({
    effect: fewer ? "breaking" : "compatible",
    rule: "rate",
    was: say(old),
    is: say(next),
    why,
    ...(fewer ? { mend: "Keep the rate, or let it depend on a subprotocol." } : {}),
  });
}

function compareReject(pair: EndpointPair, renamed: (message: string) => string): void {
  const [old, next] = [pair.old.protocol.reject, pair.new.protocol.reject];
  if (old === undefined && next === undefined) return;
  if (old === undefined || next === undefined) {
    const breaks = next === undefined;
    const why = breaks
      ? "Old clients wait for a refusal that no longer comes."
      : "Old clients were promised no refusal: to them it is an event like any other.";
    pair.add({
      effect: breaks ? "breaking" : "compatible",
      rule: "reject",
      was: say(old),
      is: say(next),
      why,
      ...(breaks ? { mend: "Go on refusing by the old event." } : {}),
    });
    return;
  }
  const shape = ({ message, code, when }: typeof old) => ({
    message,
    code: code ?? null,
    when: when ?? null,
  });
  const add = (rule: string, effect: Change["effect"], was: unknown, is: unknown, why: string) =>
    pair.add({
      effect,
      rule,
      was: say(was),
      is: say(is),
      why,
      ...(effect === "compatible" ? {} : { mend: "Refuse as before." }),
    });
  const before = { ...shape(old), message: renamed(old.message) };
  if (canonicalJson(before) !== canonicalJson(shape(next))) {
    add(
      "reject",
      "breaking",
      before,
      shape(next),
      "Old clients do not know the new server's refusal for one.",
    );
  }
  for (const kind of ["payload", "state"] as const) {
    const [codes, now] = [[...old[kind]].sort(), [...next[kind]].sort()];
    if (canonicalJson(codes) === canonicalJson(now)) continue;
    const other = kind === "payload" ? old.state : old.payload;
    const moved = now.some((code) => other.includes(code));
    const why = moved
      ? "A code that old clients take for one class now means the other."
      : "Old clients take a code that they do not know for one without a class.";
    add(`reject.${kind}`, moved ? "breaking" : "compatible", codes, now, why);
  }
  if (old.spontaneous === next.spontaneous) return;
  const unasked = next.spontaneous;
  const why = unasked
    ? "It may come unasked, and old clients take it for the answer to a command."
    : "It comes only where old clients expect it.";
  add("reject.spontaneous", unasked ? "breaking" : "compatible", old.spontaneous, next.spontaneous, why);
}

function compareFirst(pair: EndpointPair, old: Endpoint["protocol"]["first"]): void {
  const next = pair.new.protocol.first;
  if (canonicalJson(old ?? null) === canonicalJson(next ?? null) && (old === null) === (next === null))
    return;
  const add = (effect: Change["effect"], why: string, mend?: string) =>
    pair.add({
      effect,
      rule: "first",
      was: said(old),
      is: said(next),
      why,
      ...(mend === undefined ? {} : { mend }),
    });
  if (old === undefined) add("compatible", "Old clients expect nothing in particular.");
  else if (old === null) {
    if (next === undefined)
      add("may-break", "Old clients were promised that no event comes first.", "Say again that none does.");
    else
      add(
        "breaking",
        "Old clients were promised that no event comes first.",
        "Send it only when a client asks for it.",
      );
  } else if (next === undefined || next === null || next.message !== old.message) {
    add("breaking", "Old clients wait for the old first event.", "Go on sending it first.");
  } else if (next.withinMs > old.withinMs) {
    add("breaking", "Old clients give up before the first event has to come.", "Keep the time.");
  } else add("compatible", "It comes sooner than old clients need.");
}

function said(first: Endpoint["protocol"]["first"]): string {
  return first === null ? "none comes first" : say(first);
}
