/** A contract in a few lines, and the same contract after an edit. */

import type { Contract, Endpoint } from "../contract.js";
import { type InlineEndpoint, inlineEndpoint } from "../inline-endpoint.js";
import { type Change, type ContractDiff, diffContracts } from "./diff.js";

/** The contract of some endpoints; named by their place unless they say a name. */
export function inlineContract(endpoints: readonly InlineEndpoint[]): Contract {
  return {
    format: 1,
    title: "Inline",
    version: "1.0.0",
    asyncapi: "3.1.0",
    sha256: "0".repeat(64),
    perspective: "server",
    endpoints: endpoints.map((given): Endpoint => {
      const name = given.endpoint?.name ?? "inline";
      return { ...inlineEndpoint(given), name, channels: [name], ...given.endpoint };
    }),
    definitions: Object.assign({}, ...endpoints.map(({ definitions }) => definitions ?? {})),
  };
}

/** What differs between two endpoints, each alone in its contract. */
export function diffEndpoints(old: InlineEndpoint, next: InlineEndpoint): ContractDiff {
  return diffContracts(inlineContract([old]), inlineContract([next]));
}

/** The same contract said otherwise: members in another order, without descriptions, under another version. */
export function respelled(contract: Contract): Contract {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).filter(
      ([key, member]) => key !== "description" || typeof member !== "string",
    );
    return Object.fromEntries(members.reverse().map(([key, member]) => [key, turned(member)]));
  };
  // What was a contract is one still: only members that are optional went.
  return { ...(turned(contract) as Contract), version: `${contract.version}.1` };
}

/** Rules of the changes, each with its effect. */
export function rulesOf(changes: readonly Change[]): string[] {
  return changes.map(({ effect, rule }) => `${effect} ${rule}`);
}
