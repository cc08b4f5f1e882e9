/**
 * What became of the lifecycles: the old one as old clients follow it, beside the new one as the new server does.
 *
 * Both are walked together from their initial states. In each pair of states that can be reached, a command that the old
 * one takes has to be taken by the new one, and an event that the new one sends has to be known to the old one. States are
 * compared by what they allow, so renaming them is no difference.
 */

import type { Lifecycle, Transition } from "../contract.js";
import { canonicalJson } from "../same-json.js";
import type { Change, EndpointPair } from "./change.js";
import { isPlain, type Meeting, meet, meetOthers, type Steps, untilPlain } from "./meeting.js";
import { newNames } from "./pairs.js";

/** Stands in `on` for something that another connection did. */
const OTHER = "$other";
/** Where a connection is closed. */
const CLOSED = "$closed";

/** Pairs of states of one lifecycle that are looked at. */
const MAX_PAIRS = 4096;

/** Compares the lifecycles of an endpoint: those of one name, and the only one on each side whatever its name. */
export function compareLifecycles(pair: EndpointPair): void {
  const [olds, news] = [[...pair.old.lifecycles], [...pair.new.lifecycles]];
  const renamed = newNames(pair.old, pair.new);
  for (const old of olds) {
    const index = news.findIndex(({ name }) => name === old.name);
    const at = index < 0 && olds.length === 1 && news.length === 1 ? 0 : index;
    const [next] = at < 0 ? [] : news.splice(at, 1);
    compareLifecycle(pair, renamedIn(old, renamed), next);
  }
  for (const next of news) compareLifecycle(pair, undefined, next);
}

/** A lifecycle in the names that messages have in the new contract. */
function renamedIn(lifecycle: Lifecycle, names: ReadonlyMap<string, string>): Lifecycle {
  const rename = (message: string) => names.get(message) ?? message;
  return {
    ...lifecycle,
    queued: lifecycle.queued.map(rename),
    transitions: lifecycle.transitions.map((one) => ({ ...one, on: one.on.map(rename) })),
  };
}

interface Walk {
  readonly pair: EndpointPair;
  readonly name: string;
  /** `undefined` constrains nothing. */
  readonly old: Lifecycle | undefined;
  readonly new: Lifecycle | undefined;
  /** What was said, so that it is said once and not for each pair of states. */
  readonly said: Set<string>;
  readonly waiting: Spot[];
  readonly seen: Set<string>;
  /** Names of the messages that both documents have as commands, and of the events of the new one. */
  readonly commands: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  /** Names that the messages of the old document have now. */
  readonly known: ReadonlySet<string>;
}

/** A pair of states; `certain` while each step to it is one that both surely make. */
interface Spot {
  readonly from: string;
  readonly to: string;
  readonly certain: boolean;
}

function compareLifecycle(pair: EndpointPair, old: Lifecycle | undefined, next: Lifecycle | undefined): void {
  const name = old?.name ?? next?.name ?? "";
  const scope = (one: Lifecycle | undefined) =>
    one === undefined ? undefined : typeof one.scope === "string" ? one.scope : `by ${one.scope.key}`;
  if (old !== undefined && next !== undefined && scope(old) !== scope(next)) {
    const why = "Old clients and the new server count the instances of the lifecycle differently.";
    const texts = { was: scope(old) ?? "", is: scope(next) ?? "" };
    pair.add({
      effect: "breaking",
      rule: "lifecycle.scope",
      ...texts,
      why,
      mend: "Keep the scope, and give what is new a lifecycle of its own.",
    });
    return;
  }
  const renamed = newNames(pair.old, pair.new);
  const names = (list: readonly { readonly name: string }[]) => list.map((message) => message.name);
  const known = new Set(
    names([...pair.old.commands, ...pair.old.events]).map((message) => renamed.get(message) ?? message),
  );
  const walk: Walk = {
    pair,
    name,
    old,
    new: next,
    said: new Set(),
    waiting: [],
    seen: new Set(),
    commands: new Set(names(pair.new.commands).filter((message) => known.has(message))),
    events: new Set(names(pair.new.events)),
    known,
  };
  go(walk, { from: old?.initial ?? "", to: next?.initial ?? "", certain: true });
  for (let spot = walk.waiting.shift(); spot !== undefined; spot = walk.waiting.shift()) look(walk, spot);
  if (walk.seen.size < MAX_PAIRS) return;
  const why = `More than ${MAX_PAIRS} pairs of states: not all of them were looked at.`;
  pair.add({
    effect: "may-break",
    rule: "lifecycle",
    was: name,
    is: name,
    why,
    mend: "Split the lifecycle.",
  });
}

function go(walk: Walk, spot: Spot): void {
  if (walk.old !== undefined && spot.from === CLOSED) return;
  if (walk.new !== undefined && spot.to === CLOSED) return;
  const key = canonicalJson([spot.from, spot.to]);
  if (walk.seen.has(key) || walk.seen.size >= MAX_PAIRS) return;
  walk.seen.add(key);
  walk.waiting.push(spot);
}

function look(walk: Walk, spot: Spot): void {
  const named = new Set(
    [walk.old, walk.new].flatMap((one) => one?.transitions.flatMap(({ on }) => on) ?? []),
  );
  for (const message of named) {
    if (message === OTHER) lookAtOthers(walk, spot);
    // A message of one document alone has a row of its own.
    else if (walk.commands.has(message)) lookAtCommand(walk, spot, message);
    else if (walk.events.has(message)) lookAtEvent(walk, spot, message);
  }
  lookAtObligations(walk, spot);
}

function lookAtCommand(walk: Walk, spot: Spot, message: string): void {
  const steps = stepsOf(walk, spot, message);
  const [waits, waited] = [walk.new, walk.old].map((one) => one?.queued.includes(message) === true);
  if (steps.old.length === 0 && waited !== true) {
    if (steps.new.length > 0 || waits === true) {
      say(walk, spot, message, "lifecycle.command-allowed", "compatible");
    }
    return;
  }
  if (steps.new.length === 0 && waits !== true) {
    say(walk, spot, message, "lifecycle.command-refused", "breaking");
    return;
  }
  const meeting = meet(steps);
  const taken = waits === true || steps.new.some((step) => isPlain(step) && step.may !== true);
  const mays = (list: readonly Transition[]) => list.some((step) => step.may === true);
  if (mays(steps.new) && !mays(steps.old) && !taken) {
    say(walk, spot, message, "lifecycle.command-refused", "breaking");
  } else if (meeting.oldOnly.length > 0 && !taken) {
    const isGone = meeting.newOnly.length === 0;
    if (isGone) say(walk, spot, message, "lifecycle.command-narrowed", "breaking");
    else say(walk, spot, message, "lifecycle.command-guarded", "may-break");
  } else if (
    (mays(steps.old) && !mays(steps.new)) ||
    (meeting.newOnly.length > 0 && !steps.old.some(isPlain))
  ) {
    say(walk, spot, message, "lifecycle.command-allowed", "compatible");
  }
  follow(walk, spot, message, meeting);
}

function lookAtEvent(walk: Walk, spot: Spot, message: string): void {
  const steps = stepsOf(walk, spot, message);
  if (!walk.known.has(message)) {
    // Old clients ignore it; the new server goes on by it.
    for (const step of steps.new) go(walk, { ...spot, to: target(step, spot.to) });
    return;
  }
  if (steps.new.length === 0) {
    if (steps.old.length > 0 && !steps.old.includes(ANYTHING)) {
      say(walk, spot, message, "lifecycle.event-dropped", "breaking");
    }
    return;
  }
  if (steps.old.length === 0) {
    say(walk, spot, message, "lifecycle.event-allowed", "may-break");
    return;
  }
  const meeting = meet(steps);
  if (meeting.oldOnly.length > 0 && meeting.newOnly.length === 0 && !steps.new.some(isPlain)) {
    say(walk, spot, message, "lifecycle.event-narrowed", "breaking");
  } else if (meeting.newOnly.length > 0 && !steps.old.some(isPlain)) {
    say(walk, spot, message, "lifecycle.event-guarded", "may-break");
  }
  follow(walk, spot, message, meeting);
}

/** What other connections do may happen at any time: old clients have to expect each such step. */
function lookAtOthers(walk: Walk, spot: Spot): void {
  if (walk.old === undefined || walk.new === undefined) return;
  const meeting = meetOthers(stepsOf(walk, spot, OTHER));
  if (meeting.newOnly.length > 0) say(walk, spot, OTHER, "lifecycle.other", "may-break");
  else if (meeting.oldOnly.length > 0) say(walk, spot, OTHER, "lifecycle.no-other", "compatible");
  follow(walk, spot, OTHER, meeting);
}

/** A lifecycle that is not there takes everything, and stays where it is. */
const ANYTHING: Transition = { from: ["*"], on: [], to: "=" };

function stepsOf(walk: Walk, spot: Spot, message: string): Steps {
  const of = (lifecycle: Lifecycle | undefined, state: string) =>
    lifecycle === undefined || !lifecycle.transitions.some(({ on }) => on.includes(message))
      ? message === OTHER
        ? []
        : [ANYTHING]
      : lifecycle.transitions.filter(
          ({ on, from }) => on.includes(message) && (from.includes(state) || from.includes("*")),
        );
  const [old, next] = [of(walk.old, spot.from), of(walk.new, spot.to)];
  // Which of them another connection takes is not decided by their order.
  return message === OTHER ? { old, new: next } : { old: untilPlain(old), new: untilPlain(next) };
}

function follow(walk: Walk, spot: Spot, message: string, { both, perhaps }: Meeting): void {
  const step = (old: Transition, next: Transition, certain: boolean) => {
    const reached = { from: target(old, spot.from), to: target(next, spot.to), certain };
    if ((old.to === CLOSED) !== (next.to === CLOSED)) {
      const rule = old.to === CLOSED ? "lifecycle.not-closed" : "lifecycle.closed";
      say(walk, { ...spot, certain }, message, rule, "breaking");
    } else go(walk, reached);
  };
  for (const [old, next] of both) step(old, next, spot.certain);
  for (const [old, next] of perhaps)
    step(old, next, spot.certain && both.length === 0 && perhaps.length === 1);
}

function target({ to }: Transition, state: string): string {
  return to === "=" ? state : to;
}

/** What the server owes in a state: old clients count on the time. */
function lookAtObligations(walk: Walk, spot: Spot): void {
  const of = (lifecycle: Lifecycle | undefined, state: string) =>
    (lifecycle?.obligations ?? [])
      .filter((one) => one.in.includes(state))
      .sort((a, b) => a.withinMs - b.withinMs)[0];
  const [old, next] = [of(walk.old, spot.from), of(walk.new, spot.to)];
  if (canonicalJson(pick(old)) === canonicalJson(pick(next))) return;
  const looser =
    old !== undefined && (next === undefined || next.withinMs > old.withinMs || (next.rearm && !old.rearm));
  const [was, is] = [old, next].map((one) =>
    one === undefined
      ? "no time"
      : `within ${one.withinMs} ms${one.rearm ? ", counted from each event" : ""}`,
  );
  const key = canonicalJson(["obligation", spot.from, was, is]);
  if (walk.said.has(key)) return;
  walk.said.add(key);
  const place = states(walk, spot);
  walk.pair.add({
    effect: looser ? (spot.certain ? "breaking" : "may-break") : "compatible",
    rule: "lifecycle.obligation",
    was: `${place}: ${was}`,
    is: `${place}: ${is}`,
    why: looser
      ? "Old clients were promised that the server leaves the state in time."
      : "The new server promises old clients more than before.",
    ...(looser ? { mend: "Keep the time." } : {}),
  });
}

function pick(
  obligation: { readonly withinMs: number; readonly rearm: boolean } | undefined,
): readonly unknown[] {
  return obligation === undefined ? [] : [obligation.withinMs, obligation.rearm];
}

const TEXTS = {
  "lifecycle.command-refused": [
    "taken",
    "refused",
    "Old clients send it in this state, and the new server refuses it.",
    "Go on taking it there.",
  ],
  "lifecycle.command-narrowed": [
    "taken",
    "refused under some conditions",
    "Old clients send it in this state, and the new server refuses it under conditions under which it was taken.",
    "Go on taking what was taken there.",
  ],
  "lifecycle.event-narrowed": [
    "may come",
    "does not come under some conditions",
    "Old clients wait for it in this state, and the new server no longer sends it under conditions under which it came.",
    "Go on sending it there.",
  ],
  "lifecycle.closed": [
    "goes on",
    "closes the connection",
    "Old clients do not expect that it ends the connection.",
    "Leave the connection open.",
  ],
  "lifecycle.not-closed": [
    "closes the connection",
    "goes on",
    "Old clients wait for the server to close the connection.",
    "Close it as before.",
  ],
  "lifecycle.no-other": ["may happen", "no", "Old clients expect more than happens.", ""],
  "lifecycle.command-guarded": [
    "taken under its conditions",
    "taken under others",
    "Whether the new server takes all that old clients send in this state is not proved.",
    "Go on taking what was taken there.",
  ],
  "lifecycle.command-allowed": ["refused", "taken", "Old clients do not send it in this state.", ""],
  "lifecycle.event-dropped": [
    "may come",
    "does not come",
    "Old clients wait for it in this state, and the new server does not send it there.",
    "Go on sending it there.",
  ],
  "lifecycle.event-allowed": [
    "does not come",
    "may come",
    "Old clients do not expect it in this state; they report it, and their application may not cope.",
    "Send it only in states where it was known, or as an event of its own.",
  ],
  "lifecycle.event-guarded": [
    "comes under its conditions",
    "comes under others",
    "Whether old clients expect all that the new server sends in this state is not proved.",
    "Send it under the old conditions.",
  ],
  "lifecycle.other": [
    "no",
    "may happen",
    "Other connections may change the state where old clients do not expect it.",
    "Let it happen only where it could before.",
  ],
} as const;

function say(
  walk: Walk,
  spot: Spot,
  message: string,
  rule: keyof typeof TEXTS,
  effect: Change["effect"],
): void {
  const place = states(walk, spot);
  const key = canonicalJson([rule, message, place]);
  if (walk.said.has(key)) return;
  walk.said.add(key);
  const [was, is, why, mend] = TEXTS[rule];
  const what = message === OTHER ? "a change by another connection" : `\`${message}\``;
  walk.pair.add({
    effect: effect === "breaking" && !spot.certain ? "may-break" : effect,
    rule,
    ...(message === OTHER ? {} : { message }),
    was: `${place}: ${what} ${was}`,
    is: `${place}: ${what} ${is}`,
    why,
    ...(effect === "compatible" ? {} : { mend }),
  });
}

function states(walk: Walk, { from, to }: Spot): string {
  const state =
    walk.old === undefined ? to : walk.new === undefined || from === to ? from : `${from} (now ${to})`;
  return `lifecycle \`${walk.name}\`, state \`${state}\``;
}
