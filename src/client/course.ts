/**
 * Where lifecycles may be at the server, as a client knows it.
 *
 * Commands and events pass each other on the wire, so a client keeps every state in which the server may be: it sends
 * nothing that none of them takes, and says so when an event comes that none of them explains (PROTOCOL.md#lifecycle).
 * Remembered values (`set`, `bound`) are left to the server: without them more is possible, never less.
 */

import { valueAt } from "../wire/pointer.js";
import type { ClientLifecycle, ClientRules, InstanceCourse, LifecycleCourse } from "../wire/protocol.js";

const OTHER = "$other";
/** Commands that may be ahead: bits beside the one for none. Over it the oldest counts as refused. */
const MAX_AHEAD = 31;

/** Follows the lifecycles of a connection; those with a key only where the rules bring what follows instances. */
export function followLifecycles<Out>({
  followInstances,
  lifecycles,
  reconnect,
}: ClientRules): readonly LifecycleCourse<Out>[] {
  return lifecycles.flatMap((lifecycle): LifecycleCourse<Out> | [] => {
    const open = (): InstanceCourse => follow(lifecycle);
    if (followInstances) return followInstances(lifecycle, reconnect.restore ?? [], open);
    return lifecycle.scope === "connection" ? open() : [];
  });
}

/** Tells all courses of an event; false when one of them cannot explain it. */
export function tell(
  courses: readonly LifecycleCourse[],
  { reject }: ClientRules,
  name: string,
  payload: unknown,
  isRefusal: boolean,
): boolean {
  let isExplained = true;
  for (const course of courses) {
    if (isRefusal) course.refused(payload, fits({ [reject?.code ?? "/"]: reject?.state }, payload));
    else if (!course.received(name, payload)) isExplained = false;
  }
  return isExplained;
}

/** True for an event that refuses a command. */
export function isRefusal({ reject }: ClientRules, name: string, payload: unknown): boolean {
  return name === reject?.message && fits(reject.when, payload);
}

/** Follows one instance of a lifecycle, or the only one. */
function follow({ initial, queued, transitions }: ClientLifecycle): InstanceCourse {
  /** The states in which the server may be. Bit `n`: in this state, with `n` of our commands not taken yet. */
  let places = new Map([[initial, 1]]);
  /** Commands that were sent, newest first: where `n` are not taken, the next is number `n - 1`. */
  let ahead: readonly (readonly [name: string, payload: unknown])[] = [];

  const knows = (name: string): boolean => transitions.some(({ on }) => on.includes(name));
  const has = (which: number): boolean => [...places.values()].some((bits) => bits & which);

  /**
   * Adds to `into` where a message leads: from a state to one, unless remembered values decide, or another connection.
   * `which` are the bits of the places to go from; `taken`: it is the first command ahead. False when it leads nowhere.
   */
  function reach(into: typeof places, name = "", payload?: unknown, which = -1, taken = 0): boolean {
    let isReached = false;
    for (const [state, all] of places) {
      const bits = (all & which) >>> taken;
      for (const { bound, from, on, to, when } of bits ? transitions : []) {
        if (!on.includes(name) || !(from.includes(state) || from.includes("*")) || !fits(when, payload))
          continue;
        const next = to === "=" ? state : to;
        into.set(next, (into.get(next) ?? 0) | bits);
        isReached = true;
        if (name !== OTHER && !bound) break;
      }
    }
    return isReached;
  }

  /** Adds the places that are reached when commands ahead are taken, and by what other connections may have done. */
  function spread(withOther?: boolean): void {
    for (let left = ahead.length; left >= 0; left--) {
      // As many steps as it may take to get anywhere.
      for (const _ of withOther ? transitions : []) reach(places, OTHER);
      const [name, payload] = ahead[left - 1] ?? [];
      reach(places, name, payload, 1 << left, 1);
    }
  }

  return {
    allows(name, payload) {
      spread();
      const settled = has(1) ? 1 : -1;
      return !knows(name) || queued?.includes(name) || reach(new Map(), name, payload, settled);
    },

    sent(name, payload) {
      if (!knows(name)) return;
      spread();
      ahead = [[name, payload] as const, ...ahead].slice(0, MAX_AHEAD);
      for (const [state, bits] of places) places.set(state, (bits << 1) | (bits & (1 << MAX_AHEAD)));
    },

    received(name, payload) {
      if (!knows(name)) return true;
      spread();
      const next: typeof places = new Map();
      let isExplained = reach(next, name, payload);
      if (!isExplained) {
        // What another connection may have done is believed only where nothing else explains the event.
        spread(true);
        isExplained = reach(next, name, payload);
      }
      // Where nothing does: wherever the server was, it is now where the event leads.
      for (const { from, on, to, when } of isExplained ? [] : transitions) {
        if (on.includes(name) && fits(when, payload))
          for (const state of to === "=" ? from : [to]) next.set(state, 1);
      }
      places = next;
      return isExplained;
    },

    refused(_payload, isOfState) {
      spread();
      // Only a code of state surely means one of these commands.
      const stays = isOfState && has(~1) ? 0 : -1;
      for (const [state, bits] of places) places.set(state, (bits & stays) | (bits >>> 1));
    },

    places() {
      spread();
      return places;
    },
  };
}

/** True when each pointer holds its value, or one of its values. */
function fits(when: { readonly [pointer: string]: unknown } = {}, payload: unknown): boolean {
  return Object.entries(when).every(([pointer, wanted]) =>
    [wanted].flat().includes(valueAt(payload, pointer)),
  );
}
