/** How an event must look to be the event that it is meant to be: decided by the oracle and the discriminator. */

import type { Endpoint, Json, Pointer } from "../../contract/contract.js";
import { EVENT_FIELD } from "../../contract/discriminate.js";
import { sameJson } from "../../contract/same-json.js";
import type { Oracle } from "../../contract/validate.js";
import { jsonAt, withValues } from "./compose.js";

/** The form of the events of one endpoint. */
export interface EventForm {
  /** The payload with what names it in the declared fields, which its schema need not say. */
  named(name: string, payload: Json): Json | undefined;
  /** Whether the event can be told by its name and keeps its schema. */
  fits(name: string, payload: Json): boolean;
  /** What JSON.parse gives of its frame. */
  frameValue(name: string, payload: Json): Json;
}

/** The form of an endpoint's events, by its oracle of events. */
export function createEventForm(endpoint: Endpoint, events: Oracle): EventForm {
  const { send, transport } = endpoint.protocol;
  const rowOf = (name: string) => send.rows.find((one) => one.message === name);

  function frameValue(name: string, payload: Json): Json {
    if (transport !== "socket.io") return payload;
    const eventName = rowOf(name)?.values[send.fields.indexOf(EVENT_FIELD)]?.[0];
    const wireName = endpoint.events.find((message) => message.name === name)?.wireName;
    return [eventName ?? wireName ?? name, payload];
  }

  return {
    frameValue,
    named(name, payload) {
      const row = send.origin === "declared" ? rowOf(name) : undefined;
      const wants = new Map<Pointer, Json>();
      for (const [index, values] of (row?.values ?? []).entries()) {
        const pointer = send.fields[index];
        const [value] = values;
        if (pointer === undefined || pointer === EVENT_FIELD || value === undefined) continue;
        const found = jsonAt(payload, pointer);
        if (!values.some((one) => sameJson(one, found))) wants.set(pointer, value);
      }
      return withValues(payload, wants);
    },
    fits(name, payload) {
      const judged = events.judgeValue(frameValue(name, payload));
      return judged.ok && judged.messages.includes(name);
    },
  };
}
