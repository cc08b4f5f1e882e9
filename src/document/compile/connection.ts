/** `x-ws-heartbeat`, `x-ws-reconnect` and `x-ws-close-codes`: how a connection lives, ends and comes back. */

import type { CloseCode, Heartbeat, Reconnect, Restore } from "../../contract/contract.js";
import { isObject } from "../../contract/pointer.js";
import { entriesAt, follow, memberAt, type Place } from "../place.js";
import { type Compilation, placed } from "./context.js";
import { booleanAt, numberAt, present, textAt, textsAt } from "./fields.js";
import type { MessageNames } from "./message-names.js";
import { oneOf } from "./protocol.js";

/** Reads `x-ws-heartbeat`. */
export function readHeartbeat(
  compilation: Compilation,
  place: Place | undefined,
  names: MessageNames,
): Heartbeat | undefined {
  const mode = oneOf(textAt(place, "mode"), ["application", "frame", "engine.io", "none"]);
  if (place === undefined || mode === undefined) return undefined;
  const initiator = oneOf(textAt(place, "initiator"), ["client", "server"]);
  const message = (key: string, from: "client" | "server") => {
    const at = memberAt(place, key);
    return at === undefined ? undefined : names.resolve(at, from === "client" ? "command" : "event");
  };
  const pinger = initiator ?? "client";
  return placed(compilation, place, {
    mode,
    ...present<Heartbeat>({
      initiator,
      intervalMs: readInterval(memberAt(place, "intervalMs"), names),
      timeoutMs: numberAt(place, "timeoutMs"),
      life: mode === "none" ? undefined : (oneOf(textAt(place, "life"), ["any", "pong"]) ?? "pong"),
      ping: message("ping", pinger),
      pong: message("pong", pinger === "client" ? "server" : "client"),
      patience: readPatience(memberAt(place, "patience")),
    }),
  });
}

function readInterval(place: Place | undefined, names: MessageNames): Heartbeat["intervalMs"] {
  if (place === undefined) return undefined;
  const value = follow(place).value;
  if (typeof value === "number") return value;
  const at = memberAt(place, "message");
  const message = at === undefined ? undefined : names.resolve(at, "event");
  return message === undefined ? undefined : { message, field: textAt(place, "field") ?? "" };
}

function readPatience(place: Place | undefined): Heartbeat["patience"] {
  const ms = numberAt(place, "ms");
  if (ms === undefined) return undefined;
  return {
    ms,
    graceMs: numberAt(place, "graceMs") ?? 10_000,
    life: oneOf(textAt(place, "life"), ["any", "ping"]) ?? "any",
    ...present<{ close: number }>({ close: numberAt(place, "close") }),
    level: oneOf(textAt(place, "level"), ["MUST", "SHOULD"]) ?? "SHOULD",
  };
}

/** Reads `x-ws-reconnect`. */
export function readReconnect(
  compilation: Compilation,
  place: Place | undefined,
  names: MessageNames,
): Reconnect | undefined {
  if (place === undefined || !isObject(follow(place).value)) return undefined;
  const initialDelayMs = numberAt(place, "initialDelayMs") ?? 1000;
  const attempts = memberAt(place, "maxAttempts");
  return placed<Reconnect>(compilation, place, {
    strategy: oneOf(textAt(place, "strategy"), ["exponential", "linear"]) ?? "exponential",
    initialDelayMs,
    factor: numberAt(place, "factor") ?? 2,
    maxDelayMs: numberAt(place, "maxDelayMs") ?? Math.max(30_000, initialDelayMs),
    jitter: textAt(place, "jitter") === "full" ? "full" : (numberAt(place, "jitter") ?? 0),
    maxAttempts: attempts === undefined ? null : (numberAt(attempts) ?? null),
    onCleanClose: booleanAt(place, "onCleanClose") ?? false,
    resetAfterMs: numberAt(place, "resetAfterMs") ?? 5000,
    connectTimeoutMs: numberAt(place, "connectTimeoutMs") ?? 10_000,
    offline: oneOf(textAt(place, "offline"), ["reject", "queue"]) ?? "reject",
    restore: entriesAt(memberAt(place, "restore")).flatMap(([, one]): Restore[] => {
      const at = memberAt(one, "by");
      const by = at === undefined ? undefined : names.resolve(at, "command");
      if (by === undefined) return [];
      const restore = { lifecycle: textAt(one, "lifecycle") ?? "", in: textsAt(one, "in") ?? [], by };
      return [placed(compilation, one, restore)];
    }),
  });
}

/** Reads `x-ws-close-codes`. */
export function readCloseCodes(place: Place | undefined): Record<string, CloseCode> | undefined {
  if (place === undefined) return undefined;
  return Object.fromEntries(
    entriesAt(place).map(([code, one]) => [
      code,
      {
        cause: textsAt(one, "cause") ?? [],
        retry: booleanAt(one, "retry") ?? false,
        by: oneOf(textAt(one, "by"), ["server", "client", "both"]) ?? "both",
        ...present<CloseCode>({ description: textAt(one, "description") }),
      },
    ]),
  );
}
