/** Sends events on one connection: as the lifecycles allow, with values that keep the invariants. */

import type { Endpoint, Json, Lifecycle, Pointer } from "../../src/contract/contract.js";
import { type Connection, IllegalEvent } from "../../src/wire/connection.js";
import type { Claims } from "./claims.js";
import { createComposer, jsonAt, type Wish, withoutValue, withValues } from "./compose.js";
import { firstValues } from "./exchanges.js";
import { createKeeper } from "./keeper.js";
import { moveOn } from "./plan.js";
import type { Envelope, MockSide } from "./side.js";
import type { Stock, Wants } from "./stock.js";
import { createWalks, type Standing } from "./walks.js";

/** An event that is to be sent, and the values that it carries. */
export interface Goal {
  readonly event: string;
  readonly must: Wants;
  /** Carried where the schema lets it. */
  readonly may: Wants;
}

/** The mouth of one connection; it knows where each lifecycle stands. */
export interface Speaker {
  /** Events that travel as text and are no refusal. */
  readonly events: ReadonlySet<string>;
  standing(lifecycle: Lifecycle, wants: Wants): Standing;
  /** Sends an event; false when no payload of it can be made, it is illegal now, or the connection is closed. */
  send(goal: Goal): boolean;
  /** Makes an event that no lifecycle sees and that is sent by somebody else: a refusal. */
  make(event: string, wish: Wish): Envelope | undefined;
  /** Sends what another connection has sent, where it is legal here as well. */
  relay(event: Envelope): void;
  /** A legal command was taken. */
  took(command: Envelope): void;
}

export interface SpeakerOptions {
  readonly endpoint: Endpoint;
  readonly mock: MockSide;
  readonly stock: Stock;
  readonly claims: Claims;
  readonly connection: Connection<Envelope>;
  /** Gives an event to the other connections that the document's audience names. */
  readonly share: (event: Envelope) => void;
  /** Told of events that could not be made or sent, in one line. */
  readonly note: (text: string) => void;
  /** Told of each event that was sent here. */
  readonly onSent: (event: Envelope) => void;
}

/** The speaker of a new connection. */
export function createSpeaker(options: SpeakerOptions): Speaker {
  const { endpoint, mock, connection, note } = options;
  const composer = createComposer(options.stock);
  const keeper = createKeeper(endpoint, options.claims);
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
    return options.stock.checked(event, withoutValue(payload, place)) ?? payload;
  }

  function emit(event: Envelope): boolean {
    try {
      if (!connection.emit(event)) return false;
    } catch (fault) {
      if (!(fault instanceof IllegalEvent) && !(fault instanceof RangeError)) throw fault;
      note(
        `${event.name} was not sent: ${fault instanceof IllegalEvent ? "illegal in this state" : fault.message}`,
      );
      return false;
    }
    // What composes is JSON; what is relayed was composed.
    keeper.sent(event.name, event.payload as Json);
    const closed = walks.passed(event.name, event.payload);
    options.onSent(event);
    if (closed) connection.close("done");
    return true;
  }

  return {
    events,
    standing,
    send(goal) {
      const { must, bound } = demands(goal);
      const payload = composer.compose(goal.event, {
        must,
        may: goal.may,
        adjust(candidate) {
          const carried = bound.filter(([pointer]) => jsonAt(candidate, pointer) !== undefined);
          const own = withValues(candidate, new Map(carried));
          return own === undefined ? undefined : keeper.adjust(goal.event, withoutId(goal.event, goal, own));
        },
      });
      if (payload === undefined) {
        const places = [...must.keys()].join(", ");
        note(
          `no payload of ${goal.event}${places === "" ? "" : ` with ${places}`} can be made; add an example`,
        );
        return false;
      }
      const event = mock.envelope(goal.event, payload);
      if (!emit(event)) return false;
      options.share(event);
      return true;
    },
    make(event, wish) {
      const adjust = (candidate: Json): Json | undefined =>
        keeper.adjust(event, withoutId(event, wish, candidate));
      const payload = composer.compose(event, { adjust, ...wish });
      return payload === undefined ? undefined : mock.envelope(event, payload);
    },
    relay(event) {
      // What was composed is JSON.
      if (keeper.allows(event.name, event.payload as Json)) emit(event);
      else note(`${event.name} of another connection was not passed on: it breaks an invariant here`);
    },
    took(command) {
      keeper.taken(command.name, command.payload);
      walks.passed(command.name, command.payload);
    },
  };
}
