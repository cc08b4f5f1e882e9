/** The part of a Protocol that a client reads: a page is not to load the rest. */

import type { ClientRules, Protocol, Reconnect } from "../wire/protocol.js";

/** Where the document declares no policy, any conforms. */
const ANY_POLICY: Reconnect = {
  strategy: "exponential",
  initialDelayMs: 1_000,
  factor: 2,
  maxDelayMs: 30_000,
  jitter: "full",
  maxAttempts: 10,
  onCleanClose: false,
  resetAfterMs: 5_000,
  connectTimeoutMs: 10_000,
  offline: "reject",
  restore: [],
};

/** The rules of an endpoint as its client needs them; what is the default is left out. */
export function clientRulesOf(protocol: Protocol): ClientRules {
  const { address, transport, frames, subprotocols, reject, reconnect, closeCodes, heartbeat } = protocol;
  const { patience: _, ...beats } = heartbeat ?? { patience: undefined, mode: "none" as const };
  const said = [heartbeat?.ping, heartbeat?.pong];
  return {
    ...(transport === "websocket" ? {} : { transport, address }),
    ...(frames === "text" ? {} : { frames }),
    ...(subprotocols.length === 0 ? {} : { subprotocols }),
    // The heartbeat makes its messages by itself; all others come from the application.
    commands: protocol.commands.filter(({ name }) => said.includes(name)),
    discriminator: { receive: protocol.discriminator.receive },
    replies: mapped(protocol.replies, ({ messages, ack }) => ({ messages, ...(ack ? { ack } : {}) })),
    correlation: protocol.correlation,
    answerMs: protocol.answerMs,
    ...only(protocol, ["maxBytes", "sendQueueBytes", "first"]),
    ...(reject === undefined ? {} : { reject: { ...only(reject, ["message", "code", "state", "when"]) } }),
    ...(heartbeat === undefined ? {} : { heartbeat: beats }),
    reconnect: withoutEmpty(reconnect ?? ANY_POLICY, "restore"),
    closeCodes: mapped(closeCodes, ({ retry, cause }) => ({
      retry,
      ...(cause.includes("done") ? { cause: ["done"] } : {}),
    })),
    lifecycles: protocol.lifecycles.map((lifecycle) => ({
      ...withoutEmpty(only(lifecycle, ["name", "scope", "initial", "queued"]), "queued"),
      transitions: lifecycle.transitions.map((transition) =>
        only(transition, ["from", "on", "to", "when", "bound"]),
      ),
    })),
  };
}

/** The named members of an object, as far as they are there. */
function only<T extends object, K extends keyof T>(value: T, names: readonly K[]): Pick<T, K> {
  const members = names.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]]));
  // These are the members that Pick says; one that is optional may be absent.
  return Object.fromEntries(members) as Pick<T, K>;
}

function withoutEmpty<T extends object, K extends keyof T & string>(
  value: T,
  name: K,
): Omit<T, K> & Partial<Pick<T, K>> {
  const { [name]: list, ...rest } = value;
  return Array.isArray(list) && list.length === 0 ? (rest as Omit<T, K> & Partial<Pick<T, K>>) : value;
}

function mapped<T, U>(table: { readonly [name: string]: T }, change: (row: T) => U): { [name: string]: U } {
  // Object.fromEntries defines what it holds: a message may be called `__proto__`.
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, change(row)]));
}
