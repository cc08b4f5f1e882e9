/** Whether the handshake of a reconnect says who the client is, as the first one did. */
import type { Failure } from "../property.js";
import type { UpgradeRequest } from "./check.js";

/** Credentials of the handshake that were there before and are no more; their values may change. */
export function credentialsForgotten(
  before: UpgradeRequest | undefined,
  after: UpgradeRequest | undefined,
): Failure | undefined {
  if (before === undefined || after === undefined) return undefined;
  const lost = ["authorization", "cookie"].filter(
    (name) => before.headers[name] !== undefined && after.headers[name] === undefined,
  );
  const query = (target: string): readonly string[] => [...new URL(target, "ws://kit").searchParams.keys()];
  const kept = new Set(query(after.target));
  const gone = [...lost, ...query(before.target).filter((name) => !kept.has(name))];
  if (gone.length === 0) return undefined;
  return {
    verdict: "fail",
    reason: "the handshake of a reconnect lacks what the first one had",
    expected: `${gone.join(", ")} in the handshake, as on the first connection`,
    got: after.target,
    mend: "Make each attempt with the same address and the same credentials, fetched anew where they expire.",
  };
}
