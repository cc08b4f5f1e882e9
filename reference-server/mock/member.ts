/**
 * What the mock does for one connection: every valid command is answered as the document says - its reply, the
 * exchange that it belongs to, the lifecycle walked on until nothing is owed - with values that keep the invariants.
 */

import type { Contract, Endpoint, Json, Lifecycle, Message, Pointer } from "../../src/contract/contract.js";
import type { Cancel, Clock } from "../../src/wire/clock.js";
import { type Connection, IllegalEvent, type Member } from "../../src/wire/connection.js";
import type { Refusal } from "../../src/wire/refusal.js";
import { createComposer, jsonAt, type Wants } from "./compose.js";
import { firstValues, followExchanges } from "./exchanges.js";
import { createKeeper } from "./keeper.js";
import { isOwed, loopsOf, type Move, moveOn, pathTo } from "./plan.js";
import type { Envelope, MockSide } from "./side.js";

export interface MockMemberOptions {
  readonly contract: Contract;
  readonly endpoint: Endpoint;
  readonly mock: MockSide;
  readonly seed: number;
  readonly clock: Clock;
  readonly timeScale: number;
  /** Gives an event to the other connections that the document's audience names. */
  readonly share: (event: Envelope) => void;
  /** Told of a refusal that the document has no event for, and of events that could not be made. */
  readonly note: (text: string) => void;
}

/** A member, and the way by which other connections' events reach it. */
export interface MockMember extends Member<Envelope, Envelope> {
  relay(event: Envelope): void;
}

/** An event that is to be sent as soon as the lifecycle allows, and the values that it must carry. */
interface Goal {
  readonly event: string;
  readonly must: Wants;
  readonly may: Wants;
}

/** Between two events of an answer, scaled: enough for a command to cross it on the wire. */
const PACE_MS = 40;
/** Between two unasked events, scaled. */
const UNASKED_MS = 2_000;
/** Events that one command may lead to; a document whose lifecycle needs more is walked no further. */
const STEPS = 64;
const QUEUED = 256;

/** Joins one connection: sends the first event, then answers. */
export function joinMock(options: MockMemberOptions, connection: Connection<Envelope>): MockMember {
  const { contract, endpoint, mock, clock, timeScale } = options;
  const composer = createComposer(contract, endpoint, mock.events, options.seed);
  const keeper = createKeeper(endpoint);
  const exchanges = followExchanges(endpoint);
  const byName = new Map(endpoint.events.map((message) => [message.name, message]));
  const reject = endpoint.protocol.reject;
  const events = new Set(byName.keys());
  if (reject !== undefined && reject.when === undefined) events.delete(reject.message);
  const tasks: (() => boolean)[] = [];
  const keys = new Map<string, number>();
  let cancel: Cancel = () => {};
  let cancelUnasked: Cancel = () => {};
  let cancelBeat: Cancel = () => {};
  let busy = false;

  function instanceKey(lifecycle: Lifecycle, must: Wants): Json | undefined {
    return lifecycle.scope === "connection" ? undefined : must.get(lifecycle.scope.key);
  }

  function stateOf(lifecycle: Lifecycle, must: Wants): string {
    return connection.state(lifecycle.name, instanceKey(lifecycle, must));
  }

  /** Sends one event with these values; false when no payload of it can be made or it is illegal now. */
  function send(goal: Goal): boolean {
    const must = new Map(goal.must);
    for (const lifecycle of endpoint.lifecycles) {
      const transition = moveOn(lifecycle, stateOf(lifecycle, must), goal.event);
      for (const [pointer, value] of firstValues(transition?.when)) {
        if (!must.has(pointer)) must.set(pointer, value);
      }
    }
    const adjust = (payload: Json) => keeper.adjust(goal.event, payload);
    const payload = composer.compose(goal.event, { must, may: goal.may, adjust });
    if (payload === undefined) {
      options.note(
        `no payload of ${goal.event} with ${[...must.keys()].join(", ")} can be made; add an example`,
      );
      return false;
    }
    const event = envelope(goal.event, payload);
    if (!emit(event)) return false;
    options.share(event);
    return true;
  }

  function envelope(name: string, payload: Json): Envelope {
    const wire = mock.side.events.find((message) => message.name === name)?.wire[0] ?? name;
    return { name, payload, value: mock.side.transport === "socket.io" ? [wire, payload] : payload };
  }

  function emit(event: Envelope): boolean {
    try {
      if (!connection.emit(event)) return false;
    } catch (fault) {
      if (fault instanceof IllegalEvent || fault instanceof RangeError) return false;
      throw fault;
    }
    // What composes is JSON; what is relayed was composed.
    keeper.sent(event.name, event.payload as Json);
    return true;
  }

  /** Work that goes on until it says that it is over, one event a turn, in the order in which it came. */
  function enqueue(task: () => boolean): void {
    if (tasks.length >= QUEUED) return;
    tasks.push(task);
    if (!busy) turn();
  }

  function turn(): void {
    busy = true;
    cancel = clock.after(Math.max(1, PACE_MS * timeScale), () => {
      const [task] = tasks;
      if (task === undefined) {
        busy = false;
        return;
      }
      if (!task()) tasks.shift();
      turn();
    });
  }

  /** One goal: events on the way to where it is legal, then itself. True while there is more to do. */
  function towards(goal: Goal): () => boolean {
    let steps = 0;
    return () => {
      if (++steps > STEPS) return false;
      for (const lifecycle of endpoint.lifecycles) {
        if (!names(lifecycle, goal.event)) continue;
        const state = stateOf(lifecycle, goal.must);
        if (moveOn(lifecycle, state, goal.event) !== undefined) continue;
        const path = pathTo(
          lifecycle,
          state,
          events,
          (at) => moveOn(lifecycle, at, goal.event) !== undefined,
        );
        const [move] = path ?? [];
        if (move === undefined) return false;
        return follow(move, lifecycle, goal);
      }
      send(goal);
      return false;
    };
  }

  function follow(move: Move, lifecycle: Lifecycle, goal: Goal): boolean {
    const must = new Map(firstValues(move.transition.when));
    const key = instanceKey(lifecycle, goal.must);
    if (lifecycle.scope !== "connection" && key !== undefined) must.set(lifecycle.scope.key, key);
    return send({ event: move.event, must, may: goal.may });
  }

  /** Walks one instance on until the server owes nothing there; shows each loop of its state once on the way. */
  function settle(lifecycle: Lifecycle, goal: Goal): () => boolean {
    let steps = 0;
    const shown = new Set<string>();
    return () => {
      if (++steps > STEPS) return false;
      const state = stateOf(lifecycle, goal.must);
      if (!isOwed(lifecycle, state)) return false;
      const loop = loopsOf(lifecycle, state, events).find((move) => !shown.has(move.event));
      if (loop !== undefined && shown.size < 4) {
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
      if (lifecycle.scope === "connection") continue;
      if (endpoint.commands.some((command) => names(lifecycle, command.name))) continue;
      const serial = (keys.get(lifecycle.name) ?? 0) + 1;
      keys.set(lifecycle.name, serial);
      fresh.push([lifecycle.scope.key, serial]);
    }
    return fresh;
  }

  function answer(command: Envelope): void {
    const carried = new Map<Pointer, Json>();
    for (const lifecycle of endpoint.lifecycles) {
      if (lifecycle.scope === "connection") continue;
      const key = jsonAt(command.payload, lifecycle.scope.key);
      if (key !== undefined) carried.set(lifecycle.scope.key, key);
    }
    const fresh = new Map(freshKeys());
    const correlation = correlationOf(endpoint.commands, command.name);
    const id = correlation === undefined ? undefined : jsonAt(command.payload, correlation);
    const goalFor = (event: string, must: Wants): Goal => {
      const place = correlationOf(endpoint.events, event);
      const own = place === undefined || id === undefined ? [] : ([[place, id]] as const);
      return { event, must: new Map([...own, ...must]), may: new Map([...carried, ...fresh]) };
    };
    const withKeys = (goal: Goal): Goal => ({
      ...goal,
      must: new Map([...keysOf(goal.event), ...goal.must]),
    });
    const keysOf = (event: string): [Pointer, Json][] =>
      [...carried, ...fresh].filter(([pointer]) =>
        endpoint.lifecycles.some(
          ({ scope, ...rest }) =>
            scope !== "connection" && scope.key === pointer && names({ scope, ...rest }, event),
        ),
      );

    const reply = repliesTo(command.name);
    const expected = exchanges.taken(command.name, command.payload);
    if (reply !== undefined && !expected.some((row) => row.event === reply)) {
      enqueue(towards(withKeys(goalFor(reply, new Map()))));
    }
    for (const row of expected) enqueue(towards(withKeys(goalFor(row.event, row.must))));
    for (const lifecycle of endpoint.lifecycles) {
      if (!names(lifecycle, command.name) && !expected.some((row) => names(lifecycle, row.event))) continue;
      enqueue(settle(lifecycle, goalFor("", new Map([...carried, ...fresh]))));
    }
  }

  function repliesTo(command: string): string | undefined {
    const operation = endpoint.operations.find(
      (row) => row.action === "receive" && row.reply !== undefined && row.messages.includes(command),
    );
    if (operation?.reply !== undefined && !operation.reply.ack) {
      const candidates = operation.reply.messages.filter((name) => events.has(name));
      // The reply that says yes, where the document marks one: the refusal is for commands that are refused.
      return candidates.find((name) => name !== reject?.message) ?? candidates[0];
    }
    return endpoint.heartbeat?.ping === command ? endpoint.heartbeat.pong : undefined;
  }

  /** Events that the server sends of its own accord and that no lifecycle, reply or refusal explains. */
  function unasked(): void {
    const solicited = new Set(endpoint.operations.flatMap((row) => row.reply?.messages ?? []));
    const free = endpoint.operations
      .filter((row) => row.action === "send")
      .flatMap((row) => row.messages)
      .filter((name) => events.has(name) && !solicited.has(name) && name !== endpoint.heartbeat?.pong)
      .filter((name) => name !== endpoint.protocol.first?.message && name !== reject?.message)
      .filter((name) => !endpoint.lifecycles.some((lifecycle) => names(lifecycle, name)))
      .filter(
        (name) => !(endpoint.exchanges?.list ?? []).some((row) => row.expect.some((e) => e.message === name)),
      );
    if (free.length === 0) return;
    let index = 0;
    const next = (): void => {
      const event = free[index % free.length];
      index += 1;
      if (event !== undefined && connection.buffered() === 0) {
        send({ event, must: new Map(), may: new Map(freshKeys()) });
      }
      const ms = index < free.length ? PACE_MS : UNASKED_MS;
      cancelUnasked = clock.after(Math.max(1, ms * timeScale), next);
    };
    cancelUnasked = clock.after(Math.max(1, PACE_MS * timeScale), next);
  }

  function beat(): void {
    const heartbeat = endpoint.heartbeat;
    if (heartbeat?.mode !== "application" || heartbeat.initiator !== "server") return;
    const { ping, intervalMs } = heartbeat;
    if (ping === undefined || typeof intervalMs !== "number") return;
    const next = (): void => {
      send({ event: ping, must: new Map(), may: new Map() });
      cancelBeat = clock.after(Math.max(1, intervalMs * timeScale), next);
    };
    cancelBeat = clock.after(Math.max(1, intervalMs * timeScale), next);
  }

  const first = endpoint.protocol.first;
  if (first) send({ event: first.message, must: new Map(), may: new Map() });
  unasked();
  beat();

  return {
    take(command) {
      keeper.taken(command.name, command.payload);
      answer(command);
      return undefined;
    },
    refuse(refusal: Refusal, command): Envelope | undefined {
      if (reject === undefined) {
        options.note(`refused (${refusal.code}): ${refusal.text}`);
        return undefined;
      }
      const must = new Map<Pointer, Json>(reject.code === undefined ? [] : [[reject.code, refusal.code]]);
      for (const [pointer, [value]] of Object.entries(reject.when ?? {})) {
        if (value !== undefined && !must.has(pointer)) must.set(pointer, value);
      }
      const may = new Map<Pointer, Json>();
      for (const { scope } of endpoint.lifecycles) {
        const key = scope === "connection" ? undefined : jsonAt(command?.payload, scope.key);
        if (scope !== "connection" && key !== undefined) may.set(scope.key, key);
      }
      const adjust = (payload: Json) => keeper.adjust(reject.message, payload);
      const payload = composer.compose(reject.message, { must, may, adjust });
      if (payload !== undefined) return envelope(reject.message, payload);
      options.note(`no payload of ${reject.message} can say ${refusal.code}`);
      return undefined;
    },
    left() {
      cancel();
      cancelUnasked();
      cancelBeat();
      tasks.length = 0;
    },
    relay: (event) => void emit(event),
  };
}

function names(lifecycle: Lifecycle, message: string): boolean {
  return lifecycle.transitions.some((transition) => transition.on.includes(message));
}

function correlationOf(messages: readonly Message[], name: string): Pointer | undefined {
  return messages.find((message) => message.name === name)?.correlation;
}
