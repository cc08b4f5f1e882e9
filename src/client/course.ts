/**
 * Where the lifecycles of one connection may be, as the client knows it.
 *
 * Commands and events pass each other on the wire, so a client keeps every state in which the server may be: it sends
 * nothing that none of them takes, and says so when an event comes that none of them explains (PROTOCOL.md#lifecycle).
 * Remembered values (`set`, `bound`) are left to the server: without them more is possible, never less.
 */

import { valueAt } from "../wire/pointer.js";
import type { ClientLifecycle, ClientRules } from "../wire/protocol.js";

/** Follows the lifecycles of one connection. */
export interface Course<Out> {
  /** False when no state in which the server may be takes the command. */
  allows(name: string, payload: unknown): boolean;
  /** A command was sent; `isRestored`: by the client itself, to bring back what it stands for. */
  sent(name: string, payload: unknown, command: Out, isRestored?: boolean): void;
  /** An event came; false when nothing explains it. */
  received(name: string, payload: unknown): boolean;
  /** The commands that bring back on another connection what lives on this one. */
  living(): Out[];
}

type Command = readonly [name: string, payload: unknown];

/** A state in which the server may be, and the commands that it has not taken there yet, oldest first. */
type Place = readonly [state: string, ahead: readonly Command[]];

interface Instance<Out> {
  places: readonly Place[];
  /** What would bring it back on a new connection. */
  by?: Out;
  /** The client itself has brought it back, and nothing has been heard since. */
  isRestored?: boolean | undefined;
}

const OTHER = "$other";
/** Commands that may be ahead; over it the oldest counts as refused. */
const MAX_AHEAD = 32;
/** Over it the oldest instance is forgotten, unless it could be brought back: streams make one each. */
const MAX_INSTANCES = 4_096;

/** Follows the lifecycles of a protocol. */
export function followLifecycles<Out>({ lifecycles, reject, reconnect }: ClientRules): Course<Out> {
  const all = lifecycles.map((lifecycle) => ({ lifecycle, instances: new Map<unknown, Instance<Out>>() }));

  /** Lets `change` say where the instances are that a message names. */
  function visit(
    name: string,
    payload: unknown,
    change: (
      lifecycle: ClientLifecycle,
      places: readonly Place[],
      instance: Instance<Out>,
    ) => readonly Place[],
  ): void {
    for (const { lifecycle, instances } of all) {
      const { initial, scope, transitions } = lifecycle;
      const key = scope === "connection" ? "" : valueAt(payload, scope.key);
      if (key === undefined || !transitions.some(({ on }) => on.includes(name))) continue;
      const instance = instances.get(key) ?? { places: [[initial, []]] };
      instance.places = change(lifecycle, spread(lifecycle, instance.places), instance);
      instances.set(key, instance);
      if (instance.places.every(([state, ahead]) => state === initial && !ahead[0])) instances.delete(key);
      for (const [oldest, { by }] of instances) {
        if (instances.size <= MAX_INSTANCES) break;
        if (by === undefined) instances.delete(oldest);
      }
    }
  }

  function refused(payload: unknown): void {
    const isOfState = reject?.state.some((code) => code === valueAt(payload, reject.code ?? "/"));
    for (const { lifecycle, instances } of all) {
      const { scope } = lifecycle;
      const meant = scope === "connection" ? "" : valueAt(payload, scope.key);
      for (const [key, instance] of instances) {
        if (meant !== undefined && meant !== key) continue;
        const places = spread(lifecycle, instance.places);
        const without = places.flatMap(([state, ahead]): Place[] =>
          ahead[0] ? [[state, ahead.slice(1)]] : [],
        );
        // Only a code of state, with the key, surely means one of these commands.
        instance.places = isOfState && meant !== undefined && without[0] ? without : [...places, ...without];
        if (meant !== undefined) instance.isRestored = false;
      }
    }
  }

  return {
    allows(name, payload) {
      let isAllowed = true;
      visit(name, payload, (lifecycle, places) => {
        const settled = places.filter(([, ahead]) => !ahead[0]);
        isAllowed &&=
          lifecycle.queued?.includes(name) ||
          after(lifecycle, settled[0] ? settled : places, name, payload).length > 0;
        return places;
      });
      return isAllowed;
    },

    sent(name, payload, command, isRestored) {
      visit(name, payload, (lifecycle, places, instance) => {
        if (reconnect?.restore?.some((row) => row.lifecycle === lifecycle.name && row.by === name))
          instance.by = command;
        instance.isRestored = isRestored;
        return places.map(([state, ahead]) => [
          state,
          [...ahead, [name, payload] as const].slice(-MAX_AHEAD),
        ]);
      });
    },

    received(name, payload) {
      if (name === reject?.message && fits(reject.when, payload)) {
        refused(payload);
        return true;
      }
      let isExplained = true;
      visit(name, payload, (lifecycle, places, instance) => {
        instance.isRestored = false;
        let next = after(lifecycle, places, name, payload);
        // What another connection may have done is believed only where nothing else explains the event.
        if (!next[0]) next = after(lifecycle, spread(lifecycle, places, true), name, payload);
        if (next[0]) return next;
        isExplained = false;
        // Wherever the server was, it is now where the event leads.
        return lifecycle.transitions.flatMap(({ from, on, to, when }) =>
          on.includes(name) && fits(when, payload)
            ? (to === "=" ? from : [to]).map((state): Place => [state, []])
            : [],
        );
      });
      return isExplained;
    },

    living: () =>
      all.flatMap(({ lifecycle, instances }) =>
        [...instances.values()].flatMap(({ by, isRestored, places }) => {
          const lives = spread(lifecycle, places).some(
            ([state, ahead]) =>
              !ahead[0] &&
              reconnect?.restore?.some((row) => row.lifecycle === lifecycle.name && row.in.includes(state)),
          );
          return by !== undefined && (isRestored || lives) ? [by] : [];
        }),
      ),
  };
}

/** Where a message leads from any of the places. */
function after(
  lifecycle: ClientLifecycle,
  places: readonly Place[],
  name: string,
  payload: unknown,
): Place[] {
  return places.flatMap(([state, ahead]) =>
    moves(lifecycle, state, name, payload).map((to): Place => [to, ahead]),
  );
}

/** Where a message leads from a state: to one, unless remembered values decide, or another connection. */
function moves({ transitions }: ClientLifecycle, state: string, name: string, payload?: unknown): string[] {
  const found: string[] = [];
  for (const { bound, from, on, to, when } of transitions) {
    if (!on.includes(name) || !(from.includes(state) || from.includes("*")) || !fits(when, payload)) continue;
    found.push(to === "=" ? state : to);
    if (name !== OTHER && !bound) break;
  }
  return found;
}

/** All places that are reached when commands ahead are taken, and by what other connections may have done. */
function spread(lifecycle: ClientLifecycle, places: readonly Place[], withOther = false): Place[] {
  const found: Place[] = [];
  const add = (state: string, ahead: readonly Command[]): void => {
    if (!found.some((place) => place[0] === state && place[1].length === ahead.length))
      found.push([state, ahead]);
  };
  for (const place of places) add(...place);
  // The list grows while it is walked.
  for (const [state, ahead] of found) {
    for (const to of ahead[0] ? moves(lifecycle, state, ...ahead[0]) : []) add(to, ahead.slice(1));
    for (const to of withOther ? moves(lifecycle, state, OTHER) : []) add(to, ahead);
  }
  return found;
}

/** True when each pointer holds its value, or one of its values. */
export function fits(when: { readonly [pointer: string]: unknown } = {}, payload: unknown): boolean {
  return Object.entries(when).every(([pointer, wanted]) =>
    [wanted].flat().includes(valueAt(payload, pointer)),
  );
}
