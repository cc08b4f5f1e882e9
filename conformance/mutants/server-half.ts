/** The half of the selftest that tries servers. */

import type { Contract, Endpoint } from "../../src/contract/contract.js";
import type { Report } from "../report/report.js";
import { serverChecks } from "../server/catalogue.js";
import { checkServer } from "../server/check-server.js";
import { addedChecks, type Half, type RunTold, type TrialOptions } from "./half.js";
import { contractFor, type MutantOptions, type RunningMutant, type Variant } from "./mutant.js";
import { type Peer, serverPeers } from "./peers.js";
import { serverMutants } from "./server-mutants.js";
import { shortCircuits } from "./short-circuits.js";

/** What can be started, and judged by a document. */
interface Startable {
  readonly channel: string;
  readonly variant?: Variant;
  start(options: MutantOptions): Promise<RunningMutant>;
}

const checks = serverChecks.map(({ id }) => id);

/** Servers that are wrong, right, or keep no contract. */
export const serverHalf: Half = {
  role: "server",
  prefix: "S-",
  checks,
  // Others that are alone with their server may have company here: each mutant is a server of its own.
  loading: new Set(["S-CD-08", "S-HB-06", "S-RC-01", "S-RC-04", "S-RB-01"]),
  // Reserved for what no document can declare yet, and the row about the run itself.
  withoutMutant: ["S-RC-02", "S-RC-03", "S-SM-08"],
  mutants: serverMutants.map((mutant) => ({
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
    serverPeers.map((peer) => ({
      name: peer.name,
      channel: peer.channel,
      only: ownChecks(peer, contract),
      endpoint: (declared) => endpointOf(contractFor(declared, peer.variant), peer.channel),
      judge: judging(peer),
    })),
  empties: (contract) =>
    shortCircuits.map((one) =>
      contract.endpoints.map(({ name: channel }) => ({
        name: one.name,
        channel,
        passes: one.passes,
        judge: judging({ channel, start: () => one.start(channel) }),
      })),
    ),
};

function endpointOf({ endpoints }: Contract, channel: string): Endpoint | undefined {
  return endpoints.find(({ name }) => name === channel);
}

/** The checks that a variant calls for and its channel does not; the others meet the channel itself. */
function ownChecks({ channel, variant }: Peer, contract: Contract): readonly string[] {
  const endpoint = endpointOf(contract, channel);
  if (variant === undefined || endpoint === undefined) return [];
  return addedChecks(endpoint, variant.declare(endpoint), checks);
}

function judging(subject: Startable): (options: TrialOptions, told: RunTold) => Promise<Report> {
  const { channel, variant } = subject;
  return async ({ contract, seed, timeScale }, { only, runs }) => {
    const running = await subject.start({ timeScale, seed });
    try {
      return await checkServer({
        contract: contractFor(contract, variant),
        channel,
        url: running.url,
        timeScale,
        seed,
        runs,
        ...(only.length === 0 ? {} : { only }),
        ...variant?.options,
        ...running.options,
      });
    } finally {
      await running.close();
    }
  };
}
