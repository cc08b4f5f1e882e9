/** Right clients: no check may fail one. Ours on each channel, on the documents beyond them, and what mutants are made of. */

import type { ClientSource } from "../../client/open-clients.js";
import { type ClientVariant, clientChannels, ours, sideOf } from "./client-mutant.js";
import { processClient } from "./process.js";
import { rawSocket } from "./raw-socket.js";
import { clientVariants } from "./variants.js";

/** A right client. */
export interface ClientPeer {
  readonly name: string;
  readonly channel: string;
  readonly variant?: ClientVariant;
  /** The checks that it is there for; absent: those that its variant adds, else all. */
  readonly only?: readonly string[];
  readonly source: ClientSource;
}

/** Rows of what lies below messages, which a client does not owe to `ws` here. */
const BELOW_MESSAGES = ["C-HS-01", "C-HS-02", "C-HS-03", "C-HS-05", "C-FR"];

/** Every right client. */
export const clientPeers: readonly ClientPeer[] = [
  ...clientChannels.map(
    (channel): ClientPeer => ({ name: `client of ${channel}`, channel, source: ours(sideOf(channel)) }),
  ),
  ...clientVariants.map(
    (variant): ClientPeer => ({
      name: `client of ${variant.name}`,
      channel: variant.channel,
      variant,
      source: ours(sideOf(variant.channel, variant)),
    }),
  ),
  {
    name: "client on a raw socket",
    channel: "workflow",
    only: BELOW_MESSAGES,
    source: ours(sideOf("workflow"), { socket: () => rawSocket() }),
  },
  { name: "client in a process", channel: "answer", only: ["C-RB-02"], source: processClient },
];
