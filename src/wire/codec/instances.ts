/** The instances of a lifecycle, as a client follows them: those of a key, and those that are brought back. */

import type { ClientLifecycle, InstanceCourse, LifecycleCourse, Restore } from "../protocol.js";
import { stepsOf } from "./codec.js";
import { member } from "./naming.js";

interface FollowedInstance<Out> {
  readonly course: InstanceCourse;
  /** What would bring it back on a new connection. */
  by?: Out;
  /** The client itself has brought it back, and nothing has been heard since. */
  isRestored?: boolean | undefined;
}

/** Over it the oldest instance is forgotten, unless it could be brought back: streams make one each. */
const MAX_INSTANCES = 4_096;

/** Follows each instance of a lifecycle by a course of its own, and knows what brings them back. */
export function followInstances<Out>(
  { initial, name: own, scope, transitions }: ClientLifecycle,
  restore: readonly Restore[],
  open: () => InstanceCourse,
): LifecycleCourse<Out> {
  const instances = new Map<unknown, FollowedInstance<Out>>();
  const rows = restore.filter(({ lifecycle }) => lifecycle === own);
  const keyOf = (payload: unknown): unknown =>
    scope === "connection" ? "" : stepsOf(scope.key).reduce(member, payload);

  /** Asks the instance that a message names; true where it names none. */
  function visit(name: string, payload: unknown, ask: (instance: FollowedInstance<Out>) => boolean): boolean {
    const key = keyOf(payload);
    if (key === undefined || !transitions.some(({ on }) => on.includes(name))) return true;
    const instance = instances.get(key) ?? { course: open() };
    const answer = ask(instance);
    instances.set(key, instance);
    const hasMoved = [...instance.course.places()].some(
      ([state, bits]) => bits & ~1 || (bits && state !== initial),
    );
    if (!hasMoved) instances.delete(key);
    for (const [oldest, { by }] of instances) {
      if (instances.size <= MAX_INSTANCES) break;
      if (by === undefined) instances.delete(oldest);
    }
    return answer;
  }

  return {
    allows: (name, payload) => visit(name, payload, ({ course }) => course.allows(name, payload)),

    sent(name, payload, command, isRestored) {
      visit(name, payload, (instance) => {
        if (rows.some(({ by }) => by === name)) instance.by = command;
        instance.isRestored = isRestored;
        instance.course.sent(name, payload, command);
        return true;
      });
    },

    received: (name, payload) =>
      visit(name, payload, (instance) => {
        instance.isRestored = false;
        return instance.course.received(name, payload);
      }),

    refused(payload, isOfState) {
      const meant = keyOf(payload);
      for (const [key, instance] of instances) {
        if (meant !== undefined && meant !== key) continue;
        // Without the key it may be another one that is meant.
        instance.course.refused(payload, isOfState && meant !== undefined);
        if (meant !== undefined) instance.isRestored = false;
      }
    },

    mayShare(one, other) {
      const [own, its = own] = [one, other].map(keyOf);
      return own === undefined || own === its;
    },

    living: () =>
      [...instances.values()].flatMap(({ by, course, isRestored }) => {
        const places = course.places();
        const lives = rows.some((row) => row.in.some((state) => (places.get(state) ?? 0) & 1));
        return by !== undefined && (isRestored || lives) ? [by] : [];
      }),
  };
}
