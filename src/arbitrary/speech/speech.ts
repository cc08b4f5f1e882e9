/** What one connection of a server can say now: events as the lifecycles allow them, with values that keep the invariants. */

import type { Endpoint, Json, Lifecycle, Pointer } from "../../contract/contract.js";
import type { Claims } from "./claims.js";
import { createComposer, jsonAt, type Wish, withoutValue, withValues } from "./compose.js";
import { firstValues } from "./exchanges.js";
import { createKeeper } from "./keeper.js";
import { moveOn } from "./plan.js";
import type { Stock, Wants } from "./stock.js";
import { createWalks, type Passage, type Standing, type Walks } from "./walks.js";

/** An event that is to be said, and the values that it carries. */
export interface Goal {
  readonly event: string;
  readonly must: Wants;
  /** Carried where the schema lets it. */
  readonly may: Wants;
}

/** The speech of one connection. It sends nothing: whoever sends tells it. */
export interface Speech {
  /** Events that travel as text and are no refusal. */
  readonly events: ReadonlySet<string>;
  readonly walks: Walks;
  standing(lifecycle: Lifecycle, wants: Wants): Standing;
  /** A payload that makes the event what is to be said, where each lifecycle stands now; undefined where none is at hand. */
  payloadFor(goal: Goal): Json | undefined;
  /** A payload for an event that no lifecycle sees: a refusal. */
  make(event: string, wish: Wish): Json | undefined;
  /** Whether the event keeps the invariants as it is. */
  allows(event: string, payload: Json): boolean;
  /** The event was sent; true when the lifecycle ends the connection with it. */
  said(event: string, payload: Json): boolean;
  /** A legal command was taken; what comes back can be undone where it is refused after all. */
  took(command: string, payload: unknown): Passage;
}

/** The speech of a new connection; `claims` are those of its endpoint. */
export function createSpeech(endpoint: Endpoint, stock: Stock, claims: Claims): Speech {
  const composer = createComposer(stock);
  const keeper = createKeeper(endpoint, claims);
  const walks = createWalks(endpoint);
  const { reject } = endpoint.protocol;
  const frames = endpoint.events.filter((message) => !message.binary && !message.acknowledgement);
  const events = new Set(frames.map((message) => message.name));
  if (reject !== undefined && reject.when === undefined) events.delete(reject.message);

  function standing(lifecycle: Lifecycle, wants: Wants): Standing {
    return walks.at(lifecycle, lifecycle.scope === "connection" ? undefined : wants.get(lifecycle.scope.key));
  }

  /** What the transitions that this event is to take ask of its payload. */
  function demands(goal: Goal): { must: Map<Pointer, Json>; bound: [Pointer, Json][] } {
    const must = new Map(goal.must);
    const bound: [Pointer, Json][] = [];
    for (const lifecycle of endpoint.lifecycles) {
      const { state, remembered } = standing(lifecycle, must);
      const transition = moveOn(lifecycle, state, goal.event, must);
      for (const [pointer, value] of firstValues(transition?.when))
        must.set(pointer, goal.must.get(pointer) ?? value);
      for (const [pointer, name] of Object.entries(transition?.bound ?? {})) {
        // What is remembered stood in a payload, which is JSON.
        const value = remembered.get(name) as Json | undefined;
        if (value !== undefined) bound.push([pointer, value]);
      }
    }
    return { must, bound };
  }

  /** Without an id where the event answers none: an invented one would name a request that nobody sent. */
  function withoutId(event: string, { must, may }: Wish, payload: Json): Json {
    const place = endpoint.events.find(({ name }) => name === event)?.correlation;
    if (place === undefined || must.has(place) || may?.has(place) === true) return payload;
    return stock.checked(event, withoutValue(payload, place)) ?? payload;
  }

  return {
    events,
    walks,
    standing,
    payloadFor(goal) {
      const { must, bound } = demands(goal);
      return composer.compose(goal.event, {
        must,
        may: goal.may,
        adjust(candidate) {
          const carried = bound.filter(([pointer]) => jsonAt(candidate, pointer) !== undefined);
          const own = withValues(candidate, new Map(carried));
          return own === undefined ? undefined : keeper.adjust(goal.event, withoutId(goal.event, goal, own));
        },
      });
    },
    make(event, wish) {
      const adjust = (candidate: Json): Json | undefined =>
        keeper.adjust(event, withoutId(event, wish, candidate));
      return composer.compose(event, { adjust, ...wish });
    },
    allows: (event, payload) => keeper.allows(event, payload),
    said(event, payload) {
      keeper.sent(event, payload);
      return walks.passed(event, payload).closed;
    },
    took(command, payload) {
      keeper.taken(command, payload);
      return walks.passed(command, payload);
    },
  };
}
