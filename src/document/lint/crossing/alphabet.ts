/** The messages of a lifecycle as its transitions tell them apart: of all payloads that take the same ways, one. */

import { alwaysPresent, constantsOf } from "../../../contract/constants.js";
import type { Contract, Direction, Endpoint, Json, Message } from "../../../contract/contract.js";
import type { Automaton, Move } from "../../../contract/lifecycle/automaton.js";
import { parsePointer } from "../../../contract/pointer.js";
import { canonicalJson, sameJson } from "../../../contract/same-json.js";

/** One kind of message. */
export interface Letter {
  readonly direction: Direction;
  readonly name: string;
  /** The name, and what `when` tells it by from others of the name: `update {/data/status: "paused"}`. */
  readonly label: string;
  /** Labels of other messages that take the same transitions. */
  readonly alike: readonly string[];
  readonly move: Move;
}

// Of `when`s on many fields, only so many combinations are told apart.
const MAX_KINDS = 64;

/** Two values that differ, for a field that is only compared with itself. */
const SAMPLES: readonly Json[] = ["first", "second"];

/**
 * What a lifecycle names in one direction, one letter for all messages that take the same transitions. Refusals are no
 * step of it, and are left out.
 */
export function alphabetOf(
  automaton: Automaton,
  endpoint: Endpoint,
  direction: Direction,
  definitions: Contract["definitions"],
): Letter[] {
  const { reject } = endpoint.protocol;
  const found = new Map<string, Letter>();
  for (const message of direction === "command" ? endpoint.commands : endpoint.events) {
    const refuses = direction === "event" && message.name === reject?.message && reject.when === undefined;
    if (refuses || !automaton.names(message.name)) continue;
    for (const letter of lettersOf(automaton, message, direction, definitions)) {
      const { candidates } = letter.move;
      const ways = canonicalJson(
        candidates.map(({ index, bound, set }) => [index, orNull(bound), orNull(set)]),
      );
      const queued = automaton.lifecycle.queued.includes(message.name);
      const key = `${queued}${ways}`;
      const same = found.get(key);
      const alike = same === undefined || same.label === letter.label ? [] : [letter.label];
      found.set(key, same === undefined ? letter : { ...same, alike: [...same.alike, ...alike] });
    }
  }
  return [...found.values()];
}

/** True when a message leaves every state as it is, and nothing is remembered of it. */
export function changesNothing({ move }: Letter): boolean {
  return move.candidates.every(({ transition: { from, to }, set }) => {
    return set.length === 0 && (to === "=" || (from.length === 1 && from[0] === to));
  });
}

function orNull(values: readonly (readonly [string, unknown])[]): unknown {
  return values.map(([name, value]) => [name, value === undefined ? null : [value]]);
}

function lettersOf(
  automaton: Automaton,
  message: Message,
  direction: Direction,
  definitions: Contract["definitions"],
): Letter[] {
  let kinds: readonly (readonly Choice[])[] = [[]];
  for (const choices of fieldsOf(automaton, message, definitions)) {
    kinds = kinds.flatMap((kind) => choices.map((choice) => [...kind, choice])).slice(0, MAX_KINDS);
  }
  const { name } = message;
  const found = new Map<string, Letter>();
  for (const kind of kinds) {
    const move = automaton.move(name, payloadOf(kind));
    if (move.candidates.length === 0 || found.has(move.signature)) continue;
    found.set(move.signature, { direction, name, label: labelOf(name, kind), alike: [], move });
  }
  return [...found.values()];
}

/** A value at a pointer; absent where there is none. `asked`: a `when` looks at it. */
interface Choice {
  readonly pointer: string;
  readonly asked: boolean;
  readonly value?: Json;
}

function fieldsOf(automaton: Automaton, message: Message, definitions: Contract["definitions"]): Choice[][] {
  const transitions = automaton.lifecycle.transitions.filter(({ on }) => on.includes(message.name));
  const wanted = new Map<string, Json[]>();
  const kept = new Set<string>();
  for (const { when, bound, set } of transitions) {
    for (const [pointer, values] of Object.entries(when ?? {})) {
      wanted.set(pointer, [...(wanted.get(pointer) ?? []), ...(Array.isArray(values) ? values : [values])]);
    }
    for (const pointer of [...Object.keys(bound ?? {}), ...Object.values(set ?? {})]) kept.add(pointer);
  }
  const constants = constantsOf(message.payload, definitions);
  const choose = (pointer: string, asked: boolean, values: readonly Json[]): Choice[] => {
    const choices: Choice[] = values.map((value) => ({ pointer, asked, value }));
    return alwaysPresent(message.payload, definitions, pointer) ? choices : [...choices, { pointer, asked }];
  };
  return [
    ...[...wanted].map(([pointer, values]) => {
      const isWanted = (value: Json) => values.some((one) => sameJson(one, value));
      const known = constants.get(pointer);
      const others = known?.filter((value) => !isWanted(value)).slice(0, 1) ?? ["something else"];
      return choose(pointer, true, [...(known?.filter(isWanted) ?? values), ...others]);
    }),
    ...[...kept].filter((pointer) => !wanted.has(pointer)).map((pointer) => choose(pointer, false, SAMPLES)),
  ];
}

function payloadOf(kind: readonly Choice[]): unknown {
  const payload: { [key: string]: unknown } = {};
  for (const { pointer, value } of kind) {
    if (value === undefined) continue;
    const parts = parsePointer(pointer);
    const last = parts.pop();
    if (last === undefined) return value;
    let at = payload;
    for (const part of parts) {
      const inner: unknown = at[part];
      const next = typeof inner === "object" && inner !== null ? (inner as { [key: string]: unknown }) : {};
      at[part] = next;
      at = next;
    }
    at[last] = value;
  }
  return payload;
}

function labelOf(name: string, kind: readonly Choice[]): string {
  const told = kind
    .filter(({ asked }) => asked)
    .map(({ pointer, value }) => `${pointer}: ${value === undefined ? "absent" : JSON.stringify(value)}`);
  return told.length === 0 ? name : `${name} {${told.join(", ")}}`;
}
