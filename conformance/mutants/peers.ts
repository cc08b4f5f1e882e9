/** Correct servers: no check may fail one. The five channels, and the variants for rows that none of them calls for. */

import { channelNames } from "../../reference-server/endpoints.js";
import { startServer } from "../../reference-server/server.js";
import type { MutantOptions, RunningMutant, Variant } from "./mutant.js";
import { rateVariants } from "./server/rate.js";
import { guardedVariants } from "./variants.js";

/** A correct server. */
export interface Peer {
  readonly name: string;
  readonly channel: string;
  readonly variant?: Variant;
  start(options: MutantOptions): Promise<RunningMutant>;
}

/** The documents beyond the bundled one. */
const variants: readonly Variant[] = [...rateVariants, ...guardedVariants];

/** Every correct server, unaltered. */
export const serverPeers: readonly Peer[] = [
  ...channelNames.map((channel): Peer => peer(channel, channel)),
  ...variants.map((variant): Peer => peer(variant.name, variant.channel, variant)),
];

function peer(name: string, channel: string, variant?: Variant): Peer {
  return {
    name,
    channel,
    ...(variant === undefined ? {} : { variant }),
    async start(options) {
      const server = await startServer({ ...variant?.server, port: 0, channels: [channel], ...options });
      return { url: server.url, close: () => server.close() };
    },
  };
}
