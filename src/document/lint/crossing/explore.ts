/**
 * What can go wrong between two ends that both follow one lifecycle, because messages pass each other on the wire.
 *
 * The client sends what the lifecycle allows in the state that it knows, the server what it allows in its own; each
 * end moves when it sends and when it receives. The exploration goes through all such courses, shortest first, with few
 * messages on their way at once. At each send it asks: if nothing more were said, would every command be taken, and
 * would both ends end in one state? What another connection does (`$other`) is left out: nothing here is told of it.
 */

import {
  type Automaton,
  CLOSED,
  type Memory,
  NO_MEMORY,
  type Step,
} from "../../../contract/lifecycle/automaton.js";
import type { Letter } from "./alphabet.js";

/** One end: the state that it takes the lifecycle to be in, and what it remembers. */
export interface End {
  readonly state: string;
  readonly memory: Memory;
}

/** Something that one end does with one message. */
export interface Action {
  readonly end: "client" | "server";
  readonly kind: "send" | "receive";
  readonly letter: Letter;
}

/** A command and an event that crossed, and what came of it. */
export interface Crossing {
  readonly command: Letter;
  readonly event: Letter;
  /** `refused`: the server cannot take the command where it is now; `parted`: both went on, in different states. */
  readonly outcome: "refused" | "parted";
  /** Where the ends are when all is delivered. */
  readonly client: End;
  readonly server: End;
  /** The transition by which the client was allowed to send the command, by its position. */
  readonly by: number;
  /** `parted`: whatever the server says next brings the ends together again. */
  readonly heals: boolean;
  /** A shortest course to it; messages that crossed are delivered at its end. */
  readonly trace: readonly Action[];
}

/** What was found; `complete` is false when there was more to explore than is worth the time. */
export interface Exploration {
  readonly crossings: readonly Crossing[];
  readonly complete: boolean;
}

// A third message on its way finds what two have found, with other words.
const MAX_ON_THE_WAY = 2;
const MAX_TOGETHER = 3;
/** Courses looked at in one lifecycle: some tens of milliseconds. */
const MAX_COURSES = 3000;

interface Course {
  readonly client: End;
  readonly server: End;
  /** On their way up (commands) and down (events), oldest first. */
  readonly up: readonly Letter[];
  readonly down: readonly Letter[];
  readonly before?: Course;
  readonly action?: Action;
}

/** Explores one lifecycle. */
export function exploreCrossings(
  automaton: Automaton,
  commands: readonly Letter[],
  events: readonly Letter[],
): Exploration {
  const start: End = { state: automaton.lifecycle.initial, memory: NO_MEMORY };
  const first: Course = { client: start, server: start, up: [], down: [] };
  const waiting: Course[] = [first];
  const seen = new Set([keyOf(first)]);
  const found = new Map<string, Crossing>();
  let complete = true;
  for (let index = 0; index < waiting.length; index++) {
    const course = waiting[index];
    if (course === undefined) break;
    if (index >= MAX_COURSES) {
      complete = false;
      break;
    }
    for (const next of followers(automaton, course, commands, events)) {
      const key = keyOf(next);
      if (seen.has(key)) continue;
      seen.add(key);
      const wrong = next.action?.kind === "send" ? outcomeOf(automaton, next) : undefined;
      if (wrong === undefined) {
        waiting.push(next);
        continue;
      }
      // What follows a wrong course only repeats it.
      const crossing = describe(automaton, shortest(automaton, next, wrong), events);
      if (crossing === undefined) continue;
      const name = `${crossing.command.label}\n${crossing.event.label}\n${crossing.outcome}`;
      const known = found.get(name);
      if (known === undefined || crossing.trace.length < known.trace.length) found.set(name, crossing);
    }
  }
  return { crossings: [...found.values()], complete };
}

function* followers(
  automaton: Automaton,
  course: Course,
  commands: readonly Letter[],
  events: readonly Letter[],
): Generator<Course> {
  const { up, down } = course;
  const sends = up.length + down.length < MAX_TOGETHER;
  const actions: Action[] = [];
  const [taken, heard] = [up[0], down[0]];
  // Deliveries first: of courses that are equally long, the quieter one is shown.
  if (heard !== undefined) actions.push({ end: "client", kind: "receive", letter: heard });
  if (taken !== undefined) actions.push({ end: "server", kind: "receive", letter: taken });
  if (sends && up.length < MAX_ON_THE_WAY) {
    for (const letter of commands) actions.push({ end: "client", kind: "send", letter });
  }
  if (sends && down.length < MAX_ON_THE_WAY) {
    for (const letter of events) actions.push({ end: "server", kind: "send", letter });
  }
  for (const action of actions) {
    const next = act(automaton, course, action);
    if (next !== undefined) yield next;
  }
}

/** The course after an action; undefined where the lifecycle does not allow it. */
function act(automaton: Automaton, course: Course, action: Action): Course | undefined {
  const { letter } = action;
  const end = course[action.end];
  const step = takes(automaton, end, letter);
  const moved: End = step ?? end;
  const base = { ...course, [action.end]: moved, before: course, action };
  if (action.kind === "receive") {
    if (action.end === "client") return { ...base, down: course.down.slice(1) };
    // A queued command waits, and all behind it, until the state can take it.
    if (step === undefined && end.state !== CLOSED) return undefined;
    return { ...base, up: course.up.slice(1) };
  }
  if (step === undefined) return undefined;
  if (action.end === "server") return { ...base, down: [...course.down, letter] };
  // A client that may be refused asks; it does not rely on it.
  return step.may ? undefined : { ...base, up: [...course.up, letter] };
}

function takes(automaton: Automaton, { state, memory }: End, letter: Letter): Step | undefined {
  return state === CLOSED ? undefined : automaton.first(state, memory, letter.move);
}

interface Wrong {
  readonly outcome: Crossing["outcome"];
  /** The command that is refused. */
  readonly refused?: Letter;
  readonly client: End;
  readonly server: End;
}

/** What is wrong once all that is on its way has arrived; undefined: nothing. */
function outcomeOf(automaton: Automaton, course: Course): Wrong | undefined {
  let { client, server } = course;
  let refused: Letter | undefined;
  for (const letter of course.up) {
    if (server.state === CLOSED) break;
    const step = takes(automaton, server, letter);
    if (step === undefined && automaton.lifecycle.queued.includes(letter.name)) return undefined;
    if (step === undefined) refused ??= letter;
    else server = step;
  }
  for (const letter of course.down) client = takes(automaton, client, letter) ?? client;
  if (refused !== undefined) return { outcome: "refused", refused, client, server };
  // A connection that is over has no state to agree about.
  if (client.state === CLOSED || server.state === CLOSED || sameEnd(client, server)) return undefined;
  return { outcome: "parted", client, server };
}

function sameEnd(a: End, b: End): boolean {
  return a.state === b.state && a.memory.key === b.memory.key;
}

interface Bad {
  readonly course: Course;
  readonly wrong: Wrong;
}

/** The same fault with as few messages as show it: what did not have to cross is taken away. */
function shortest(automaton: Automaton, course: Course, wrong: Wrong): Bad {
  let best: Bad = { course, wrong };
  for (let again = true; again; ) {
    again = false;
    const actions = actionsOf(best.course);
    for (let index = 0; index < actions.length - 1; index++) {
      if (actions[index]?.kind !== "send") continue;
      const without = replay(automaton, withoutMessage(actions, index));
      const fault = without === undefined ? undefined : outcomeOf(automaton, without);
      if (without === undefined || fault?.outcome !== best.wrong.outcome) continue;
      if (without.up.length === 0 || without.down.length === 0) continue;
      best = { course: without, wrong: fault };
      again = true;
      break;
    }
  }
  return best;
}

/** Actions without one send and, where it is there, the receipt of what it sent. */
function withoutMessage(actions: readonly Action[], index: number): Action[] {
  const sent = actions[index];
  if (sent === undefined) return [...actions];
  const nth = actions.slice(0, index).filter(({ end, kind }) => end === sent.end && kind === "send").length;
  let receipts = 0;
  return actions.filter((action, at) => {
    if (at === index) return false;
    return !(action.kind === "receive" && action.end !== sent.end && receipts++ === nth);
  });
}

function replay(automaton: Automaton, actions: readonly Action[]): Course | undefined {
  const start: End = { state: automaton.lifecycle.initial, memory: NO_MEMORY };
  let course: Course | undefined = { client: start, server: start, up: [], down: [] };
  for (const action of actions) {
    const queue: readonly Letter[] | undefined = action.end === "client" ? course?.down : course?.up;
    if (course === undefined || (action.kind === "receive" && queue?.[0] !== action.letter)) return undefined;
    course = act(automaton, course, action);
  }
  return course;
}

function actionsOf(course: Course): Action[] {
  const actions: Action[] = [];
  for (let at: Course | undefined = course; at?.action !== undefined; at = at.before)
    actions.unshift(at.action);
  return actions;
}

function describe(
  automaton: Automaton,
  { course, wrong }: Bad,
  events: readonly Letter[],
): Crossing | undefined {
  const { outcome, client, server } = wrong;
  const command = wrong.refused ?? course.up.at(-1);
  const event = course.down.at(-1);
  if (command === undefined || event === undefined) return undefined;
  const trace = actionsOf(course);
  return {
    command,
    event,
    outcome,
    client,
    server,
    by: sentBy(automaton, trace, command),
    heals: outcome === "parted" && heals(automaton, client, server, events),
    trace: [
      ...trace,
      ...course.down.map((letter): Action => ({ end: "client", kind: "receive", letter })),
      ...course.up.map((letter): Action => ({ end: "server", kind: "receive", letter })),
    ],
  };
}

/** Position of the transition that allowed the client to send a command. */
function sentBy(automaton: Automaton, trace: readonly Action[], command: Letter): number {
  const last = trace.findLastIndex(({ kind, letter }) => kind === "send" && letter === command);
  const before = replay(automaton, trace.slice(0, last));
  return (before === undefined ? undefined : takes(automaton, before.client, command)?.index) ?? 0;
}

/** True when the server says something next, and all that it may say leads both ends into one state. */
function heals(automaton: Automaton, client: End, server: End, events: readonly Letter[]): boolean {
  const next = events.filter((letter) => takes(automaton, server, letter) !== undefined);
  return (
    next.length > 0 &&
    next.every((letter) => {
      const [told, said] = [takes(automaton, client, letter), takes(automaton, server, letter)];
      return told !== undefined && said !== undefined && sameEnd(told, said);
    })
  );
}

function keyOf({ client, server, up, down }: Course): string {
  const end = ({ state, memory }: End) => `${state}\t${memory.key}`;
  const queue = (letters: readonly Letter[]) => letters.map(({ move }) => move.signature).join("\t");
  return [end(client), end(server), queue(up), queue(down)].join("\n");
}
