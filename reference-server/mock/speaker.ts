/** Sends events on one connection: what its speech makes, as long as the connection takes it. */

import type { Speaker as AnsweringSpeaker } from "../../src/arbitrary/speech/answerer.js";
import type { Speech } from "../../src/arbitrary/speech/speech.js";
import type { Json } from "../../src/contract/contract.js";
import { type Connection, IllegalEvent } from "../../src/wire/connection.js";
import type { Envelope, MockSide } from "./side.js";

/** The mouth of one connection. */
export interface Speaker extends AnsweringSpeaker {
  /** Sends what another connection has sent, where it is legal here as well. */
  relay(event: Envelope): void;
}

export interface SpeakerOptions {
  readonly mock: MockSide;
  readonly speech: Speech;
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
  const { connection, mock, note, speech } = options;

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
    const closed = speech.said(event.name, event.payload as Json);
    options.onSent(event);
    if (closed) connection.close("done");
    return true;
  }

  return {
    events: speech.events,
    standing: speech.standing,
    send(goal) {
      const payload = speech.payloadFor(goal);
      if (payload === undefined) {
        const places = [...goal.must.keys()].join(", ");
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
    relay(event) {
      // What was composed is JSON.
      if (speech.allows(event.name, event.payload as Json)) emit(event);
      else note(`${event.name} of another connection was not passed on: it breaks an invariant here`);
    },
    took: (command) => speech.took(command.name, command.payload),
  };
}
