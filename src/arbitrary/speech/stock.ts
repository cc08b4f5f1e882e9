/** The payloads that are at hand for each event: the document's examples, then generated values. */

import fc from "fast-check";
import type { Contract, Endpoint, Json, Message, Pointer } from "../../contract/contract.js";
import { UnsatisfiableError } from "../bounded-filter.js";
import type { Placement } from "../placement.js";
import { validPayload } from "../valid-payload.js";
import type { EventForm } from "./event-form.js";

/** Values that an event is to carry, by pointer into its payload. */
export type Wants = ReadonlyMap<Pointer, Json>;

/** The payloads of one endpoint's events; its connections share them. */
export interface Stock {
  /** The document's examples that keep their schema. */
  examples(event: string): readonly Json[];
  /** Generated values; empty where none can be made. */
  generated(event: string): readonly Json[];
  /** Generated with these values in their places; empty where the schema has no room for them. */
  made(event: string, wants: Wants): readonly Json[];
  /** The payload with what names the event, or undefined where the oracle would not take it for that event. */
  checked(event: string, payload: Json): Json | undefined;
}

/** Generated values a message: they are seen where no example fits. */
const GENERATED = 16;
/** Values made for one need; each costs a compilation of the schema. */
const MADE = 3;

/** The stock of an endpoint; the same seed gives the same payloads. */
export function createStock(
  contract: Pick<Contract, "definitions">,
  endpoint: Endpoint,
  form: EventForm,
  seed: number,
): Stock {
  const byName = new Map(endpoint.events.map((message) => [message.name, message]));
  const valid = new Map<string, readonly Json[]>();
  const known = new Map<string, readonly Json[]>();

  function drawn(message: Message, numRuns: number, at: Readonly<Record<Pointer, Placement>>) {
    try {
      return fc.sample(validPayload(message.payload, contract.definitions, { at }), { seed, numRuns });
    } catch (fault) {
      if (fault instanceof UnsatisfiableError) return [];
      throw fault;
    }
  }

  function checked(event: string, payload: Json): Json | undefined {
    const named = form.named(event, payload);
    return named !== undefined && form.fits(event, named) ? named : undefined;
  }

  return {
    checked,
    examples(event) {
      const examples =
        valid.get(event) ??
        (byName.get(event)?.examples ?? [])
          .map((example) => example.payload)
          .filter((payload) => checked(event, payload) !== undefined);
      valid.set(event, examples);
      return examples;
    },
    generated(event) {
      const message = byName.get(event);
      const generated = known.get(event) ?? (message === undefined ? [] : drawn(message, GENERATED, {}));
      known.set(event, generated);
      return generated;
    },
    made(event, wants) {
      const message = byName.get(event);
      if (message === undefined || wants.size === 0) return [];
      const places = [...wants].map(
        ([pointer, value]) => [pointer, { values: [value], required: true }] as const,
      );
      return drawn(message, MADE, Object.fromEntries(places));
    },
  };
}
