/** What a mutant of the client half is: a right client altered in one thing, and the check that must notice. */

import { WebSocket } from "ws";
import { answerClient } from "../../../generated/answer.js";
import { pipelineClient } from "../../../generated/pipeline.js";
import { tasksClient } from "../../../generated/tasks.js";
import { workflowClient } from "../../../generated/workflow.js";
import type { Endpoint } from "../../../src/contract/contract.js";
import type { ClientSource } from "../../client/open-clients.js";
import { type Alteration, ourClient, type Side } from "./our-client.js";
import { type RawSocketFaults, rawSocket } from "./raw-socket.js";

/** The client's side of each channel over WebSocket. */
const SIDES: Readonly<Record<string, Side>> = {
  workflow: workflowClient,
  tasks: tasksClient,
  pipeline: pipelineClient,
  answer: answerClient,
};

/** The channels on which clients are tried. */
export const clientChannels: readonly string[] = Object.keys(SIDES);

/**
 * A document that declares something else than the bundled one, and the side of a client that keeps it: for rows that none
 * of the channels calls for.
 */
export interface ClientVariant {
  readonly name: string;
  readonly channel: string;
  readonly declare: (endpoint: Endpoint) => Endpoint;
  readonly side: (side: Side) => Side;
  /** Checks that a right client is to pass here, beside those that the channel does not call for. */
  readonly checks?: readonly string[];
}

/** A client that is wrong in exactly one way. */
export interface ClientMutant {
  readonly name: string;
  /** What is wrong with it, in one sentence. */
  readonly fault: string;
  readonly channel: string;
  /** Where the bundled document does not declare the rule: the one that does. Its channel is the mutant's. */
  readonly variant?: ClientVariant;
  /** Id of the check that owns the rule. */
  readonly killedBy: string;
  /** `warn` where the owner's rule, or the part of it that is broken, is a SHOULD; default `fail`. */
  readonly verdict?: "fail" | "warn";
  /** What must run so that the check has something to judge: a passive one launches no client of its own. */
  readonly needs?: readonly string[];
  /** Random cases for its owner where the fault is rare: default those of the run. */
  readonly runs?: number;
  readonly source: ClientSource;
}

/** The side of a client that keeps a channel, or a variant of it. */
export function sideOf(channel: string, variant?: ClientVariant): Side {
  const side = SIDES[channel];
  if (side === undefined) throw new RangeError(`No client keeps a channel ${channel}.`);
  return variant === undefined ? side : variant.side(side);
}

/** How clients of ours are launched, altered or not: in this process, with its clock, at the scale that they are told. */
export function ours(side: Side, alteration: Alteration = {}): ClientSource {
  return { mode: "adapter", adapter: ourClient(side, alteration), WebSocket, replies: true, time: "option" };
}

/** What {@link altered} needs: a mutant, and what is done to a client of ours. */
export type AlteredClient = Omit<ClientMutant, "source" | "channel"> &
  Alteration & {
    /** Default: that of the variant, else `workflow`, which declares the most. */
    readonly channel?: string;
    /** Where the scale that the document allows is too small to tell the fault from a busy machine. */
    readonly timeScale?: number;
  };

/** A client of ours with one thing altered. */
export function altered(plan: AlteredClient): ClientMutant {
  const { application, options, side, socket, timeScale, ...mutant } = plan;
  const channel = plan.channel ?? plan.variant?.channel ?? "workflow";
  const alteration = {
    ...(application === undefined ? {} : { application }),
    ...(options === undefined ? {} : { options }),
    ...(side === undefined ? {} : { side }),
    ...(socket === undefined ? {} : { socket }),
  };
  const source = ours(sideOf(channel, plan.variant), alteration);
  return { ...mutant, channel, source: timeScale === undefined ? source : { ...source, timeScale } };
}

/** A client of ours on a raw socket with one switch thrown. */
export function framed({
  faults,
  ...plan
}: AlteredClient & { readonly faults: RawSocketFaults }): ClientMutant {
  return altered({ ...plan, socket: () => rawSocket(faults) });
}
