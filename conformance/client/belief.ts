/**
 * One instance of a lifecycle as a client may see it: every state that it can honestly believe in.
 *
 * A client knows its own commands at once, and of the events that were sent to it those that it has read: nobody else
 * knows how many. So a belief is a state with the number of events read, and a command leaves only those beliefs in which
 * it is legal. An event that a belief has no transition for was not understood, and changes nothing. What really became
 * of the commands is among the beliefs as well, as soon as an event or a refusal can have told it.
 */
import {
  type Automaton,
  CLOSED,
  type Memory,
  type Move,
  NO_MEMORY,
} from "../../src/contract/lifecycle/automaton.js";

/** A state with what it remembers and the `queued` commands that wait there. */
export interface Place {
  readonly state: string;
  readonly memory: Memory;
  readonly waiting: readonly Move[];
}

/** A place, and the position of the first entry that is not read yet. */
interface Belief extends Place {
  readonly position: number;
}

/** What was sent to the client and may be unread. */
type Entry =
  /** One event, or several in a row that are the same to the lifecycle; `none`: each may be another message as well. */
  | {
      readonly kind: "event";
      readonly moves: readonly Move[];
      readonly none: boolean;
      several: boolean;
      lastAtMs: number;
    }
  /** Where the server stood when it told so, and where the commands since have led from there. */
  | { readonly kind: "told"; places: readonly Place[]; readonly lastAtMs: number };

/** More beliefs than this decide nothing (as for the configurations of the judge of servers). */
const MAX_BELIEFS = 256;

/** Unread entries that are remembered: who is so far behind is judged no longer. */
const MAX_ENTRIES = 512;

/** Commands of one instance that may wait. */
const MAX_WAITING = 64;

/** See the head of this file. All times are milliseconds on the case's clock. */
export class BelievedInstance {
  readonly automaton: Automaton;
  /** The value of the key as JSON text; `""` for scope `connection`. */
  readonly key: string;
  readonly #readMs: number;
  #beliefs: readonly Belief[];
  /** The entries that somebody may not have read; the first has the position `#offset`. */
  #entries: Entry[] = [];
  #offset = 0;
  /**
   * A command came, or was taken back, that the server may see in another way than the client: where it stands is news,
   * which the next event can tell.
   */
  unsettled = false;
  /** Nothing is judged any more: there were too many beliefs, or a command has ended the connection. */
  over: "overflow" | "closed" | undefined;

  /** `readMs`: after so long an honest client has read what was sent to it. */
  constructor(automaton: Automaton, key: string, readMs: number) {
    this.automaton = automaton;
    this.key = key;
    this.#readMs = readMs;
    const start = { state: automaton.lifecycle.initial, memory: NO_MEMORY, waiting: [], position: 0 };
    this.#beliefs = this.#closure([start]);
  }

  /** The states that the client may believe in. */
  get states(): readonly string[] {
    return [...new Set(this.#beliefs.map(({ state }) => state))];
  }

  /** Commands and events that some transition leads on with from there. */
  get legal(): readonly string[] {
    return [...new Set(this.states.flatMap((state) => this.automaton.from(state)))];
  }

  /** An event was sent that may be these messages. */
  sent(moves: readonly Move[], none: boolean, atMs: number): void {
    if (this.over !== undefined) return;
    const last = this.#entries.at(-1);
    const end = this.#offset + this.#entries.length;
    const event: EventEntry = { kind: "event", moves, none, several: false, lastAtMs: atMs };
    const isOneMore =
      last?.kind === "event" && last.none === none && signatureOf(last.moves) === signatureOf(moves);
    // A stream of the same event is one entry, as long as one more is nothing to those who have read it.
    const changesNothing = this.#beliefs.every(
      (belief) => belief.position < end || isOnly(this.#afterEvent(belief, event), belief),
    );
    if (isOneMore && changesNothing) {
      last.several = true;
      last.lastAtMs = atMs;
    } else this.#entries.push(event);
    this.#replace(this.#beliefs);
  }

  /**
   * Something was sent by which the client can know where the server stands: at `place`. It matters only after a command,
   * and where nobody who has read everything would believe so already.
   */
  told(place: Place, atMs: number): void {
    if (this.over !== undefined || !this.unsettled) return;
    this.unsettled = false;
    const end = this.#offset + this.#entries.length;
    const wanted = placeKey(place);
    if (this.#beliefs.some((belief) => belief.position === end && placeKey(belief) === wanted)) return;
    this.#entries.push({ kind: "told", places: [place], lastAtMs: atMs });
    this.#replace(this.#beliefs);
  }

  /** Whether a command or event is legal for the client: in every belief, in none, or in some. */
  legality(moves: readonly Move[], none: boolean): "legal" | "illegal" | "undecided" {
    if (this.over !== undefined || none) return "undecided";
    const answers = new Set(
      this.#beliefs.map((place) => moves.some((move) => this.#takes(place, move).length > 0)),
    );
    return answers.size > 1 ? "undecided" : answers.has(true) ? "legal" : "illegal";
  }

  /** A command came; false when it is illegal in every belief: then they stay as they are. */
  received(moves: readonly Move[], none: boolean, atMs: number): boolean {
    if (this.over !== undefined) return true;
    this.#forget(atMs);
    const next = this.#beliefs.flatMap((belief) => {
      const ways = moves.flatMap((move) => this.#takes(belief, move));
      return (none ? [...ways, belief] : ways).map((place) => ({ ...place, position: belief.position }));
    });
    if (next.length === 0) return false;
    this.unsettled = true;
    for (const entry of this.#entries) {
      if (entry.kind !== "told") continue;
      // A command that does not fit where the server stood was refused there, and changed nothing.
      entry.places = distinct(
        entry.places.flatMap((place) => {
          const ways = moves.flatMap((move) => this.#takes(place, move));
          return ways.length === 0 || none ? [...ways, place] : ways;
        }),
      );
    }
    if (next.every(({ state }) => state === CLOSED)) {
      this.over = "closed";
      return true;
    }
    this.#replace(next);
    return true;
  }

  /** Where a command leads from a place: nowhere when it is illegal there. */
  #takes(place: Place, move: Move): Place[] {
    // After the command that ends the connection nothing is judged.
    if (place.state === CLOSED) return [place];
    const { waiting } = place;
    const isQueued = this.automaton.lifecycle.queued.includes(move.name);
    const step = this.automaton.first(place.state, place.memory, move);
    const ways: Place[] = [];
    if (step !== undefined) {
      ways.push({ state: step.state, memory: step.memory, waiting });
      // Whether it was taken the client cannot know.
      if (step.may) ways.push(place);
    }
    if (isQueued && (step === undefined || waiting.length > 0)) {
      ways.push(waiting.length < MAX_WAITING ? { ...place, waiting: [...waiting, move] } : place);
    }
    return ways;
  }

  /** Takes over beliefs and those that follow from them, and lets go of what everybody has read. */
  #replace(beliefs: readonly Belief[]): void {
    this.#beliefs = this.#closure(beliefs);
    if (this.#beliefs.length > MAX_BELIEFS || this.#entries.length > MAX_ENTRIES) {
      this.over = "overflow";
      this.#beliefs = [];
      this.#entries = [];
      return;
    }
    const first = Math.min(...this.#beliefs.map(({ position }) => position));
    this.#entries.splice(0, first - this.#offset);
    this.#offset = first;
  }

  /** What was sent long ago has been read: who has not yet is no belief of an honest client. */
  #forget(atMs: number): void {
    let read = this.#offset;
    for (const entry of this.#entries) {
      if (entry.lastAtMs > atMs - this.#readMs) break;
      read += 1;
    }
    const left = this.#beliefs.filter(({ position }) => position >= read);
    if (left.length < this.#beliefs.length) this.#replace(left);
  }

  /** The beliefs, and those that follow from them by reading on or by taking a command that waits. */
  #closure(seeds: readonly Belief[]): readonly Belief[] {
    const found = new Map<string, Belief>();
    const open: Belief[] = [];
    const add = (place: Place, position: number): void => {
      const belief = { ...place, position };
      const key = `${position}\n${placeKey(belief)}`;
      if (found.has(key)) return;
      found.set(key, belief);
      open.push(belief);
    };
    for (const seed of seeds) add(seed, seed.position);
    for (let next = open.pop(); next !== undefined && found.size <= MAX_BELIEFS; next = open.pop()) {
      const [head, ...waiting] = next.waiting;
      const taken = head === undefined ? undefined : this.automaton.first(next.state, next.memory, head);
      if (taken !== undefined) add({ state: taken.state, memory: taken.memory, waiting }, next.position);
      const entry = this.#entries[next.position - this.#offset];
      if (entry === undefined) continue;
      const after = entry.kind === "told" ? distinct([next, ...entry.places]) : this.#afterEvent(next, entry);
      // Who reads what changes nothing believes what he believed: the position before it tells nothing more.
      if (isOnly(after, next)) found.delete(`${next.position}\n${placeKey(next)}`);
      for (const place of after) {
        add(place, next.position + 1);
        if (entry.kind === "event" && entry.several && !isOnly([place], next)) add(place, next.position);
      }
    }
    return [...found.values()];
  }

  /** Where an event leads from a place; it stays where no transition fits. */
  #afterEvent(from: Place, { moves, none }: EventEntry): Place[] {
    const ways = moves.flatMap((move): Place[] => {
      const step = this.automaton.first(from.state, from.memory, move);
      return step === undefined ? [] : [{ state: step.state, memory: step.memory, waiting: from.waiting }];
    });
    return distinct(ways.length === 0 || none ? [...ways, from] : ways);
  }
}

type EventEntry = Extract<Entry, { kind: "event" }>;

function isOnly(places: readonly Place[], one: Place): boolean {
  const [first] = places;
  return first !== undefined && places.length === 1 && placeKey(first) === placeKey(one);
}

function placeKey({ state, memory, waiting }: Place): string {
  return `${state}\n${memory.key}\n${waiting.map(({ signature }) => signature).join("\n")}`;
}

function distinct(places: readonly Place[]): Place[] {
  return [...new Map(places.map((place) => [placeKey(place), place])).values()];
}

function signatureOf(moves: readonly Move[]): string {
  return moves.map(({ signature }) => signature).join("\n");
}
