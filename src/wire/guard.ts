/**
 * The lifecycle guard: the state of one connection as the side that decides knows it.
 *
 * A server takes commands one after another and knows the order of its own events, so it needs one state for each
 * instance where an observer needs a set of them. It reads the same `lifecycles` as the judge's interpreter, shares no
 * code with it, and a test holds the two together on generated walks (PROTOCOL.md#lifecycle).
 */

import { valueAt } from "./pointer.js";
import type { JsonValue, Lifecycle, Protocol, Transition } from "./protocol.js";

/** What the lifecycles say of one command. */
export type Taken =
  | {
      readonly accepted: true;
      /** A transition that `may` be refused as well: whoever handles the command decides. */
      readonly may: boolean;
      /** The command leads to `$closed`: the connection is to be closed with the code for `done`. */
      readonly closes: boolean;
      /** Puts the states back, for a command that was refused after all; does nothing once an event has moved them. */
      undo(): void;
    }
  | {
      readonly accepted: false;
      /** `waits`: the command is `queued` and must be offered again after the next event. */
      readonly refused: "illegal-state" | "not-found" | "waits";
      readonly state: string;
      /** Commands that would have been taken. */
      readonly legal: readonly string[];
    };

/** Follows the lifecycles of one connection. */
export interface Guard {
  /** Offers a command; when it is accepted the states have moved. */
  take(command: string, payload: unknown): Taken;
  /** Offers an event that is about to be sent; when it is legal the states have moved, else nothing has. */
  emit(event: string, payload: unknown): "legal" | "illegal";
  /** Says that another connection moved what this one shares: takes the `$other` transition to `to`, if there is one. */
  other(lifecycle: string, key: unknown, to: string): boolean;
  /** The state of an instance; the initial one if it was never touched. */
  state(lifecycle: string, key?: unknown): string;
}

interface Position {
  readonly state: string;
  readonly memory: Readonly<Record<string, JsonValue>>;
}

/** What all connections know of a lifecycle. */
interface Plan {
  readonly lifecycle: Lifecycle;
  /** The transitions of each message; queued ones without a transition have none. */
  readonly byName: ReadonlyMap<string, readonly Transition[]>;
  /** States that no transition leaves. */
  readonly final: (state: string) => boolean;
  readonly start: Position;
}

/** What one connection knows of it. */
interface Machine extends Plan {
  readonly positions: Map<string, Position>;
}

/**
 * Instances that one connection may hold; over it the oldest that ended is forgotten. A stream of answers makes one
 * instance for each, all of which end.
 */
const INSTANCES = 4096;
const OTHER = "$other";
const CLOSED = "$closed";
const NONE: readonly { machine: Machine; key: string }[] = [];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Makes the guard of one new connection. */
export function createGuard(protocol: Pick<Protocol, "lifecycles" | "reject" | "commands">): Guard {
  const commands = new Set(protocol.commands.map((message) => message.name));
  const machines = protocol.lifecycles.map(createMachine);

  function touched(name: string, payload: unknown): readonly { machine: Machine; key: string }[] {
    let found: { machine: Machine; key: string }[] | undefined;
    for (const machine of machines) {
      if (!machine.byName.has(name)) continue;
      const key = keyOf(machine.lifecycle, payload);
      if (key === undefined) continue;
      found ??= [];
      found.push({ machine, key });
    }
    // Most of what is sent to many touches nothing, for each of them.
    return found ?? NONE;
  }

  return {
    take(command, payload) {
      const moves: { machine: Machine; key: string; before: Position; after: Position; may: boolean }[] = [];
      for (const { machine, key } of touched(command, payload)) {
        const before = machine.positions.get(key) ?? machine.start;
        const transition = fitting(machine, before, command, payload);
        if (transition === undefined) {
          const queued = machine.lifecycle.queued.includes(command);
          return {
            accepted: false,
            refused: queued ? "waits" : strayed(machine.lifecycle, before, command, payload),
            state: before.state,
            legal: legalFrom(machine.lifecycle, before.state).filter((name) => commands.has(name)),
          };
        }
        const after = follow(before, transition, payload);
        moves.push({ machine, key, before, after, may: transition.may === true });
      }
      for (const move of moves) settle(move.machine, move.key, move.after);
      return {
        accepted: true,
        may: moves.some((move) => move.may),
        closes: moves.some((move) => move.after.state === CLOSED),
        undo() {
          for (const { machine, key, before, after } of moves) {
            const now = machine.positions.get(key) ?? machine.start;
            if (now === after || (now === machine.start && isNew(machine, after)))
              settle(machine, key, before);
          }
        },
      };
    },

    emit(event, payload) {
      if (isRefusal(protocol, event, payload)) return "legal";
      const found = touched(event, payload);
      const moves: { machine: Machine; key: string; after: Position }[] = [];
      for (const { machine, key } of found) {
        const before = machine.positions.get(key) ?? machine.start;
        const transition = fitting(machine, before, event, payload);
        if (transition === undefined) return "illegal";
        moves.push({ machine, key, after: follow(before, transition, payload) });
      }
      for (const move of moves) settle(move.machine, move.key, move.after);
      return "legal";
    },

    other(lifecycle, key, to) {
      const machine = machines.find((candidate) => candidate.lifecycle.name === lifecycle);
      if (machine === undefined) return false;
      const name = machine.lifecycle.scope === "connection" ? "" : spell(key);
      const before = machine.positions.get(name) ?? machine.start;
      for (const transition of machine.lifecycle.transitions) {
        if (!transition.on.includes(OTHER) || !leaves(transition, before.state)) continue;
        if (transition.to !== to) continue;
        settle(machine, name, follow(before, transition, undefined));
        return true;
      }
      return false;
    },

    state(lifecycle, key) {
      const machine = machines.find((candidate) => candidate.lifecycle.name === lifecycle);
      if (machine === undefined) throw new RangeError(`no lifecycle is named ${lifecycle}`);
      const name = machine.lifecycle.scope === "connection" ? "" : spell(key);
      return (machine.positions.get(name) ?? machine.start).state;
    },
  };
}

const touching = new WeakMap<Protocol["lifecycles"], ReadonlySet<string>>();

/** Names of the messages that move or need a state; any other is legal at any time. */
export function touchingNames({ lifecycles }: Pick<Protocol, "lifecycles">): ReadonlySet<string> {
  const known = touching.get(lifecycles);
  if (known !== undefined) return known;
  const names = new Set(lifecycles.flatMap((lifecycle) => [...createMachine(lifecycle).byName.keys()]));
  touching.set(lifecycles, names);
  return names;
}

/** True when the event is the refusal of a command, which no lifecycle sees. */
export function isRefusal(protocol: Pick<Protocol, "reject">, event: string, payload: unknown): boolean {
  const reject = protocol.reject;
  if (reject === undefined || reject.message !== event) return false;
  if (reject.when === undefined) return true;
  return Object.entries(reject.when).every(([pointer, values]) => {
    const got = valueAt(payload, pointer);
    return got !== undefined && values.some((value) => equal(got, value));
  });
}

const plans = new WeakMap<Lifecycle, Plan>();

function createMachine(lifecycle: Lifecycle): Machine {
  const plan = plans.get(lifecycle) ?? planOf(lifecycle);
  plans.set(lifecycle, plan);
  return { ...plan, positions: new Map() };
}

function planOf(lifecycle: Lifecycle): Plan {
  const byName = new Map<string, Transition[]>(lifecycle.queued.map((name) => [name, []]));
  const left = new Set<string>();
  for (const transition of lifecycle.transitions) {
    for (const name of new Set(transition.on)) {
      if (name === OTHER) continue;
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [transition]);
      else known.push(transition);
    }
    for (const state of transition.from) left.add(state);
  }
  return {
    lifecycle,
    byName,
    final: (state) => !left.has("*") && !left.has(state),
    start: { state: lifecycle.initial, memory: {} },
  };
}

function keyOf(lifecycle: Lifecycle, payload: unknown): string | undefined {
  if (lifecycle.scope === "connection") return "";
  const value = valueAt(payload, lifecycle.scope.key);
  return value === undefined ? undefined : spell(value);
}

/** Keys of different types stay apart: the number 1 is not the string "1". */
function spell(key: unknown): string {
  if (typeof key === "number") return `${key}`;
  return typeof key === "string" ? `"${key}` : (JSON.stringify(key) ?? "");
}

function leaves(transition: Transition, state: string): boolean {
  return state !== CLOSED && (transition.from.includes("*") || transition.from.includes(state));
}

function fitting(plan: Plan, position: Position, name: string, payload: unknown): Transition | undefined {
  for (const transition of plan.byName.get(name) ?? []) {
    const fits =
      leaves(transition, position.state) &&
      whenFits(transition, payload) &&
      boundFits(transition, position, payload);
    if (fits) return transition;
  }
  return undefined;
}

function whenFits({ when }: Transition, payload: unknown): boolean {
  if (when === undefined) return true;
  for (const [pointer, wanted] of Object.entries(when)) {
    const got = valueAt(payload, pointer);
    if (got === undefined) return false;
    const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
    if (!values.some((value) => equal(got, value))) return false;
  }
  return true;
}

function boundFits({ bound }: Transition, position: Position, payload: unknown): boolean {
  if (bound === undefined) return true;
  for (const [pointer, name] of Object.entries(bound)) {
    const got = valueAt(payload, pointer);
    if (got === undefined || !Object.hasOwn(position.memory, name)) continue;
    if (!same(got, position.memory[name])) return false;
  }
  return true;
}

/** Tells a command that names something else (`bound`) from one that comes at the wrong time. */
function strayed(
  lifecycle: Lifecycle,
  position: Position,
  name: string,
  payload: unknown,
): "illegal-state" | "not-found" {
  const timely = lifecycle.transitions.some(
    (transition) =>
      transition.on.includes(name) &&
      leaves(transition, position.state) &&
      whenFits(transition, payload) &&
      !boundFits(transition, position, payload),
  );
  return timely ? "not-found" : "illegal-state";
}

function follow(before: Position, transition: Transition, payload: unknown): Position {
  if (transition.set === undefined && transition.to === "=") return before;
  let memory = before.memory;
  for (const [name, pointer] of Object.entries(transition.set ?? {})) {
    const value = valueAt(payload, pointer);
    const { [name]: _, ...rest } = memory;
    // What came from JSON.parse is a JsonValue; valueAt only walks into it.
    memory = value === undefined ? rest : { ...rest, [name]: value as JsonValue };
  }
  return { state: transition.to === "=" ? before.state : transition.to, memory };
}

function settle(machine: Machine, key: string, position: Position): void {
  machine.positions.delete(key);
  // An instance that is as new need not be remembered: subscriptions that ended cost nothing.
  if (isNew(machine, position)) return;
  machine.positions.set(key, position);
  if (machine.positions.size <= INSTANCES) return;
  for (const [oldest, { state }] of machine.positions) {
    if (!machine.final(state)) continue;
    machine.positions.delete(oldest);
    return;
  }
}

function isNew(machine: Machine, position: Position): boolean {
  return position.state === machine.start.state && Object.keys(position.memory).length === 0;
}

function legalFrom(lifecycle: Lifecycle, state: string): string[] {
  const names = new Set<string>();
  for (const transition of lifecycle.transitions) {
    if (!leaves(transition, state)) continue;
    for (const name of transition.on) if (name !== OTHER) names.add(name);
  }
  return [...names];
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === "string" && typeof b === "string" && UUID.test(a) && UUID.test(b)) {
    return a.toLowerCase() === b.toLowerCase();
  }
  return equal(a, b);
}

function equal(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && spell(a) === spell(b));
}
