/** Reads single arguments of the command line; what cannot be read says how it is written. Loads nothing but the option parser. */
import { InvalidArgumentError } from "commander";
import { UsageError } from "./failure.js";

/** The largest seed: 31 bits, as fast-check takes them. */
export const SEED_MAX = 2 ** 31 - 1;

/** Whole numbers from `min` to `max`; `what` begins the sentence of refusal. */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`);
  };
}

/** Decimals above 0, at most `max`, written without an exponent. */
export function positiveDecimal(max: number, example: string): (text: string) => number {
  return (text) => {
    const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value > 0 && value <= max) return value;
    throw new InvalidArgumentError(`It is a decimal above 0 and at most ${max}, as ${example}.`);
  };
}

/** A share from 0 to 100, in per cent, with or without its sign. */
export function percentage(text: string): number {
  const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number(text.replace("%", "")) : Number.NaN;
  if (value <= 100) return value;
  throw new InvalidArgumentError("It is a share in per cent from 0 to 100, as 80.");
}

/** Selectors of checks with commas; the option may be given again. */
export function selection(text: string, previous: readonly string[] = []): readonly string[] {
  const ids = text.split(",").map((id) => id.trim());
  if (ids.every((id) => id !== "")) return [...previous, ...ids];
  throw new InvalidArgumentError("Name one or more checks, with commas, as S-CD-01,S-FR.");
}

/** Names with commas; the option may be given again. */
export function names(text: string, previous: readonly string[] = []): readonly string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.every((name) => TOKEN.test(name))) return [...previous, ...list];
  throw new InvalidArgumentError("Name one or more, with commas, as chat.v2,chat.v1.");
}

/** The characters of a token, as a header's name is one (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** `name=value`, the value with commas for several; the option may be given again. */
export function parameter(
  text: string,
  previous: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, readonly string[]>> {
  const at = text.indexOf("=");
  const values = text.slice(at + 1).split(",");
  if (at < 1 || values.includes("")) {
    throw new InvalidArgumentError("It is a name and a value, as id=42 or id=42,43.");
  }
  return { ...previous, [text.slice(0, at)]: values };
}

/** `name=value` of a query string; the option may be given again. */
export function queryPair(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It is a name and a value, as token=abc.");
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

/** `Name: value` of a request header; the option may be given again. */
export function headerLine(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf(":");
  const name = text.slice(0, Math.max(at, 0)).trim();
  const value = text.slice(at + 1).trim();
  // A line break would begin another header.
  if (!TOKEN.test(name) || /[\r\n\0]/.test(value)) {
    throw new InvalidArgumentError("It is a name and a value, as 'Authorization: Bearer abc'.");
  }
  return { ...previous, [name]: value };
}

/** A command as a JSON array of its words: never a string that a shell or we would split. */
export function commandWords(text: string): readonly string[] {
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch {
    words = undefined;
  }
  if (Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string"))
    return words;
  throw new InvalidArgumentError(`It is a JSON array of words, as '["./token.sh", "--user", "a"]'.`);
}

/** `host:address`; the option may be given again. An IPv6 address may stand in brackets. */
export function resolution(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf(":");
  const host = text.slice(0, Math.max(at, 0)).toLowerCase();
  const address = text.slice(at + 1).replace(/^\[|\]$/g, "");
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) || /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address);
  if (host === "" || !isAddress) {
    throw new InvalidArgumentError("It is a host and an IP address, as example.com:127.0.0.1.");
  }
  return { ...previous, [host]: address };
}

const SCHEMES = ["ws:", "wss:", "http:", "https:"];

/** The URL of a server, as it was typed. Throws {@link UsageError} for anything else. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && SCHEMES.includes(url.protocol) && url.hostname !== "") return text;
  const meant = URL.canParse(`ws://${text}`) ? ` Did you mean ws://${text}?` : "";
  throw new UsageError(
    `"${text}" is not the URL of a server: it begins with ws://, wss://, http:// or https://.${meant}`,
  );
}
