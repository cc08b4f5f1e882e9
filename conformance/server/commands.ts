/**
 * Commands that the kit may send: valid by the contract, and about nothing but what the kit invented or the document
 * names.
 *
 * Keys and remembered values are drawn as placeholders and become identifiers of the case when they are sent, so that
 * one seed gives one walk while no two cases meet on the subject.
 */

import fc from "fast-check";
import { boundaryPayloads } from "../../src/arbitrary/boundary-payload.js";
import { boundedFilter } from "../../src/arbitrary/bounded-filter.js";
import type { Placement } from "../../src/arbitrary/placement.js";
import { validPayload } from "../../src/arbitrary/valid-payload.js";
import type { Contract, Endpoint, Json, Message, Pointer } from "../../src/contract/contract.js";
import { isObject, valueAt } from "../../src/contract/pointer.js";
import { canonicalJson, sameJson } from "../../src/contract/same-json.js";
import { KNOWN_GOOD } from "../config.js";
import { fill } from "../exchange.js";
import type { Judge } from "../judge.js";

/** A command by name, with placeholders in its payload. */
export interface DraftCommand {
  readonly name: string;
  readonly payload: Json;
}

/** What stands for the identifiers of a case in generated payloads: valid wherever a string or a UUID is. */
export const PLACEHOLDERS: readonly [string, string] = [
  "00000000-0000-4000-8000-0000000000a1",
  "00000000-0000-4000-8000-0000000000b2",
];

/** Text in exchanges that become walks; a step that repeats it can be told from one that does not. */
const WALK_TEXT = "wireproof walks";

/** The commands of an endpoint that can be generated. */
export interface CommandSource {
  /** Names of the commands that the kit can make, in document order. */
  readonly names: readonly string[];
  /** Payloads of one command; names not in {@link names} have none. */
  payloads(name: string): fc.Arbitrary<Json>;
  /** A fixed choice of payloads for walks: those of exchanges and examples first. */
  variants(name: string): readonly DraftCommand[];
}

/** A command at a bound of its schema. */
export interface BoundaryCommand extends DraftCommand {
  /** The keyword and the place. */
  readonly keyword: string;
  readonly pointer: Pointer;
}

/**
 * Each command at each bound of its schema, but for places whose values are not free, and for frames that are longer than
 * the document allows.
 */
export function* boundaryCommands(judge: Judge, seed: number): Generator<BoundaryCommand> {
  const { contract, endpoint } = judge;
  const { maxBytes = Number.POSITIVE_INFINITY } = endpoint.protocol;
  for (const { name, payload: schema, binary, ...rest } of endpoint.commands) {
    if (binary === true || schema === true) continue;
    const message: Message = { name, payload: schema, ...rest };
    const placements = placementsOf(endpoint, message);
    const at = { ...placements, ...namingPlaces(endpoint, message) };
    const fits = (payload: Json): boolean =>
      isNamed(judge, name, payload) &&
      isKnown(endpoint, placements, payload) &&
      Buffer.byteLength(judge.frameOf(name, payload)) <= maxBytes;
    for (const { keyword, pointer, value } of boundaryPayloads(schema, contract.definitions, {
      at,
      fits,
      seed,
    }))
      yield { name, payload: value, keyword, pointer };
  }
}

/** Sources by judge and seed: building one takes 0.1 s, and every check of a run wants the same. */
const sources = new WeakMap<Judge, Map<number, CommandSource>>();

/** The source of an endpoint's commands; `seed` decides the generated variants. */
export function commandSource(judge: Judge, seed: number): CommandSource {
  const bySeed = sources.get(judge) ?? new Map<number, CommandSource>();
  sources.set(judge, bySeed);
  const known = bySeed.get(seed);
  if (known !== undefined) return known;
  const made = makeSource(judge, seed);
  bySeed.set(seed, made);
  return made;
}

function makeSource(judge: Judge, seed: number): CommandSource {
  const { contract, endpoint } = judge;
  const payloads = new Map<string, fc.Arbitrary<Json>>();
  const variants = new Map<string, readonly DraftCommand[]>();
  const names: string[] = [];
  for (const message of endpoint.commands) {
    const arbitrary = arbitraryOf(contract, endpoint, message, judge);
    if (arbitrary === undefined) continue;
    names.push(message.name);
    payloads.set(message.name, arbitrary);
  }
  return {
    names,
    payloads(name) {
      const arbitrary = payloads.get(name);
      if (arbitrary === undefined) throw new RangeError(`No payload can be made for the command "${name}".`);
      return arbitrary;
    },
    variants(name) {
      let found = variants.get(name);
      if (found === undefined) {
        found = variantsOf(endpoint, name, payloads.get(name), judge, seed);
        variants.set(name, found);
      }
      return found;
    },
  };
}

/** Puts the identifiers of a case where the placeholders stand. */
export function personalise(payload: Json, identifiers: readonly string[]): Json {
  if (typeof payload === "string") {
    const index = PLACEHOLDERS.indexOf(payload);
    return index < 0 ? payload : (identifiers[index] ?? payload);
  }
  if (Array.isArray(payload)) return payload.map((item: Json) => personalise(item, identifiers));
  if (!isObject(payload)) return payload;
  return Object.fromEntries(
    // Members of a Json object are Json: `isObject` only forgets that.
    Object.entries(payload).map(([key, value]) => [key, personalise(value as Json, identifiers)]),
  );
}

/** Two identifiers for one case: its own identity, and another one derived from it. */
export function identifiersOf(identity: string): readonly [string, string] {
  const last = identity.at(-1) === "0" ? "1" : "0";
  return [identity, identity.slice(0, -1) + last];
}

/** Fields whose values are not free: domain fields, keys of instances, and what lifecycles remember or compare. */
export function placementsOf(endpoint: Endpoint, message: Message): Record<Pointer, Placement> {
  const placements: Record<Pointer, Placement> = {};
  for (const lifecycle of endpoint.lifecycles) {
    if (lifecycle.scope !== "connection" && !isEventOnly(endpoint, lifecycle.name, message.name)) {
      placements[lifecycle.scope.key] = { values: identifierValues() };
    }
    for (const transition of lifecycle.transitions) {
      if (!transition.on.includes(message.name)) continue;
      for (const pointer of [
        ...Object.values(transition.set ?? {}),
        ...Object.keys(transition.bound ?? {}),
      ]) {
        placements[pointer] = { values: identifierValues() };
      }
    }
  }
  for (const pointer of endpoint.exchanges?.domain ?? []) {
    const values = domainValues(endpoint, message, pointer);
    placements[pointer] = { values };
  }
  return placements;
}

/** The first placeholder is drawn twice as often: a walk that always changes the subject goes nowhere. */
function identifierValues(): readonly string[] {
  return [PLACEHOLDERS[0], PLACEHOLDERS[0], PLACEHOLDERS[1]];
}

function isEventOnly(endpoint: Endpoint, lifecycle: string, command: string): boolean {
  const found = endpoint.lifecycles.find((one) => one.name === lifecycle);
  return found === undefined || !found.transitions.some((transition) => transition.on.includes(command));
}

/** Values of a domain field: from exchanges (a flood is no ordinary value) and from the command's own examples. */
function domainValues(endpoint: Endpoint, message: Message, pointer: Pointer): Json[] {
  const found = new Map<string, Json>();
  const floods = new Set<string>();
  for (const exchange of endpoint.exchanges?.list ?? []) {
    for (const step of exchange.steps) {
      if (!("send" in step)) continue;
      const value = valueAt(step.send.payload, pointer);
      if (value === undefined) continue;
      const text = canonicalJson(value);
      if (exchange.tags.includes("bulk")) floods.add(text);
      // It came out of a Json payload.
      else found.set(text, value as Json);
    }
  }
  const invented = found.delete(JSON.stringify("$uuid"));
  if (invented) return [...identifierValues(), ...found.values()];
  for (const example of message.examples) {
    const value = valueAt(example.payload, pointer);
    const text = canonicalJson(value);
    // It came out of a Json payload.
    if (value !== undefined && !floods.has(text)) found.set(text, value as Json);
  }
  for (const flood of floods) found.delete(flood);
  return [...found.values()];
}

function arbitraryOf(
  contract: Contract,
  endpoint: Endpoint,
  message: Message,
  judge: Judge,
): fc.Arbitrary<Json> | undefined {
  if (message.binary === true) return undefined;
  const placements = { ...placementsOf(endpoint, message), ...namingPlaces(endpoint, message) };
  const examples = message.examples.map((example) => example.payload);
  // A key that is no string cannot hold a placeholder: then the schema alone says what may stand there.
  for (const at of [placements, domainOnly(endpoint, placements)]) {
    const arbitrary = validPayload(message.payload, contract.definitions, { examples, at });
    const known = boundedFilter(
      arbitrary,
      (payload) => isNamed(judge, message.name, payload) && isKnown(endpoint, placements, payload),
      { what: `a payload of "${message.name}"` },
    );
    if (canBeDrawn(known)) return known;
  }
  return undefined;
}

/**
 * The fields that name a command, where the schema lets them be absent: without its name the server may take one
 * command for another, and answer that.
 */
function namingPlaces(endpoint: Endpoint, message: Message): Record<Pointer, Placement> {
  const { fields, rows } = endpoint.protocol.receive;
  const row = rows.find((one) => one.message === message.name);
  const places: Record<Pointer, Placement> = {};
  for (const [index, pointer] of fields.entries()) {
    const values = row?.values[index] ?? [];
    if (pointer !== "$event" && row?.optional?.[index] === true && values.length > 0) {
      places[pointer] = { values, required: true };
    }
  }
  return places;
}

function domainOnly(
  endpoint: Endpoint,
  placements: Readonly<Record<Pointer, Placement>>,
): Record<Pointer, Placement> {
  const domain = new Set(endpoint.exchanges?.domain ?? []);
  return Object.fromEntries(Object.entries(placements).filter(([pointer]) => domain.has(pointer)));
}

/** True when each domain field holds a value that the document gives: a schema that takes none of them is no licence. */
function isKnown(
  endpoint: Endpoint,
  placements: Readonly<Record<Pointer, Placement>>,
  payload: Json,
): boolean {
  return (endpoint.exchanges?.domain ?? []).every((pointer) => {
    const found = valueAt(payload, pointer);
    return found === undefined || (placements[pointer]?.values ?? []).some((value) => sameJson(value, found));
  });
}

/** True when the frame of the payload is this command and no other: else a refusal could be about another. */
function isNamed(judge: Judge, name: string, payload: Json): boolean {
  try {
    judge.frameOf(name, payload);
    return true;
  } catch {
    return false;
  }
}

function canBeDrawn(arbitrary: fc.Arbitrary<Json>): boolean {
  try {
    fc.sample(arbitrary, { numRuns: 1, seed: 1 });
    return true;
  } catch {
    return false;
  }
}

function variantsOf(
  endpoint: Endpoint,
  name: string,
  arbitrary: fc.Arbitrary<Json> | undefined,
  judge: Judge,
  seed: number,
): readonly DraftCommand[] {
  const found = new Map<string, DraftCommand>();
  const add = (payload: Json) => {
    if (!isNamed(judge, name, payload)) return;
    const key = canonicalJson(payload);
    if (!found.has(key)) found.set(key, { name, payload });
  };
  for (const example of endpoint.commands.find((command) => command.name === name)?.examples ?? []) {
    if (example.name === KNOWN_GOOD) add(example.payload);
  }
  for (const exchange of endpoint.exchanges?.list ?? []) {
    if (exchange.tags.includes("bulk")) continue;
    for (const step of exchange.steps) {
      if (!("send" in step) || step.send.message !== name) continue;
      add(fill(step.send.payload, { text: WALK_TEXT, uuid: PLACEHOLDERS[0], int: 7 }));
    }
  }
  if (arbitrary !== undefined)
    for (const payload of fc.sample(arbitrary, { seed, numRuns: 10 })) add(payload);
  return [...found.values()].slice(0, 16);
}
