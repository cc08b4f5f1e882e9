/** The half of the selftest that tries clients. */

import type { Contract } from "../../src/contract/contract.js";
import { clientChecks } from "../client/catalogue.js";
import { checkClient } from "../client/check-client.js";
import type { ClientSource } from "../client/open-clients.js";
import type { Report } from "../report/report.js";
import { type ClientVariant, clientChannels } from "./client/client-mutant.js";
import { type ClientPeer, clientPeers } from "./client/peers.js";
import { emptyClients } from "./client/short-circuits.js";
import { clientMutants } from "./client-mutants.js";
import { addedChecks, type Half, type RunTold, type TrialOptions } from "./half.js";
import { contractFor } from "./mutant.js";

/** What can be launched, and judged by a document. */
interface Launchable {
  readonly channel: string;
  readonly variant?: ClientVariant;
  readonly source: ClientSource;
}

const checks = clientChecks.map(({ id }) => id);

/** Clients that are wrong, right, or keep no contract. */
export const clientHalf: Half = {
  role: "client",
  prefix: "C-",
  checks,
  loading: new Set(["C-RC-08", "C-RB-01"]),
  withoutMutant: [],
  mutants: clientMutants.map((mutant) => ({
    name: mutant.name,
    fault: mutant.fault,
    channel: mutant.variant?.name ?? mutant.channel,
    owner: mutant.killedBy,
    verdict: mutant.verdict ?? "fail",
    needs: mutant.needs ?? [],
    runs: mutant.runs,
    judge: judging(mutant),
  })),
  peers: (contract) =>
    clientPeers.map((peer) => ({
      name: peer.name,
      channel: peer.channel,
      only: ownChecks(peer, contract),
      endpoint: (declared) =>
        contractFor(declared, peer.variant).endpoints.find(({ name }) => name === peer.channel),
      judge: judging(peer),
    })),
  empties: () =>
    emptyClients.map((one) =>
      clientChannels.map((channel) => ({
        name: one.name,
        channel,
        passes: one.passes,
        judge: judging({ channel, source: one.source(channel) }, one.waitMs),
      })),
    ),
};

/** The checks that a peer is there for; a variant: those that it calls for and its channel does not. */
function ownChecks({ channel, only = [], variant }: ClientPeer, contract: Contract): readonly string[] {
  const endpoint = contract.endpoints.find(({ name }) => name === channel);
  if (variant === undefined || endpoint === undefined) return only;
  return [...addedChecks(endpoint, variant.declare(endpoint), checks), ...(variant.checks ?? [])];
}

function judging(
  { channel, source, variant }: Launchable,
  waitMs?: number,
): (options: TrialOptions, told: RunTold) => Promise<Report> {
  // The scale is that which the waits of the document allow.
  return ({ contract, seed }, { only, runs }) =>
    checkClient({
      contract: contractFor(contract, variant),
      channel,
      seed,
      runs,
      ...(only.length === 0 ? {} : { only }),
      ...(waitMs === undefined ? {} : { waitMs }),
      ...source,
    });
}
