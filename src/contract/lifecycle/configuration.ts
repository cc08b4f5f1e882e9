/**
 * One possible course of events: a state, what is remembered, the commands that the server has not yet taken.
 *
 * Configurations that differ only in their clocks count as one; it keeps the later clock of each, so that no server
 * is accused for what another course of events would excuse.
 */

import { type Automaton, CLOSED, type Memory, type Move, OTHER, type Step } from "./automaton.js";

/** A command that was sent and is neither taken nor refused. */
export interface PendingCommand {
  readonly move: Move;
  readonly sentAtMs: number;
  /** No transition, or one with `may`, fitted it at some moment since it was sent. */
  readonly refusable: boolean;
  /** Under `queued`: since when it could be taken. */
  readonly readyAtMs: number | undefined;
}

/** See the head of this file. All times are milliseconds on the caller's clock. */
export interface Configuration {
  readonly state: string;
  readonly memory: Memory;
  /** In the order of sending. */
  readonly pending: readonly PendingCommand[];
  /** Since when the obligations of the state count; infinite after `$other`, until the next event. */
  readonly enteredAtMs: number;
  /** When the last named event came. */
  readonly touchedAtMs: number;
  /** Transitions taken since what happened was last certain. */
  readonly via: readonly number[];
}

/** The bounds on answers, already scaled, with the caller's grace in them. */
export interface Bounds {
  readonly answerMs: number;
  /** The bound of an obligation, by its position in the lifecycle. */
  readonly obligationMs: readonly number[];
}

/** Why and when a configuration ends without an event. */
export interface Deadline {
  readonly atMs: number;
  readonly reason: "answer" | "obligation" | "close";
}

/** The text that two configurations share iff they differ only in their clocks. */
export function configurationKey(configuration: Configuration): string {
  const { state, memory, pending } = configuration;
  if (pending.length === 0) return `${state}\n${memory.key}`;
  const commands = pending.map(({ move, refusable }) => `${refusable ? "-" : "+"}${move.signature}`);
  return `${state}\n${memory.key}\n${commands.join("\n")}`;
}

/** One for two with the same key: the later of each clock. Gives `a` itself where `b` adds nothing. */
export function mergeConfigurations(a: Configuration, b: Configuration): Configuration {
  const via = a.via.filter((index) => b.via.includes(index));
  const pending = a.pending.map((command, index) => {
    const other = b.pending[index];
    if (other === undefined) return command;
    const sentAtMs = Math.max(command.sentAtMs, other.sentAtMs);
    const readyAtMs = later(command.readyAtMs, other.readyAtMs);
    return sentAtMs === command.sentAtMs && readyAtMs === command.readyAtMs
      ? command
      : { ...command, sentAtMs, readyAtMs };
  });
  const enteredAtMs = Math.max(a.enteredAtMs, b.enteredAtMs);
  const touchedAtMs = Math.max(a.touchedAtMs, b.touchedAtMs);
  const same =
    via.length === a.via.length &&
    enteredAtMs === a.enteredAtMs &&
    touchedAtMs === a.touchedAtMs &&
    pending.every((command, index) => command === a.pending[index]);
  return same ? a : { ...a, pending, enteredAtMs, touchedAtMs, via };
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}

/** The next configuration after a step. `enteredAtMs` counts only when the state changes: a loop restarts nothing. */
export function afterStep(
  from: Configuration,
  step: Step,
  change: { readonly enteredAtMs: number; readonly pending?: readonly PendingCommand[] },
): Configuration {
  const known = from.via.includes(step.index) || from.via.length >= MAX_VIA;
  return {
    state: step.state,
    memory: step.memory,
    pending: change.pending ?? from.pending,
    enteredAtMs: step.state === from.state ? from.enteredAtMs : change.enteredAtMs,
    touchedAtMs: from.touchedAtMs,
    via: known ? from.via : [...from.via, step.index],
  };
}

// Coverage only: what is not certain after so many transitions stays uncounted.
const MAX_VIA = 32;

/** Looks at the pending commands once the state is known: which could be refused, and whether the head could be taken. */
export function review(automaton: Automaton, configuration: Configuration, atMs: number): Configuration {
  if (configuration.pending.length === 0) return configuration;
  const { state, memory } = configuration;
  const { queued } = automaton.lifecycle;
  const pending = configuration.pending.map((command, index) => {
    const step = automaton.first(state, memory, command.move);
    const waits = step === undefined && queued.includes(command.move.name);
    const refusable = command.refusable || (step === undefined ? !waits : step.may);
    // A refusal waits its turn as well: its clock runs from when the server gets to it.
    const turn = queued.length > 0 && index === 0 && (step !== undefined || automaton.takesQueued(state));
    const readyAtMs = command.readyAtMs ?? (turn ? Math.max(atMs, command.sentAtMs) : undefined);
    return refusable === command.refusable && readyAtMs === command.readyAtMs
      ? command
      : { ...command, refusable, readyAtMs };
  });
  return { ...configuration, pending };
}

/** From when a command's clock runs; undefined while it waits. */
export function clockOf(automaton: Automaton, command: PendingCommand): number | undefined {
  return automaton.lifecycle.queued.length > 0 ? command.readyAtMs : command.sentAtMs;
}

/** When the configuration is over unless something happens; undefined: never. */
export function deadlineOf(
  automaton: Automaton,
  configuration: Configuration,
  bounds: Bounds,
): Deadline | undefined {
  const { state, pending, enteredAtMs, touchedAtMs } = configuration;
  if (state === CLOSED) return { atMs: enteredAtMs + bounds.answerMs, reason: "close" };
  let deadline: Deadline | undefined;
  const [head] = pending;
  const clock = head === undefined ? undefined : clockOf(automaton, head);
  if (clock !== undefined) deadline = { atMs: clock + bounds.answerMs, reason: "answer" };
  automaton.lifecycle.obligations.forEach((obligation, index) => {
    if (!obligation.in.includes(state)) return;
    const from = obligation.rearm ? Math.max(enteredAtMs, touchedAtMs) : enteredAtMs;
    const atMs = from + (bounds.obligationMs[index] ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(atMs) && (deadline === undefined || atMs < deadline.atMs)) {
      deadline = { atMs, reason: "obligation" };
    }
  });
  return deadline;
}

/** Whether a transition on `$other` is in the lifecycle at all. */
export function hasOthers(automaton: Automaton): boolean {
  return automaton.lifecycle.transitions.some((transition) => transition.on.includes(OTHER));
}
