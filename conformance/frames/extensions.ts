/** Sec-WebSocket-Extensions (RFC 6455 §9.1), and what an answer to an offer of permessage-deflate may say (RFC 7692 §7.1). */
import type { DeflateTerms } from "./deflate.js";
import type { HandshakeFault } from "./handshake.js";

/** One extension of a header, with its parameters in order. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** The extension that the kit knows. */
export const DEFLATE = "permessage-deflate";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Reads a header; undefined where its grammar is broken. Quoted values must be tokens (§9.1), so no comma hides in one. */
export function parseExtensions(header: string): readonly Extension[] | undefined {
  const extensions: Extension[] = [];
  for (const part of header.split(",")) {
    const [name = "", ...rest] = part.split(";").map((one) => one.trim());
    if (name === "" && rest.length === 0) continue;
    if (!TOKEN.test(name)) return undefined;
    const parameters: (readonly [string, string | undefined])[] = [];
    for (const parameter of rest) {
      const [key = "", ...values] = parameter.split("=").map((one) => one.trim());
      const value = values.length === 0 ? undefined : values.join("=").replace(/^"(.*)"$/, "$1");
      if (!TOKEN.test(key) || (value !== undefined && !TOKEN.test(value))) return undefined;
      parameters.push([key, value]);
    }
    extensions.push({ name, parameters });
  }
  return extensions;
}

/** Everything that is wrong with the extensions of a response to this offer. */
export function judgeExtensions(answer: string | undefined, offer: string | undefined): HandshakeFault[] {
  if (answer === undefined || answer === "") return [];
  const got = `Sec-WebSocket-Extensions: ${answer}`;
  const offered = offer === undefined ? [] : (parseExtensions(offer) ?? []);
  if (offered.length === 0) {
    return [{ clause: "RFC 6455 9.1", expected: "no extension, for none was offered", got }];
  }
  const accepted = parseExtensions(answer);
  if (accepted === undefined) {
    return [{ clause: "RFC 6455 9.1", expected: "a list of extensions with parameters", got }];
  }
  const names = offered.map(({ name }) => name);
  const foreign = accepted.find(({ name }) => !names.includes(name));
  if (foreign !== undefined) {
    const expected = `only what was offered (${[...new Set(names)].join(", ")})`;
    return [{ clause: "RFC 6455 9.1", expected, got }];
  }
  if (new Set(accepted.map(({ name }) => name)).size < accepted.length) {
    return [{ clause: "RFC 6455 9.1", expected: "an extension that was offered, once", got }];
  }
  const deflate = accepted.find(({ name }) => name === DEFLATE);
  if (deflate === undefined) return [];
  // The answer fits if it fits one of the offers.
  const complaints = offered
    .filter(({ name }) => name === DEFLATE)
    .map((one) => complaintAbout(deflate, one));
  if (complaints.includes(undefined)) return [];
  return [{ clause: "RFC 7692 7.1", expected: complaints[0] ?? "an answer that fits the offer", got }];
}

/** What an answer would have to be to fit the offer; undefined when it fits. */
function complaintAbout(answer: Extension, offer: Extension): string | undefined {
  const given = new Map(answer.parameters);
  const asked = new Map(offer.parameters);
  if (given.size < answer.parameters.length) return "each parameter once";
  for (const [name, value] of given) {
    const wrong = parameterFault(name, value);
    if (wrong !== undefined) return wrong;
  }
  if (asked.has("server_no_context_takeover") && !given.has("server_no_context_takeover")) {
    return "server_no_context_takeover in the answer, as it was asked for (section 7.1.1.1)";
  }
  const wantedBits = asked.get("server_max_window_bits");
  const bits = given.get("server_max_window_bits");
  if (wantedBits !== undefined && (bits === undefined || Number(bits) > Number(wantedBits))) {
    return `server_max_window_bits of at most ${wantedBits} in the answer, as it was asked for (section 7.1.2.1)`;
  }
  const ours = given.get("client_max_window_bits");
  if (ours !== undefined && !asked.has("client_max_window_bits")) {
    return "no client_max_window_bits, for the client did not offer it (section 7.1.2.2)";
  }
  const most = asked.get("client_max_window_bits");
  if (ours !== undefined && most !== undefined && Number(ours) > Number(most)) {
    return `client_max_window_bits of at most ${most} (section 7.1.2.2)`;
  }
  return undefined;
}

function parameterFault(name: string, value: string | undefined): string | undefined {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === undefined ? undefined : `${name} without a value (section 7.1.1)`;
    case "server_max_window_bits":
    case "client_max_window_bits":
      return /^([89]|1[0-5])$/.test(value ?? "")
        ? undefined
        : `${name} with a value from 8 to 15 (section 7.1.2)`;
    default:
      return `only parameters that RFC 7692 defines, not ${name}`;
  }
}

/** What was agreed on by an answer that takes permessage-deflate; undefined when it does not. */
export function agreedDeflate(answer: string | undefined): DeflateTerms | undefined {
  const deflate = parseExtensions(answer ?? "")?.find(({ name }) => name === DEFLATE);
  if (deflate === undefined) return undefined;
  const given = new Map(deflate.parameters);
  const bits = (name: string): number => {
    const value = Number(given.get(name));
    return value >= 8 && value <= 15 ? value : 15;
  };
  return {
    serverNoContext: given.has("server_no_context_takeover"),
    clientNoContext: given.has("client_no_context_takeover"),
    serverWindowBits: bits("server_max_window_bits"),
    clientWindowBits: bits("client_max_window_bits"),
  };
}
