/** A contract of one endpoint, for tests that generate code from a few lines. */

import type { Contract, Endpoint } from "../contract/contract.js";
import { type InlineEndpoint, inlineEndpoint } from "../contract/inline-endpoint.js";

/** The contract of an {@link InlineEndpoint}. */
export function inlineContract(
  given: InlineEndpoint,
): Contract & { readonly endpoints: readonly [Endpoint] } {
  return {
    format: 1,
    title: "Inline",
    version: "1.2.3",
    asyncapi: "3.1.0",
    sha256: "",
    perspective: "server",
    endpoints: [inlineEndpoint(given)],
    definitions: given.definitions ?? {},
  };
}
