import type { Clock } from "../wire/clock.js";
import { valueAt } from "../wire/pointer.js";
import type { Protocol } from "../wire/protocol.js";
import { ClientError } from "./client-error.js";
import { fits } from "./course.js";

/** A command whose reply has not come yet. */
export interface Request<In> {
  readonly name: string;
  readonly payload: unknown;
  /** Names of the events that answer it. */
  readonly replies: readonly string[];
  /** Ends it; what comes later is ignored. */
  settle(reply: In): void;
  /** Absent in a ping of the heartbeat, which nothing but its pong ends. */
  fail?(error: ClientError): void;
}

/** Puts a request at the end of those that are open, and sends it; gives the reply, for which it waits `ms`. */
export function request<In>(
  open: Set<Request<In>>,
  asked: Pick<Request<In>, "name" | "payload" | "replies">,
  send: (settle: (reply: In) => void) => void,
  clock: Clock,
  ms: number,
): Promise<In> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      open.delete(entry);
      cancel();
    };
    const fail = (error: ClientError): void => {
      over();
      reject(error);
    };
    const late = (): void => fail(new ClientError("timeout", `no reply to ${asked.name} in time`));
    const cancel = clock.after(ms, late);
    const entry: Request<In> = {
      ...asked,
      settle(reply) {
        over();
        resolve(reply);
      },
      fail,
    };
    open.add(entry);
    send(entry.settle);
  });
}

/** Gives an event to the oldest request that it answers or refuses, if there is one (PROTOCOL.md#replies). */
export function answer<In>(
  open: Set<Request<In>>,
  { correlation, lifecycles, reject }: Protocol,
  name: string,
  payload: unknown,
  event: In,
): void {
  const isRefusal = name === reject?.message && fits(reject.when, payload);
  for (const entry of open) {
    if (isRefusal ? !entry.fail : !entry.replies.includes(name)) continue;
    // An id, by correlation or as the key of a lifecycle, tells whose it is; without one the order does.
    const [asked, told] = [correlation[entry.name], correlation[name]];
    const isOwn =
      asked !== undefined && told !== undefined
        ? valueAt(entry.payload, asked) === valueAt(payload, told)
        : lifecycles.every(({ scope }) => {
            const key = scope !== "connection" && valueAt(payload, scope.key);
            const own = scope !== "connection" && valueAt(entry.payload, scope.key);
            return key === undefined || own === undefined || key === own;
          });
    if (!isOwn) continue;
    if (isRefusal) {
      const refusal = valueAt(payload, reject?.code ?? "/");
      entry.fail?.(new ClientError("refused", `${entry.name}: ${refusal}`, { event, refusal }));
    } else entry.settle(event);
    return;
  }
}
