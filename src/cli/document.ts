/** Which document a verb works on: the one that was named, else ./asyncapi.yaml, else the bundled one. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import type { Contract, Endpoint } from "../contract/contract.js";
import { UsageError } from "./failure.js";
import { suggestion } from "./suggest.js";

export type Perspective = "server" | "client";

/** The document that is looked for where none is named. */
const DEFAULT_DOCUMENT = "asyncapi.yaml";

/** Path of the document that the package ships. */
const bundledDocument = (): string => createRequire(import.meta.url).resolve("wireproof/asyncapi.yaml");
const bundledContract = (): string => createRequire(import.meta.url).resolve("wireproof/contract.json");

/** Path of the document to read: never a compiled contract. */
export function chooseDocument(named: string | undefined): string {
  const path = named ?? (existsSync(DEFAULT_DOCUMENT) ? DEFAULT_DOCUMENT : bundledDocument());
  mustExist(path);
  if (isCompiled(path)) {
    throw new UsageError(
      `${path} is a compiled contract; name the AsyncAPI document that it was compiled from`,
    );
  }
  return path;
}

/** The contract of the chosen document. The official parser is loaded only for a document that was never compiled. */
export async function chooseContract(
  named: string | undefined,
  perspective: Perspective | undefined,
): Promise<Contract> {
  const path = named ?? (existsSync(DEFAULT_DOCUMENT) ? DEFAULT_DOCUMENT : bundledContract());
  mustExist(path);
  if (!isCompiled(path)) {
    const { loadContract } = await import("../document/load.js");
    return loadContract(path, perspective === undefined ? {} : { perspective });
  }
  if (perspective !== undefined) {
    throw new UsageError("--as is about a document; a compiled contract already knows its side");
  }
  return readCompiled(path);
}

/** The contract of the document that the package ships. */
export const bundledContractOf = (): Promise<Contract> => readCompiled(bundledContract());

/** True when the contract is that of the document which the reference server implements. */
export async function isBundled(contract: Contract): Promise<boolean> {
  return contract.sha256 === (await readCompiled(bundledContract())).sha256;
}

/** The endpoint that carries a channel. Throws a usage error that names the channels there are. */
export function chooseEndpoint(contract: Contract, channel: string): Endpoint {
  const found = contract.endpoints.find(
    ({ name, channels }) => name === channel || channels.includes(channel),
  );
  if (found !== undefined) return found;
  const known = contract.endpoints.flatMap(({ channels }) => channels);
  throw new UsageError(`the document has no channel ${channel}${suggestion(channel, known)}`);
}

async function readCompiled(path: string): Promise<Contract> {
  const { readContract } = await import("../document/read-contract.js");
  return readContract(readFileSync(path, "utf8"), path);
}

function mustExist(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const mend = "name an AsyncAPI document, or a compiled contract.json";
  if (found === undefined) throw new UsageError(`there is no file ${path}; ${mend}`);
  if (found.isDirectory()) throw new UsageError(`${path} is a folder; ${mend}`);
}

/** A compiled contract is JSON with its format number at the top; an AsyncAPI document has none. */
export function isCompiled(path: string): boolean {
  if (!path.endsWith(".json")) return false;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null && "format" in value && "endpoints" in value;
  } catch {
    // Whatever it is, the document reader says so better.
    return false;
  }
}
