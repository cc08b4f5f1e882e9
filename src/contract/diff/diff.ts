/** Two contracts → what differs, whom it breaks, and by how much the version has to rise. */

import type { Contract, Endpoint } from "../contract.js";
import { canonicalJson } from "../same-json.js";
import type { Change, EndpointPair } from "./change.js";
import { compareCloseCodes, compareHeartbeat, compareReconnect } from "./connection-rules.js";
import { compareHandshake, compareInvariants, compareOperations, loneChannel } from "./endpoints.js";
import { compareLifecycles } from "./lifecycles.js";
import { compareMessages } from "./messages.js";
import { compareProtocol } from "./protocol-rules.js";

export type { Change, Effect } from "./change.js";

/** By how much a version rises (semver.org); `patch`: only words differ; `none`: nothing does. */
export type Bump = "major" | "minor" | "patch" | "none";

/** What differs between two contracts. */
export interface ContractDiff {
  readonly bump: Bump;
  /** The worst first, then in the order of the documents. */
  readonly changes: readonly Change[];
}

/** Compares two contracts for a client that follows the old one and a server that follows the new one. */
export function diffContracts(old: Contract, next: Contract): ContractDiff {
  const changes: Change[] = [];
  const definitions = { old: old.definitions, new: next.definitions };
  const { both, removed, added } = pairEndpoints(old.endpoints, next.endpoints);
  for (const [before, now] of both) {
    const pair: EndpointPair = {
      old: before,
      new: now,
      add: (change) => changes.push({ ...change, endpoint: before.name }),
    };
    compareHandshake(pair, definitions);
    compareMessages(pair, "command", definitions);
    compareMessages(pair, "event", definitions);
    compareOperations(pair);
    compareProtocol(pair);
    compareHeartbeat(pair);
    compareReconnect(pair);
    compareCloseCodes(pair);
    compareLifecycles(pair);
    compareInvariants(pair);
  }
  changes.push(...removed.map((endpoint) => loneChannel(endpoint, true)));
  changes.push(...added.map((endpoint) => loneChannel(endpoint, false)));
  const rank = ({ effect }: Change) => ["breaking", "may-break", "compatible"].indexOf(effect);
  const sorted = changes
    .map((change, index) => ({ change, index }))
    .sort((a, b) => rank(a.change) - rank(b.change) || a.index - b.index)
    .map(({ change }) => change);
  return { bump: bumpOf(sorted, old, next), changes: sorted };
}

function bumpOf(changes: readonly Change[], old: Contract, next: Contract): Bump {
  if (changes.some(({ effect }) => effect !== "compatible")) return "major";
  if (changes.length > 0) return "minor";
  return canonicalJson(withoutOrder(old)) === canonicalJson(withoutOrder(next)) ? "none" : "patch";
}

/** A contract without what is no content: its version, where things stand, and the order of named things. */
function withoutOrder(contract: Contract): unknown {
  const { version: _version, sha256: _sha256, asyncapi: _asyncapi, ...rest } = contract;
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.map(plain);
      const named = items.every((item) => typeof item === "object" && item !== null && "name" in item);
      return named ? items.sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)) : items;
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => (key === "source" ? [] : [[key, plain(member)]])),
    );
  };
  return plain(rest);
}

interface EndpointPairs {
  readonly both: readonly (readonly [Endpoint, Endpoint])[];
  readonly removed: readonly Endpoint[];
  readonly added: readonly Endpoint[];
}

/** Endpoints that share a channel are one; then those at the same address. */
function pairEndpoints(olds: readonly Endpoint[], news: readonly Endpoint[]): EndpointPairs {
  const left = new Set(olds);
  const right = new Set(news);
  const both: [Endpoint, Endpoint][] = [];
  const pass = (fits: (a: Endpoint, b: Endpoint) => boolean) => {
    for (const a of left) {
      const b = [...right].find((other) => fits(a, other));
      if (b === undefined) continue;
      left.delete(a);
      right.delete(b);
      both.push([a, b]);
    }
  };
  pass((a, b) => a.name === b.name);
  pass((a, b) => a.channels.some((channel) => b.channels.includes(channel)));
  pass((a, b) => a.address === b.address);
  return { both, removed: [...left], added: [...right] };
}
