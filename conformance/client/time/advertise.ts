/** The interval of a heartbeat that the kit itself tells the client: the cheapest way to a fast heart. */
import fc from "fast-check";
import { UnsatisfiableError } from "../../../src/arbitrary/bounded-filter.js";
import { validPayload } from "../../../src/arbitrary/valid-payload.js";
import type { Contract, Endpoint } from "../../../src/contract/contract.js";
import { valueAt } from "../../../src/contract/pointer.js";
import { createOracle } from "../../../src/contract/validate.js";

/** What is told (milliseconds): the first of these that the document accepts. */
const INTERVALS_MS = [300, 1000, 2000] as const;

/** Any seed will do: whether a payload can be made does not depend on it. */
const SEED = 1;

/** The interval (milliseconds) that the kit can tell; undefined where no message says it, or none so short is valid. */
export function advertisableMs(contract: Contract, endpoint: Endpoint): number | undefined {
  if (endpoint.heartbeat?.mode === "engine.io") return INTERVALS_MS[0];
  return tellable(contract, endpoint, INTERVALS_MS)[0];
}

/** Those of some intervals (milliseconds) that the event that says the interval can hold. */
export function tellable(
  contract: Contract,
  endpoint: Endpoint,
  intervals: readonly number[],
): readonly number[] {
  const { heartbeat, events } = endpoint;
  const told = heartbeat?.intervalMs;
  if (typeof told !== "object") return [];
  const message = events.find(({ name }) => name === told.message);
  if (message === undefined) return [];
  const oracle = createOracle(contract, endpoint, "event");
  return intervals.filter((ms) => {
    try {
      const at = { [told.field]: { values: [ms], required: true } };
      const arbitrary = validPayload(message.payload, contract.definitions, { at });
      const [payload] = fc.sample(arbitrary, { seed: SEED, numRuns: 1 });
      return valueAt(payload, told.field) === ms && oracle.validate(message.name, payload) === undefined;
    } catch (error) {
      if (error instanceof UnsatisfiableError) return false;
      throw error;
    }
  });
}
