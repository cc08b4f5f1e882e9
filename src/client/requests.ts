import { valueAt } from "../wire/pointer.js";
import type { ClientRules, LifecycleCourse } from "../wire/protocol.js";
import { ClientError } from "./client-error.js";
import type { Waiting } from "./waiting.js";

/** A command whose reply has not come yet. */
export interface Request extends Waiting {
  readonly name: string;
  readonly payload: unknown;
  /** Names of the events that answer it. */
  readonly replies: readonly string[];
}

/** Gives an event to the oldest request that it answers or refuses, if there is one (PROTOCOL.md#replies). */
export function answer(
  requests: ReadonlySet<Request>,
  { correlation, reject }: ClientRules,
  courses: readonly LifecycleCourse[],
  isRefusal: boolean,
  name: string,
  payload: unknown,
  event: unknown,
): void {
  for (const asked of requests) {
    if (isRefusal ? !asked.reject : !asked.replies.includes(name)) continue;
    // An id, by correlation or as the key of a lifecycle, tells whose it is; without one the order does.
    const [own, told] = [correlation[asked.name], correlation[name]];
    const isOwn =
      own !== undefined && told !== undefined
        ? valueAt(asked.payload, own) === valueAt(payload, told)
        : courses.every(({ mayShare }) => mayShare?.(asked.payload, payload) !== false);
    if (!isOwn) continue;
    const refusal = valueAt(payload, reject?.code ?? "/");
    if (isRefusal)
      asked.reject?.(new ClientError("refused", `${asked.name}: ${refusal}`, { event, refusal }));
    else asked.resolve(event);
    return;
  }
}
