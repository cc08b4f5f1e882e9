/** Members of each format that ajv-formats knows. Where a format is a set of spellings, several of them are drawn. */

import fc from "fast-check";

const two = (min: number, max: number) =>
  fc.integer({ min, max }).map((value) => String(value).padStart(2, "0"));

const date = fc
  .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));
const clock = fc
  .tuple(two(0, 23), two(0, 59), two(0, 59), fc.option(fc.integer({ min: 0, max: 999_999_999 }), { freq: 3 }))
  .map(([h, m, s, fraction]) => `${h}:${m}:${s}${fraction === null ? "" : `.${fraction}`}`);
const zone = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("Z", "z", "+00:00", "-00:00") },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom("+", "-"), two(0, 23), two(0, 59))
      .map(([sign, h, m]) => `${sign}${h}:${m}`),
  },
);
const leapSecond = fc.constantFrom("23:59:60Z", "23:59:60.5Z");
const time = fc.oneof(
  { weight: 19, arbitrary: fc.tuple(clock, zone).map(([at, offset]) => at + offset) },
  { weight: 1, arbitrary: leapSecond },
);
const isoTime = fc.oneof(time, clock);
const dateTime = fc.tuple(date, fc.constantFrom("T", "t"), time).map((parts) => parts.join(""));
const isoDateTime = fc.tuple(date, fc.constantFrom("T", " "), isoTime).map((parts) => parts.join(""));

const amount = fc.integer({ min: 0, max: 400 }).map(String);
const part = (unit: string) =>
  fc.option(
    amount.map((value) => value + unit),
    { nil: "" },
  );
const duration = fc.oneof(
  fc.tuple(part("Y"), part("M"), part("D"), part("H"), part("M"), part("S")).map(([y, mo, d, h, mi, s]) => {
    const clockParts = h + mi + s;
    const text = y + mo + d + (clockParts === "" ? "" : `T${clockParts}`);
    return text === "" ? "PT0S" : `P${text}`;
  }),
  amount.map((weeks) => `P${weeks}W`),
);

const letters = "abcdefghijklmnopqrstuvwxyz";
const word = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const label = fc
  .tuple(word(letters, 1, 1), word(`${letters}0123456789-`, 0, 10), word(`${letters}0123456789`, 1, 1))
  .map((parts) => parts.join(""));
const hostname = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), word(letters, 2, 6))
  .map(([labels, top]) => [...labels, top].join("."));
const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const escaped = fc.integer({ min: 0, max: 255 }).map((value) => `%${value.toString(16).padStart(2, "0")}`);
const segment = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: word(`${letters}0123456789-._~`, 1, 4) },
      { weight: 1, arbitrary: escaped },
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join(""));
const path = fc.array(segment, { maxLength: 4 }).map((segments) => segments.map((one) => `/${one}`).join(""));
const query = fc.option(
  segment.map((text) => `?${text}`),
  { nil: "" },
);
const fragment = fc.option(
  segment.map((text) => `#${text}`),
  { nil: "" },
);
const port = fc.option(
  fc.integer({ min: 10, max: 65535 }).map((value) => `:${value}`),
  { nil: "" },
);
const locator = (scheme: fc.Arbitrary<string>) =>
  fc
    .tuple(scheme, hostname, port, path, query, fragment)
    .map(([name, ...rest]) => `${name}://${rest.join("")}`);
const uri = fc.oneof(
  locator(fc.constantFrom("http", "https", "ws", "wss", "ftp")),
  fc
    .tuple(fc.constantFrom("urn:example:", "mailto:", "tel:"), word(`${letters}0123456789`, 1, 8))
    .map((parts) => parts.join("")),
);
const pointerPart = fc
  .array(fc.oneof(word(`${letters} 0-_.`, 1, 3), fc.constantFrom("~0", "~1", "é", "😀")), { maxLength: 3 })
  .map((parts) => parts.join(""));
const jsonPointer = fc
  .array(pointerPart, { maxLength: 4 })
  .map((parts) => parts.map((one) => `/${one}`).join(""));
const fragmentPointer = fc
  .array(word(`${letters}0123456789_-`, 0, 5), { maxLength: 3 })
  .map((parts) => `#${parts.map((one) => `/${one}`).join("")}`);
const variable = fc
  .tuple(fc.constantFrom("", "+", "#", "/", "?", "&"), word(letters, 1, 6), fc.constantFrom("", "*", ":3"))
  .map(([operator, name, modifier]) => `{${operator}${name}${modifier}}`);
const uuid = fc.oneof(
  { weight: 8, arbitrary: fc.uuid() },
  { weight: 2, arbitrary: fc.uuid().map((value) => value.toUpperCase()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ),
  },
);

const BY_FORMAT: Readonly<Record<string, fc.Arbitrary<string>>> = {
  date,
  time,
  "date-time": dateTime,
  "iso-time": isoTime,
  "iso-date-time": isoDateTime,
  duration,
  uri,
  "uri-reference": fc.oneof(
    uri,
    fc.tuple(path, query, fragment).map((parts) => parts.join("")),
  ),
  "uri-template": fc
    .array(fc.oneof(word(letters, 1, 5), variable), { maxLength: 4 })
    .map((parts) => parts.join("/")),
  url: locator(fc.constantFrom("http", "https", "ftp")),
  email: fc.tuple(word(`${letters}0123456789+_-`, 1, 10), hostname).map((parts) => parts.join("@")),
  hostname,
  ipv4,
  ipv6: fc.ipV6(),
  regex: fc.constantFrom("", "a", "^[a-z]+$", "\\d{2,}", "(a|b)*", "\\.", "[^/]", "(?:x)?", "é+"),
  uuid,
  "json-pointer": jsonPointer,
  "json-pointer-uri-fragment": fragmentPointer,
  "relative-json-pointer": fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.oneof(jsonPointer, fc.constant("#")))
    .map((parts) => parts.join("")),
  byte: fc.uint8Array({ maxLength: 24 }).map((bytes) => toBase64(bytes)),
};

/** Strings of a format, or undefined where the format says nothing about strings (`password`, unknown ones). */
export function formatted(format: string): fc.Arbitrary<string> | undefined {
  return Object.hasOwn(BY_FORMAT, format) ? BY_FORMAT[format] : undefined;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
