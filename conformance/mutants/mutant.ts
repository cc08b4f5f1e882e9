/** What a mutant is: the reference server altered in one thing, and the check that must notice. */

import { type ServerOptions, startServer } from "../../reference-server/server.js";
import type { Contract, Endpoint } from "../../src/contract/contract.js";
import type { CheckServerOptions } from "../server/check-server.js";
import { type Alter, type Connection, startFrameProxy } from "./frame-proxy.js";

/** How a mutant is started. */
export interface MutantOptions {
  readonly timeScale: number;
  readonly seed: number;
}

/** A mutant that runs. */
export interface RunningMutant {
  readonly url: string;
  /** What the kit is told of it beside its URL: the process to end, say. */
  readonly options?: Partial<CheckServerOptions>;
  close(): Promise<void>;
}

/**
 * A document that declares more than the bundled one does, and a server that keeps it: for the rows that none of the
 * five channels calls for. It is a peer that no check may fail, and the ground of mutants.
 */
export interface Variant {
  readonly name: string;
  readonly channel: string;
  /** What its endpoint declares. */
  readonly declare: (endpoint: Endpoint) => Endpoint;
  /** What the reference server keeps it with. */
  readonly server?: Omit<ServerOptions, "port" | "channels" | "seed" | "timeScale">;
  /** What the kit is told of it: identities, credentials. */
  readonly options?: Partial<CheckServerOptions>;
}

/** A server that is wrong in exactly one way. */
export interface Mutant {
  readonly name: string;
  /** What is wrong with it, in one sentence. */
  readonly fault: string;
  readonly channel: string;
  /** Where the bundled document does not declare the rule: the one that does. Its channel is the mutant's. */
  readonly variant?: Variant;
  /** Id of the check that owns the rule. */
  readonly killedBy: string;
  /** `warn` where the owner's rule, or the part of it that is broken, is a SHOULD; default `fail`. */
  readonly verdict?: "fail" | "warn";
  /** What must run so that the check has something to judge: a passive one opens no connection of its own. */
  readonly needs?: readonly string[];
  /** Random cases for its owner where the fault is rare: default those of the run. */
  readonly runs?: number;
  start(options: MutantOptions): Promise<RunningMutant>;
}

/** What {@link altered} needs: a mutant, and what its connections suffer. */
export type AlteredMutant = Omit<Mutant, "start"> & {
  /** Options of the reference server behind it, beside those of the variant. */
  readonly server?: Variant["server"];
} & (
    | { readonly alter: (connection: Connection, options: MutantOptions) => ReturnType<Alter> }
    /** Called once a server, for what its connections share. */
    | { readonly across: (options: MutantOptions) => Alter }
  );

/** The reference server behind a proxy that alters one thing. */
export function altered(plan: AlteredMutant): Mutant {
  const { name, fault, channel, killedBy, variant, verdict, needs, runs } = plan;
  return {
    name,
    fault,
    channel,
    killedBy,
    ...(variant === undefined ? {} : { variant }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(needs === undefined ? {} : { needs }),
    ...(runs === undefined ? {} : { runs }),
    async start(options) {
      const server = await startServer({
        ...variant?.server,
        ...plan.server,
        port: 0,
        channels: [channel],
        ...options,
      });
      const alter: Alter =
        "across" in plan ? plan.across(options) : (connection) => plan.alter(connection, options);
      const proxy = await startFrameProxy(server.port, alter);
      return {
        url: `ws://127.0.0.1:${proxy.port}`,
        async close() {
          await proxy.close();
          await server.close();
        },
      };
    },
  };
}

/** The contract that a mutant or peer is judged by. */
export function contractFor(
  contract: Contract,
  variant: Pick<Variant, "channel" | "declare"> | undefined,
): Contract {
  if (variant === undefined) return contract;
  return {
    ...contract,
    endpoints: contract.endpoints.map((endpoint) =>
      endpoint.name === variant.channel ? variant.declare(endpoint) : endpoint,
    ),
  };
}
