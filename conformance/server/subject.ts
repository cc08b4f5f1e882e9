/** Where the subject listens: a URL, completed by the address, parameters and query that the contract gives. */
import type { Endpoint, JsonSchema } from "../../src/contract/contract.js";
import type { Target } from "../frames/dial.js";
import { type Environment, ProxyError, proxyFor } from "../frames/proxy.js";
import { SOCKET_IO_QUERY } from "../layer.js";
import { UsageError } from "../usage-error.js";

/** What the user says about how to reach the subject. */
export interface SubjectOptions {
  readonly url: string;
  readonly endpoint: Endpoint;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Values of the address's parameters; several values let cases run at several addresses. */
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  readonly subprotocols?: readonly string[];
  /** The Origin header of every handshake that asks for no other. */
  readonly origin?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
  /** IP addresses by host: connects there instead of asking the resolver. */
  readonly resolve?: Readonly<Record<string, string>>;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are looked up; default: no proxy is used. */
  readonly environment?: Environment;
}

/** The subject, ready to be connected to. */
export interface Subject {
  /** As given, with `ws:` or `wss:`. */
  readonly url: string;
  readonly target: Target;
  /** `host` or `host:port`, as the Host header has it. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string | undefined;
  readonly subprotocols: readonly string[];
  /** The parameters of the addresses for cases that run at once (`most`, where they may meet); never empty. */
  addresses(most: number): readonly Readonly<Record<string, string>>[];
  /** Path and query of a connection. */
  resource(parameters: Readonly<Record<string, string>>, query?: Readonly<Record<string, string>>): string;
}

/** Completes the URL. Throws {@link UsageError}. */
export function createSubject(options: SubjectOptions): Subject {
  const { endpoint } = options;
  const url = parseUrl(options.url);
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  // An IPv6 host stands in brackets in a URL, without them in a socket address.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const asGiven = url.pathname !== "/" || url.search !== "";
  const values = parameterValues(options);
  // What a URL or --header says of the origin must give way to a check that tries another one.
  const { origin: spelled, ...headers } = lowerOrigin(options.headers ?? {});
  const address = options.resolve?.[host.toLowerCase()];

  const subject: Subject = {
    url: `${secure ? "wss" : "ws"}://${url.host}${asGiven ? url.pathname + url.search : ""}`,
    target: {
      host,
      port,
      ...(address === undefined ? {} : { address }),
      ...proxyTarget({ host, port, secure }, options.environment ?? {}),
      ...(secure ? { tls: tlsOptions(options) } : {}),
    },
    host: url.host,
    headers,
    origin: options.origin ?? spelled,
    subprotocols: options.subprotocols ?? endpoint.protocol.subprotocols,
    addresses(most) {
      const shared = endpoint.protocol.audience.some(({ to }) => to === "address" || to === "path");
      // Where an event goes to a whole address two cases must not meet there; elsewhere one address serves them all.
      if (!shared) return Array.from({ length: most }, () => first(values));
      const distinct = asGiven ? 1 : Math.max(1, ...Object.values(values).map((list) => list.length));
      return Array.from({ length: distinct }, (_, index) =>
        Object.fromEntries(
          Object.entries(values).map(([name, list]) => [name, list[index % list.length] ?? ""]),
        ),
      );
    },
    resource(parameters, query = {}) {
      const [path = "/", search = ""] = asGiven
        ? [url.pathname, url.search.slice(1)]
        : splitAddress(fill(endpoint, { ...first(values), ...parameters }));
      const all = new URLSearchParams(search);
      const defaults = asGiven ? {} : queryDefaults(endpoint);
      const transport = endpoint.protocol.transport === "socket.io" ? SOCKET_IO_QUERY : {};
      for (const [name, value] of Object.entries({ ...defaults, ...transport, ...options.query, ...query })) {
        all.set(name, value);
      }
      const text = all.toString();
      return text === "" ? path : `${path}?${text}`;
    },
  };
  // A parameter without a value is the user's to give: better now than in the middle of a run.
  subject.resource({});
  return subject;
}

/** The headers with that of the origin, if any, under its name in lower case. */
function lowerOrigin(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase() === "origin" ? "origin" : name,
      value,
    ]),
  );
}

function tlsOptions({ ca, cert, key, insecure }: SubjectOptions): NonNullable<Target["tls"]> {
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("A certificate of the client needs its key, and a key its certificate: give both.");
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(insecure === undefined ? {} : { insecure }),
  };
}

function proxyTarget(
  target: { readonly host: string; readonly port: number; readonly secure: boolean },
  environment: Environment,
): Pick<Target, "proxy"> {
  try {
    const proxy = proxyFor(target, environment);
    return proxy === undefined ? {} : { proxy };
  } catch (error) {
    if (error instanceof ProxyError) throw new UsageError(error.message);
    throw error;
  }
}

function parseUrl(text: string): URL {
  const complete = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`;
  let url: URL;
  try {
    url = new URL(complete);
  } catch {
    throw new UsageError(`"${text}" is no URL. Write it like ws://127.0.0.1:8080 or wss://example.com/path.`);
  }
  if (!["ws:", "wss:", "http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`"${text}" has the scheme ${url.protocol} Write ws://… or wss://….`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("Credentials in a URL end up in logs. Give them as a header instead.");
  }
  return url;
}

function parameterValues(options: SubjectOptions): Record<string, readonly string[]> {
  const { endpoint, parameters = {} } = options;
  const values: Record<string, readonly string[]> = {};
  for (const name of Object.keys(parameters)) {
    if (endpoint.parameters[name] === undefined) {
      const known = Object.keys(endpoint.parameters).join(", ") || "none";
      throw new UsageError(`The address ${endpoint.address} has no parameter "${name}" (it has: ${known}).`);
    }
  }
  for (const [name, parameter] of Object.entries(endpoint.parameters)) {
    const given = parameters[name];
    const declared = [
      ...(parameter.examples ?? []),
      ...(parameter.enum ?? []),
      ...(parameter.default === undefined ? [] : [parameter.default]),
    ];
    const list = given !== undefined && given.length > 0 ? given : [...new Set(declared)];
    if (list.length > 0) values[name] = list;
  }
  return values;
}

function first(values: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list[0] ?? ""]));
}

function fill(endpoint: Endpoint, parameters: Readonly<Record<string, string>>): string {
  return endpoint.address.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) {
      throw new UsageError(
        `The address ${endpoint.address} needs a value for {${name}}, and the document gives none. Add --param ${name}=<value>, or use a URL with a path.`,
      );
    }
    return encodeURIComponent(value);
  });
}

function splitAddress(address: string): [string, string] {
  const mark = address.indexOf("?");
  return mark < 0 ? [address, ""] : [address.slice(0, mark), address.slice(mark + 1)];
}

/** The query parameters that have a default, and those that are required and have a value to choose from. */
function queryDefaults(endpoint: Endpoint): Record<string, string> {
  const schema = endpoint.query;
  if (schema === undefined || typeof schema === "boolean") return {};
  const { properties, required } = schema;
  if (typeof properties !== "object" || properties === null) return {};
  const needed = new Set(Array.isArray(required) ? required : []);
  const query: Record<string, string> = {};
  // The schema of a query string is an object of schemas: anything else in it is ignored here, as lint reports it.
  for (const [name, property] of Object.entries(properties as Record<string, JsonSchema>)) {
    if (typeof property !== "object" || property === null) continue;
    const { default: preset, examples, enum: choices } = property;
    const listed = Array.isArray(examples) ? examples[0] : Array.isArray(choices) ? choices[0] : undefined;
    const value = preset ?? property["const"] ?? (needed.has(name) ? listed : undefined);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      query[name] = String(value);
    }
  }
  return query;
}
