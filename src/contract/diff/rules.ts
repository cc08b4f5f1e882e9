/** What became of the rules of a connection: its address, limits, refusals, heartbeat, reconnect and close codes. */

import { reconnectDelay } from "../backoff.js";
import type { CloseCode, Endpoint, Heartbeat, Reconnect } from "../contract.js";
import { canonicalJson } from "../same-json.js";
import { type Change, type EndpointPair, show } from "./change.js";
import { newNames } from "./pairs.js";

type Verdict = Omit<Change, "endpoint">;

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

/** Compares `x-ws-heartbeat`. Only what the other side of the judged pair cannot keep up with is breaking. */
export function compareHeartbeat(pair: EndpointPair): void {
  const names = newNames(pair.old, pair.new);
  const [old, next] = [alive(pair.old.heartbeat), alive(pair.new.heartbeat)];
  const add = (change: Verdict) => pair.add(change);
  if (old === undefined && next === undefined) return;
  if (old === undefined) {
    const needs =
      next?.mode === "application" && (next.initiator === "server" || next.patience !== undefined);
    const why = needs
      ? "Old clients know no heartbeat, and the new server drops who does not take part."
      : "Old clients need not take part in it.";
    add({
      effect: needs ? "breaking" : "compatible",
      rule: "heartbeat",
      was: "none",
      is: show(next),
      why,
      ...(needs ? { mend: "Drop only connections that have once taken part." } : {}),
    });
    return;
  }
  if (next === undefined) {
    const why =
      old.initiator === "server"
        ? "Old clients give up where no ping comes."
        : "Old clients ping, and give up where no pong comes.";
    add({
      effect: "breaking",
      rule: "heartbeat",
      was: show(old),
      is: "none",
      why,
      mend: "Go on with the old heartbeat until no old client is left.",
    });
    return;
  }
  const renamed = (message: string | undefined) =>
    message === undefined ? undefined : (names.get(message) ?? message);
  const differs = (rule: string, was: unknown, is: unknown, breaks: boolean, why: string, mend: string) => {
    if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return;
    add({
      effect: breaks ? "breaking" : "compatible",
      rule: `heartbeat.${rule}`,
      was: say(was),
      is: say(is),
      why: breaks ? why : "Old clients and the new server still meet.",
      ...(breaks ? { mend } : {}),
    });
  };
  const keep = "Keep the old heartbeat.";
  differs("mode", old.mode, next.mode, true, "Old clients keep another kind of heartbeat.", keep);
  differs(
    "initiator",
    old.initiator,
    next.initiator,
    true,
    "Old clients ping where they should answer, or wait where they should ping.",
    keep,
  );
  differs("ping", renamed(old.ping), next.ping, true, "Old clients know another ping.", keep);
  differs("pong", renamed(old.pong), next.pong, true, "Old clients know another pong.", keep);
  const server = next.initiator === "server";
  compareInterval(old, next, server, renamed, differs);
  const [waited, waits] = [old.timeoutMs, next.timeoutMs];
  const strict = server
    ? (waits ?? Infinity) < (waited ?? Infinity)
    : (waits ?? Infinity) > (waited ?? Infinity);
  const why = server
    ? "The new server gives up before old clients have to answer."
    : "Old clients give up before the new server has to answer.";
  differs("timeoutMs", waited, waits, strict, why, "Keep the time.");
  differs(
    "life",
    old.life,
    next.life,
    server && next.life === "pong",
    "The new server wants a pong where anything was proof of life.",
    keep,
  );
  const [patient, now] = [old.patience, next.patience];
  const least = (patience: Heartbeat["patience"]) => (patience === undefined ? Infinity : patience.ms);
  const shorter =
    least(now) < least(patient) ||
    (now?.life === "ping" && patient?.life === "any") ||
    (now?.level === "MUST" && patient?.level === "SHOULD");
  differs(
    "patience",
    patient,
    now,
    !server && shorter,
    "The new server closes sooner on clients that are silent.",
    "Keep the old patience.",
  );
}

type Differs = (rule: string, was: unknown, is: unknown, breaks: boolean, why: string, mend: string) => void;

function compareInterval(
  old: Heartbeat,
  next: Heartbeat,
  server: boolean,
  renamed: (message: string | undefined) => string | undefined,
  differs: Differs,
): void {
  const [was, is] = [old.intervalMs, next.intervalMs];
  const before = typeof was === "object" ? { ...was, message: renamed(was.message) } : was;
  const comparable = typeof was === "number" && typeof is === "number";
  const strict = comparable ? (server ? is > was : is < was) : true;
  const why = !comparable
    ? "Old clients learn the interval from elsewhere."
    : server
      ? "Old clients give up before the next ping has to come."
      : "Old clients ping more seldom than they now have to.";
  differs("intervalMs", before, is, strict, why, "Keep the interval.");
}

function alive(heartbeat: Heartbeat | undefined): Heartbeat | undefined {
  return heartbeat === undefined || heartbeat.mode === "none" ? undefined : heartbeat;
}

// Beyond these attempts every schedule has reached its cap, or has grown for a year.
const ATTEMPTS = 64;

/** Compares `x-ws-reconnect`: an attempt that old clients make and the new document forbids is breaking. */
export function compareReconnect(pair: EndpointPair): void {
  const [old, next] = [pair.old.reconnect, pair.new.reconnect];
  if (old === undefined && next === undefined) return;
  const add = (rule: string, effect: Change["effect"], was: unknown, is: unknown, why: string) =>
    pair.add({
      effect,
      rule,
      was: say(was),
      is: say(is),
      why,
      ...(effect === "compatible"
        ? {}
        : { mend: "Loosen it again, or expect clients of the old document to come as they did." }),
    });
  if (next === undefined) {
    add("reconnect", "compatible", old, next, "Any behaviour of a client conforms now.");
    return;
  }
  if (old === undefined) {
    add(
      "reconnect",
      "breaking",
      old,
      next,
      "Old clients may come back as they like, and the new document says when.",
    );
    return;
  }
  const schedule = (policy: Reconnect) =>
    Array.from({ length: ATTEMPTS }, (_, attempt) => reconnectDelay(policy, attempt));
  const [before, now] = [schedule(old), schedule(next)];
  const words = ({ strategy, initialDelayMs, factor, maxDelayMs, jitter, maxAttempts }: Reconnect) =>
    canonicalJson({
      strategy,
      initialDelayMs,
      maxDelayMs,
      jitter,
      maxAttempts,
      ...(strategy === "linear" ? {} : { factor }),
    });
  const early = before.findIndex((window, n) => {
    const allowed = now[n];
    return window !== undefined && (allowed === undefined || window.minMs < allowed.minMs);
  });
  if (
    canonicalJson(before.map((one) => one ?? null)) !== canonicalJson(now.map((one) => one ?? null)) ||
    old.maxAttempts !== next.maxAttempts
  ) {
    const why =
      early < 0
        ? "Old clients come back no earlier and no more often than they now may."
        : now[early] === undefined
          ? `Old clients make attempt ${early + 1}, which the new document forbids.`
          : `Old clients may make attempt ${early + 1} earlier than the new document allows.`;
    add("reconnect.schedule", early < 0 ? "compatible" : "breaking", words(old), words(next), why);
  }
  if (old.onCleanClose !== next.onCleanClose) {
    const stricter = old.onCleanClose;
    add(
      "reconnect.onCleanClose",
      stricter ? "breaking" : "compatible",
      old.onCleanClose,
      next.onCleanClose,
      stricter
        ? "Old clients come back after a clean close, and shall not any more."
        : "Old clients stay away after a clean close, as they did.",
    );
  }
  if (old.resetAfterMs !== next.resetAfterMs) {
    const stricter = next.resetAfterMs > old.resetAfterMs;
    add(
      "reconnect.resetAfterMs",
      stricter ? "breaking" : "compatible",
      old.resetAfterMs,
      next.resetAfterMs,
      stricter
        ? "Old clients begin to count their attempts anew too early."
        : "Old clients begin to count anew later than they may.",
    );
  }
  if (old.offline !== next.offline || old.connectTimeoutMs !== next.connectTimeoutMs) {
    const inner = ({ offline, connectTimeoutMs }: Reconnect) => ({ offline, connectTimeoutMs });
    add("reconnect.client", "compatible", inner(old), inner(next), "The new server does not see it.");
  }
  compareRestore(pair, old, next, add);
}

function compareRestore(
  pair: EndpointPair,
  old: Reconnect,
  next: Reconnect,
  add: (rule: string, effect: Change["effect"], was: unknown, is: unknown, why: string) => void,
): void {
  const names = newNames(pair.old, pair.new);
  const of = ({ restore }: Reconnect, name: (message: string) => string) =>
    restore
      .map(({ lifecycle, in: states, by }) =>
        canonicalJson({ lifecycle, states: [...states].sort(), by: name(by) }),
      )
      .sort();
  const [was, is] = [of(old, (message) => names.get(message) ?? message), of(next, (message) => message)];
  if (canonicalJson(was) === canonicalJson(is)) return;
  const more = is.some((one) => !was.includes(one));
  add(
    "reconnect.restore",
    more ? "may-break" : "compatible",
    was,
    is,
    more
      ? "Old clients do not say it again after a reconnect; where the new server relies on it, they hear nothing."
      : "What old clients send again is a command like any other.",
  );
}

/** Compares `x-ws-close-codes`, the codes of which old clients read. */
export function compareCloseCodes(pair: EndpointPair): void {
  const [old, next] = [pair.old.closeCodes ?? {}, pair.new.closeCodes ?? {}];
  for (const code of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const [was, is] = [plainCode(old[code]), plainCode(next[code])];
    if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) continue;
    const verdict = closeVerdict(was, is, code);
    pair.add({ rule: "close-code", was: `${code}: ${say(was)}`, is: `${code}: ${say(is)}`, ...verdict });
  }
}

function closeVerdict(
  was: CloseCode | undefined,
  is: CloseCode | undefined,
  code: string,
): Pick<Change, "effect" | "why" | "mend"> {
  const clean = code === "1000" || code === "1005";
  if (is === undefined) return { effect: "compatible", why: "The new server does not close with it." };
  if (is.by === "client") return { effect: "compatible", why: "Only clients close with it." };
  // A code that a table does not name: retry unless the close was clean.
  const before = was?.retry ?? !clean;
  if (before === is.retry)
    return { effect: "compatible", why: "Old clients do the same after it as before." };
  const mend = "Use another code for what is new.";
  if (was === undefined) {
    return {
      effect: "may-break",
      why: `Old clients do not know it, and ${before ? "come back" : "stay away"}.`,
      mend,
    };
  }
  return before
    ? { effect: "breaking", why: "Old clients come back after it, and shall not any more.", mend }
    : { effect: "breaking", why: "Old clients stay away after it, and are expected back.", mend };
}

function plainCode(code: CloseCode | undefined): CloseCode | undefined {
  return code === undefined ? undefined : { cause: [...code.cause].sort(), retry: code.retry, by: code.by };
}

function say(value: unknown): string {
  if (value === undefined) return "not declared";
  if (Array.isArray(value)) return value.length === 0 ? "none" : show(value);
  return typeof value === "string" ? value : show(value);
}
