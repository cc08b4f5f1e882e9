/** What became of the rules that hold while a connection is open: limits, refusals, answers, who gets what. */

import type { Endpoint } from "../contract.js";
import { canonicalJson } from "../same-json.js";
import { type Change, type EndpointPair, say } from "./change.js";
import { newNames } from "./pairs.js";

/** Adds what a number, a word or a list of one rule was and is, where they differ. */
interface Question {
  readonly rule: string;
  readonly was: unknown;
  readonly is: unknown;
}

/** Compares `x-ws-protocol`, the messages of which have their names in the new contract. */
export function compareProtocol(pair: EndpointPair): void {
  const names = newNames(pair.old, pair.new);
  const [old, next] = [pair.old.protocol, pair.new.protocol];
  const renamed = (message: string) => names.get(message) ?? message;
  const judge = (question: Question, effect: Change["effect"], why: string, mend?: string) => {
    if (canonicalJson(question.was ?? null) === canonicalJson(question.is ?? null)) return;
    pair.add({
      effect,
      rule: question.rule,
      was: say(question.was),
      is: say(question.is),
      why,
      ...(mend === undefined ? {} : { mend }),
    });
  };

  const apart = { rule: "transport", was: old.transport, is: next.transport };
  judge(
    apart,
    "breaking",
    "Old clients speak another transport than the new server.",
    "Serve the old transport beside the new one.",
  );
  const frames = { rule: "frames", was: old.frames, is: next.frames };
  judge(
    frames,
    "breaking",
    "One of the two sends frames of a type that the other refuses.",
    "Leave the type of frames as it was.",
  );
  compareSubprotocols(pair);

  const bytes = { rule: "maxBytes", was: old.maxBytes, is: next.maxBytes };
  if ((next.maxBytes ?? Infinity) < (old.maxBytes ?? Infinity)) {
    judge(
      bytes,
      "breaking",
      "Old clients may send larger messages than the new server takes.",
      "Keep the limit.",
    );
  } else {
    judge(
      bytes,
      "may-break",
      "The new server may send events that are larger than old clients take.",
      "Keep events below the old limit.",
    );
  }
  const answer = { rule: "answerMs", was: old.answerMs, is: next.answerMs };
  const later = next.answerMs > old.answerMs;
  judge(
    answer,
    later ? "breaking" : "compatible",
    later
      ? "Requests of old clients time out before the new server has to answer."
      : "The new server answers sooner than old clients need.",
    later ? "Keep the time, or answer at once that the work has begun." : undefined,
  );
  compareRate(pair);
  compareReject(pair, renamed);

  const first =
    old.first === undefined || old.first === null
      ? old.first
      : { ...old.first, message: renamed(old.first.message) };
  compareFirst(pair, first);

  const gone = (old.origins === undefined ? [] : old.origins).filter(
    (origin) => !(next.origins ?? [origin]).includes(origin),
  );
  const refusesNew = next.origins !== undefined && (old.origins === undefined || gone.length > 0);
  judge(
    { rule: "origins", was: old.origins, is: next.origins },
    refusesNew ? "breaking" : "compatible",
    refusesNew ? "Pages of other origins, where old clients run, are refused." : "More origins are let in.",
    refusesNew ? "Keep the origins in the list." : undefined,
  );
  const queue = { rule: "sendQueueBytes", was: old.sendQueueBytes, is: next.sendQueueBytes };
  const smaller = (next.sendQueueBytes ?? Infinity) < (old.sendQueueBytes ?? Infinity);
  judge(
    queue,
    smaller ? "may-break" : "compatible",
    smaller ? "Old clients that read slowly are closed earlier." : "Slow clients are given more room.",
    smaller ? "Keep the limit." : undefined,
  );
  const unknown = { rule: "unknown", was: old.unknown, is: next.unknown };
  judge(
    unknown,
    "compatible",
    "Old clients send no command that the new server would not know, unless one was removed.",
  );
  const audience = (endpoint: Endpoint, name: (message: string) => string) =>
    endpoint.protocol.audience
      .map(({ messages, ...one }) => canonicalJson({ ...one, messages: messages.map(name).sort() }))
      .sort();
  const heard = {
    rule: "audience",
    was: audience(pair.old, renamed),
    is: audience(pair.new, (message) => message),
  };
  judge(
    heard,
    "may-break",
    "Other connections than before get these events: old clients may miss some, or get some that they do not expect.",
    "Keep the audience, or send to the new one by an event of its own.",
  );
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
