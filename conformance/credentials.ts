/** Who connects: which headers and query parameters are credentials, and what a connection carries for somebody. */
import type { Endpoint } from "../src/contract/contract.js";
import type { Credentials, Identity, SubjectConfig } from "./check.js";
import { createMask, type Mask, SECRET_NAME } from "./report/mask.js";

type Pairs = Readonly<Record<string, string>>;

/** Gives fresh credentials for one connection, as a command of the user does. */
export type Authorize = () => Promise<Credentials>;

/** What every connection carries, and who connects by default. */
export interface Settings {
  readonly url: string;
  readonly headers: Pairs;
  readonly query: Pairs;
  readonly config: SubjectConfig;
}

/** Nothing is known of the subject beside the document. */
export const NO_CONFIG: SubjectConfig = { identities: [], rejected: {}, payloads: {}, domain: {} };

const CREDENTIAL_HEADERS = new Set(["authorization", "proxy-authorization", "cookie"]);

/**
 * Takes the credentials out of the URL, the headers and the query of every connection and gives them to the first identity: only
 * so can a connection be opened without them. What is a credential is said by the document's `security`, else by its name.
 */
export function separateCredentials(
  endpoint: Pick<Endpoint, "security">,
  settings: {
    readonly url: string;
    readonly headers?: Pairs;
    readonly query?: Pairs;
    readonly config?: SubjectConfig;
  },
  authorized: boolean,
): Settings {
  const { config = NO_CONFIG } = settings;
  const declared = (place: string, name: string): boolean =>
    endpoint.security.some(
      (scheme) => scheme.in === place && scheme.parameter?.toLowerCase() === name.toLowerCase(),
    );
  const headers = split(
    settings.headers ?? {},
    (name) =>
      CREDENTIAL_HEADERS.has(name.toLowerCase()) || SECRET_NAME.test(name) || declared("header", name),
  );
  const isQueryCredential = (name: string): boolean => SECRET_NAME.test(name) || declared("query", name);
  const url = withoutQuery(settings.url, isQueryCredential);
  const query = split({ ...url.taken, ...settings.query }, isQueryCredential);
  const given = Object.keys(headers.taken).length + Object.keys(query.taken).length > 0;
  const [first, ...others] = config.identities;
  if (first === undefined && !given && !authorized) {
    return { url: url.left, headers: headers.left, query: query.left, config };
  }
  const identity: Identity = merged(first ?? { name: "default" }, {
    headers: headers.taken,
    query: query.taken,
  });
  return {
    url: url.left,
    headers: headers.left,
    query: query.left,
    config: { ...config, identities: [identity, ...others] },
  };
}

/** What a connection carries: nothing, the given credentials, or those of the first identity and the fresh ones. */
export async function credentialsFor(
  who: "none" | Credentials | undefined,
  config: SubjectConfig,
  authorize: Authorize | undefined,
): Promise<Credentials> {
  if (who === "none") return {};
  if (who !== undefined) return who;
  const identity: Credentials = config.identities[0] ?? {};
  return authorize === undefined ? identity : merged(identity, await authorize());
}

/** Every value of some credentials by a name that a reader understands: none of them may leave the run. */
export function secretsIn(credentials: Credentials): readonly (readonly [name: string, value: string])[] {
  return [
    ...Object.entries(credentials.headers ?? {}),
    ...Object.entries(credentials.query ?? {}),
    ...(credentials.first ?? []).flatMap((text) => secretFields(text)),
  ];
}

/** A long text is a token whatever its field is called. */
const TOKEN_LENGTH = 16;

function secretFields(text: string): (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [["first", text]];
  }
  const found: (readonly [string, string])[] = [];
  const visit = (name: string, at: unknown): void => {
    if (typeof at === "string") {
      if (SECRET_NAME.test(name) || (at.length >= TOKEN_LENGTH && !/\s/.test(at))) found.push([name, at]);
    } else if (typeof at === "object" && at !== null) {
      for (const [key, member] of Object.entries(at)) visit(key, member);
    }
  };
  visit("first", value);
  return found;
}

/** The one and, over it, the other; first messages follow one another. */
function merged<T extends Credentials>(one: T, other: Credentials): T {
  const first = [...(one.first ?? []), ...(other.first ?? [])];
  return {
    ...one,
    headers: mergeHeaders(one.headers, other.headers),
    query: { ...one.query, ...other.query },
    ...(first.length === 0 ? {} : { first }),
  };
}

/** Headers over headers: the last of a name wins, whatever its case. */
export function mergeHeaders(...all: readonly (Pairs | undefined)[]): Pairs {
  const headers = new Map<string, readonly [string, string]>();
  for (const pairs of all) {
    for (const [name, value] of Object.entries(pairs ?? {})) headers.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(headers.values());
}

/** A URL without those parameters of its query; one that has none of them, or is none, stays as it was written. */
function withoutQuery(
  text: string,
  taken: (name: string) => boolean,
): { readonly taken: Pairs; readonly left: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const pairs = [...(url?.searchParams ?? [])].filter(([name]) => taken(name));
  if (url === undefined || pairs.length === 0) return { taken: {}, left: text };
  for (const [name] of pairs) url.searchParams.delete(name);
  return { taken: Object.fromEntries(pairs), left: url.href };
}

function split(
  pairs: Pairs,
  taken: (name: string) => boolean,
): { readonly taken: Pairs; readonly left: Pairs } {
  const entries = Object.entries(pairs);
  return {
    taken: Object.fromEntries(entries.filter(([name]) => taken(name))),
    left: Object.fromEntries(entries.filter(([name]) => !taken(name))),
  };
}

/** A mask over every value that somebody has given to be let in with. */
export function maskOf(
  given: {
    readonly url?: string;
    readonly headers?: Pairs;
    readonly query?: Pairs;
    readonly config?: SubjectConfig;
    readonly secrets?: Pairs;
  },
  { commands, events, security }: Endpoint,
): Mask {
  const { config = NO_CONFIG, headers = {}, query = {}, secrets = {}, url = "" } = given;
  const declared = new Set(security.flatMap(({ parameter }) => (parameter === undefined ? [] : [parameter])));
  const inUrl = URL.canParse(url) ? [...new URL(url).searchParams] : [];
  const everybody = [...config.identities, ...Object.values(config.rejected)];
  // The name of a message is known to everybody, also where it stands in somebody's first message.
  const names = new Set([...commands, ...events].flatMap(({ name, wireName }) => [name, wireName]));
  const mask = createMask();
  for (const [name, value] of [
    ...Object.entries(headers),
    ...Object.entries(query),
    ...Object.entries(secrets),
    ...inUrl.filter(([name]) => SECRET_NAME.test(name) || declared.has(name)),
    ...everybody.flatMap(secretsIn),
  ]) {
    if (!names.has(value)) mask.add(name, value);
  }
  return mask;
}
