/** The half of a client that can only be watched: it tells nothing, and nobody can ask it for anything. */
import { HarnessFault } from "../../judge.js";
import type { LaunchedClient } from "../check.js";

/** To be spread into a client of `attach` and `spawn`. */
export const UNSTEERED: Pick<LaunchedClient, "reports" | "told" | "send" | "close" | "next"> = {
  reports: false,
  told: [],
  send: () => refuse("send a command"),
  close: () => refuse("close its connection"),
  next: () => Promise.resolve(undefined),
};

function refuse(what: string): never {
  throw new HarnessFault(`A client without a driver cannot be asked to ${what}.`);
}
