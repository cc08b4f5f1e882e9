/** What the mock does for one connection: the first event, answers to commands, what it says unasked. */

import { createAnswerer } from "../../src/arbitrary/speech/answerer.js";
import type { Claims } from "../../src/arbitrary/speech/claims.js";
import { createPacer } from "../../src/arbitrary/speech/pacer.js";
import { refusalPayload } from "../../src/arbitrary/speech/refuser.js";
import { createSpeech } from "../../src/arbitrary/speech/speech.js";
import type { Stock } from "../../src/arbitrary/speech/stock.js";
import type { Endpoint } from "../../src/contract/contract.js";
import type { Clock } from "../../src/wire/clock.js";
import type { Connection, Member } from "../../src/wire/connection.js";
import type { Envelope, MockSide } from "./side.js";
import { createSpeaker } from "./speaker.js";
import { keepPulse, type Pulse, speakUnasked } from "./spontaneous.js";

export interface MockMemberOptions {
  readonly endpoint: Endpoint;
  readonly mock: MockSide;
  readonly stock: Stock;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly timeScale: number;
  /** Gives an event to the other connections that the document's audience names. */
  readonly share: (event: Envelope) => void;
  /** Told of refusals that the document has no event for, and of events that could not be made. */
  readonly note: (text: string) => void;
}

/** A member, and the way by which other connections' events reach it. */
export interface MockMember extends Member<Envelope, Envelope> {
  relay(event: Envelope): void;
}

/** Joins one connection: sends the first event, then answers. */
export function joinMock(options: MockMemberOptions, connection: Connection<Envelope>): MockMember {
  const { endpoint, clock, timeScale, mock, note, stock, claims } = options;
  let pulse: Pulse | undefined;
  const speech = createSpeech(endpoint, stock, claims);
  const speaker = createSpeaker({ ...options, speech, connection, onSent: (event) => pulse?.said(event) });
  const pacer = createPacer(clock, timeScale);
  const answerer = createAnswerer({ endpoint, stock, claims, speaker, pacer });
  const habit = { endpoint, clock, timeScale, send: speaker.send };

  pulse = keepPulse({ ...habit, giveUp: () => connection.close("heartbeat", "a ping was not answered") });
  const { first } = endpoint.protocol;
  if (first) speaker.send({ event: first.message, must: new Map(), may: new Map() });
  answerer.begin();
  const unasked = speakUnasked({ ...habit, isFree: () => connection.buffered() === 0 });

  return {
    inspect(command) {
      pulse.heard(command.name);
      if (!pacer.full) return undefined;
      return { code: "rate-limited", text: "Too many answers are due already; send this one later." };
    },
    take: (command) => answerer.take(command),
    refuse(refusal, command) {
      pulse.heard(undefined);
      const payload = refusalPayload({ endpoint, speech, note }, refusal, command);
      const { reject } = endpoint.protocol;
      return payload === undefined || reject === undefined
        ? undefined
        : mock.envelope(reject.message, payload);
    },
    left() {
      pacer.stop();
      unasked.stop();
      pulse.stop();
    },
    relay: speaker.relay,
  };
}
