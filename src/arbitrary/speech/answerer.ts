/** Answers commands: the reply, the exchange that they belong to, the lifecycle walked on until nothing is owed. */

import type { Endpoint, Json, Lifecycle, Pointer } from "../../contract/contract.js";
import { canonicalJson } from "../../contract/same-json.js";
import type { Refusal } from "../../wire/refusal.js";
import type { Claims } from "./claims.js";
import { jsonAt } from "./compose.js";
import { type Expected, firstValues, followExchanges } from "./exchanges.js";
import type { Pacer, Work } from "./pacer.js";
import { isNamed, isOwed, loopsOf, type Move, moveOn, pathTo } from "./plan.js";
import type { Goal, Speech } from "./speech.js";
import type { Stock, Wants } from "./stock.js";

/** A command that was taken. */
export interface TakenCommand {
  readonly name: string;
  readonly payload: unknown;
}

/** The mouth of one connection. */
export interface Speaker extends Pick<Speech, "events" | "standing"> {
  /** Sends an event; false when no payload of it can be made, it is illegal now, or the connection is closed. */
  send(goal: Goal): boolean;
  /** A legal command was taken. */
  took(command: TakenCommand): void;
}

/** What becomes of the commands of one connection. */
export interface Answerer {
  /** Answers a legal command; a refusal where its exchange wants it to be refused. */
  take(command: TakenCommand): Refusal | undefined;
  /** Walks on what is owed without any command. */
  begin(): void;
}

export interface AnswererOptions {
  readonly endpoint: Endpoint;
  readonly stock: Stock;
  readonly claims: Claims;
  readonly speaker: Speaker;
  readonly pacer: Pacer;
}

/** Events that one command may lead to; a document whose lifecycle needs more is walked no further. */
const STEPS = 64;
/** Loops of one state that an answer shows on its way. */
const SHOWN = 4;

/** The answerer of a new connection. */
export function createAnswerer(options: AnswererOptions): Answerer {
  const { endpoint, speaker, pacer, claims, stock } = options;
  const exchanges = followExchanges(endpoint);
  const { reject } = endpoint.protocol;
  const { events } = speaker;

  function follow(move: Move, lifecycle: Lifecycle, goal: Goal): boolean {
    const must = new Map(firstValues(move.transition.when));
    const { scope } = lifecycle;
    const key = scope === "connection" ? undefined : goal.must.get(scope.key);
    if (scope !== "connection" && key !== undefined) must.set(scope.key, key);
    return speaker.send({ event: move.event, must, may: goal.may });
  }

  /** One goal: events on the way to where it is legal, then itself. */
  function towards(goal: Goal): Work {
    let steps = 0;
    return () => {
      if (++steps > STEPS) return false;
      for (const lifecycle of endpoint.lifecycles) {
        if (!isNamed(lifecycle, goal.event)) continue;
        const { state } = speaker.standing(lifecycle, goal.must);
        const legal = (at: string): boolean => moveOn(lifecycle, at, goal.event, goal.must) !== undefined;
        if (legal(state)) continue;
        const [move] = pathTo(lifecycle, state, events, legal) ?? [];
        return move !== undefined && follow(move, lifecycle, goal);
      }
      speaker.send(goal);
      return false;
    };
  }

  /** Walks one instance on until the server owes nothing there; shows some loops of its states once on the way. */
  function settle(lifecycle: Lifecycle, goal: Goal): Work {
    let steps = 0;
    const shown = new Set<string>();
    return () => {
      if (++steps > STEPS) return false;
      const { state } = speaker.standing(lifecycle, goal.must);
      if (!isOwed(lifecycle, state)) return false;
      const loop = loopsOf(lifecycle, state, events).find((move) => !shown.has(move.event));
      if (loop !== undefined && shown.size < SHOWN) {
        shown.add(loop.event);
        follow(loop, lifecycle, goal);
        return true;
      }
      const [move] = pathTo(lifecycle, state, events, (at) => !isOwed(lifecycle, at)) ?? [];
      return move !== undefined && follow(move, lifecycle, goal);
    };
  }

  /** Instances that only events touch get a key of their own for each answer. */
  function freshKeys(): [Pointer, Json][] {
    const fresh: [Pointer, Json][] = [];
    for (const lifecycle of endpoint.lifecycles) {
      const { scope } = lifecycle;
      if (scope === "connection") continue;
      if (endpoint.commands.some((command) => isNamed(lifecycle, command.name))) continue;
      const like = endpoint.events
        .filter((event) => isNamed(lifecycle, event.name))
        .flatMap(({ name: event }) => [...stock.examples(event), ...stock.generated(event)])
        .map((payload) => jsonAt(payload, scope.key))
        .find((value) => value !== undefined);
      const key = like === undefined ? undefined : claims.fresh(like);
      if (key !== undefined) fresh.push([scope.key, key]);
    }
    return fresh;
  }

  /** Keys of the instances that a command is about. */
  function keysOf(command: TakenCommand): [Pointer, Json][] {
    return endpoint.lifecycles.flatMap(({ scope }): [Pointer, Json][] => {
      const key = scope === "connection" ? undefined : jsonAt(command.payload, scope.key);
      return scope === "connection" || key === undefined ? [] : [[scope.key, key]];
    });
  }

  function replyTo(command: string): string | undefined {
    const operation = endpoint.operations.find(
      (row) => row.action === "receive" && row.reply !== undefined && row.messages.includes(command),
    );
    if (operation?.reply !== undefined && !operation.reply.ack) {
      // The reply that says yes, where the document marks one: the refusal is for commands that are refused.
      const candidates = operation.reply.messages.filter((name) => events.has(name));
      return candidates.find((name) => name !== reject?.message) ?? candidates[0];
    }
    return endpoint.heartbeat?.ping === command ? endpoint.heartbeat.pong : undefined;
  }

  /** The code with which an exchange wants its command refused. */
  function refusalIn(expected: readonly Expected[]): Refusal | undefined {
    const [only, ...others] = expected;
    if (only === undefined || others.length > 0 || only.event !== reject?.message) return undefined;
    const code = reject.code === undefined ? undefined : only.must.get(reject.code);
    if (typeof code !== "string") return undefined;
    return { code, text: "A known exchange of the document wants this command refused." };
  }

  return {
    begin() {
      for (const lifecycle of endpoint.lifecycles) {
        if (lifecycle.scope !== "connection" || !isOwed(lifecycle, lifecycle.initial)) continue;
        pacer.add(settle(lifecycle, { event: "", must: new Map(), may: new Map() }));
      }
    },
    take(command) {
      const expected = exchanges.taken(command.name, command.payload);
      const refusal = refusalIn(expected);
      if (refusal !== undefined) return refusal;
      speaker.took(command);
      const carried: Wants = new Map(keysOf(command));
      const keys: Wants = new Map([...carried, ...freshKeys()]);
      const correlation = endpoint.commands.find((one) => one.name === command.name)?.correlation;
      const id = correlation === undefined ? undefined : jsonAt(command.payload, correlation);
      const goalOf = ({ event, must }: Expected): Goal => {
        const place = endpoint.events.find((one) => one.name === event)?.correlation;
        const own = new Map<Pointer, Json>(place === undefined || id === undefined ? [] : [[place, id]]);
        for (const lifecycle of endpoint.lifecycles) {
          const { scope } = lifecycle;
          const key = scope === "connection" ? undefined : keys.get(scope.key);
          if (scope !== "connection" && key !== undefined && isNamed(lifecycle, event))
            own.set(scope.key, key);
        }
        return { event, must: new Map([...own, ...must]), may: carried };
      };
      const reply = replyTo(command.name);
      const due =
        reply === undefined || expected.some(({ event }) => event === reply)
          ? expected
          : [{ event: reply, must: new Map() }, ...expected];
      const touched = endpoint.lifecycles.filter((lifecycle) =>
        [command.name, ...due.map(({ event }) => event)].some((name) => isNamed(lifecycle, name)),
      );
      // Nothing has to go before what no lifecycle orders: a pong does not stand in line behind an answer.
      const loose = due.every(({ event }) => !endpoint.lifecycles.some((row) => isNamed(row, event)));
      for (const one of due) {
        if (loose) speaker.send(goalOf(one));
        else pacer.add(towards(goalOf(one)));
      }
      for (const lifecycle of touched) {
        const { name, scope } = lifecycle;
        // What an instance owes is seen to once, and last: else it would speak into the answer of the next command.
        const label = canonicalJson([name, scope === "connection" ? null : (keys.get(scope.key) ?? null)]);
        pacer.add(settle(lifecycle, { event: "", must: keys, may: carried }), label);
      }
      return undefined;
    },
  };
}
