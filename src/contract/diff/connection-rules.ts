/** What became of how a connection lives, ends and comes back: heartbeat, close codes, reconnect. */

import { reconnectDelay } from "../backoff.js";
import type { CloseCode, Heartbeat, Reconnect } from "../contract.js";
import { canonicalJson } from "../same-json.js";
import { type Change, type EndpointPair, say, show } from "./change.js";
import { newNames } from "./pairs.js";

type Verdict = Omit<Change, "endpoint">;

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
