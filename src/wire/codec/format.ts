/**
 * The formats of draft-07 and OpenAPI, with the decisions of ajv-formats in its full mode, which is what the judge uses.
 *
 * The expressions for URIs, host names, addresses, URI templates and e-mail are those of ajv-formats 3.0.1
 * (https://github.com/ajv-validator/ajv-formats), Copyright (c) 2020 Evgeny Poberezkin, MIT licence.
 */

const DATE = /^(\d\d\d\d)-(\d\d)-(\d\d)$/;
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `date`: a full-date of RFC 3339. */
export function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (leap ? 29 : (DAYS[month] ?? 0));
}

const TIME = /^(\d\d):(\d\d):(\d\d(?:\.\d+)?)(z|([+-])(\d\d)(?::?(\d\d))?)?$/i;

/** `iso-time`: a time with or without a zone. */
export function isIsoTime(text: string): boolean {
  const match = TIME.exec(text);
  if (match === null) return false;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const sign = match[5] === "-" ? -1 : 1;
  const [zoneHour, zoneMinute] = [Number(match[6] ?? 0), Number(match[7] ?? 0)];
  if (zoneHour > 23 || zoneMinute > 59) return false;
  if (hour <= 23 && minute <= 59 && second < 60) return true;
  // A leap second is the last of a day in UTC.
  const utcMinute = minute - zoneMinute * sign;
  const utcHour = hour - zoneHour * sign - (utcMinute < 0 ? 1 : 0);
  return (utcHour === 23 || utcHour === -1) && (utcMinute === 59 || utcMinute === -1) && second < 61;
}

const ZONE = /(?:z|[+-]\d\d(?::?\d\d)?)$/i;

/** `time`: a time of RFC 3339, with its zone. */
export function isTime(text: string): boolean {
  return ZONE.test(text) && isIsoTime(text);
}

const SEPARATOR = /t|\s/i;

/** `iso-date-time`: a date and a time with or without a zone. */
export function isIsoDateTime(text: string): boolean {
  const [date = "", time = "", ...more] = text.split(SEPARATOR);
  return more.length === 0 && isDate(date) && isIsoTime(time);
}

// Nearly all timestamps are of this shape, which is a date-time whatever its digits are.
const PLAIN_DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d+)?Z$/;

/** `date-time`: a date-time of RFC 3339. */
export function isDateTime(text: string): boolean {
  return PLAIN_DATE_TIME.test(text) || isMoment(text);
}

const MOMENT =
  /^(\d{4})-(0[1-9]|1[0-2])-(\d\d)[t\s](\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:z|[+-]([01]\d|2[0-3])(?::?([0-5]\d))?)$/i;

type Nine = [unknown, number, number, number, number, number, number, number, number];

/** The rule of `date-time` alone, without the short way to most of them. */
export function isMoment(text: string): boolean {
  const parts = MOMENT.exec(text)?.map((part) => Number(part) || 0);
  if (!parts) return false;
  // The expression has eight groups; one that took no part is 0 here.
  const [, year, month, day, hour, minute, second, zoneHour, zoneMinute] = parts as Nine;
  const zone = text.lastIndexOf("-") > 9 ? -1 : 1;
  const utcMinute = minute - zone * zoneMinute;
  const sinceMidnight = (hour - zone * zoneHour) * 60 + utcMinute;
  return (
    // A day that its month does not have leads into another; 400 years later the calendar is the same, and no year short.
    new Date(year + 400, month - 1, day).getDate() === day &&
    // A leap second is the last of a day in UTC.
    ((hour < 24 && minute < 60 && second < 60) ||
      (utcMinute < 60 && second < 61 && (sinceMidnight === 1439 || sinceMidnight === -1)))
  );
}

const URI =
  /^(?:[a-z][a-z0-9+\-.]*:)(?:\/?\/(?:(?:[a-z0-9\-._~!$&'()*+,;=:]|%[0-9a-f]{2})*@)?(?:\[(?:(?:(?:(?:[0-9a-f]{1,4}:){6}|::(?:[0-9a-f]{1,4}:){5}|(?:[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}:){4}|(?:(?:[0-9a-f]{1,4}:){0,1}[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}:){3}|(?:(?:[0-9a-f]{1,4}:){0,2}[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}:){2}|(?:(?:[0-9a-f]{1,4}:){0,3}[0-9a-f]{1,4})?::[0-9a-f]{1,4}:|(?:(?:[0-9a-f]{1,4}:){0,4}[0-9a-f]{1,4})?::)(?:[0-9a-f]{1,4}:[0-9a-f]{1,4}|(?:(?:25[0-5]|2[0-4]\d|[01]?\d\d?)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d\d?))|(?:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4})?::[0-9a-f]{1,4}|(?:(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4})?::)|[Vv][0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+)\]|(?:(?:25[0-5]|2[0-4]\d|[01]?\d\d?)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d\d?)|(?:[a-z0-9\-._~!$&'()*+,;=]|%[0-9a-f]{2})*)(?::\d*)?(?:\/(?:[a-z0-9\-._~!$&'()*+,;=:@]|%[0-9a-f]{2})*)*|\/(?:(?:[a-z0-9\-._~!$&'()*+,;=:@]|%[0-9a-f]{2})+(?:\/(?:[a-z0-9\-._~!$&'()*+,;=:@]|%[0-9a-f]{2})*)*)?|(?:[a-z0-9\-._~!$&'()*+,;=:@]|%[0-9a-f]{2})+(?:\/(?:[a-z0-9\-._~!$&'()*+,;=:@]|%[0-9a-f]{2})*)*)(?:\?(?:[a-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9a-f]{2})*)?(?:#(?:[a-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9a-f]{2})*)?$/i;

/** `uri`: an absolute URI of RFC 3986. */
export function isUri(text: string): boolean {
  return URI.test(text);
}

const URI_REFERENCE =
  /^(?:[a-z][a-z0-9+\-.]*:)?(?:\/?\/(?:(?:[a-z0-9\-._~!$&'()*+,;=:]|%[0-9a-f]{2})*@)?(?:\[(?:(?:(?:(?:[0-9a-f]{1,4}:){6}|::(?:[0-9a-f]{1,4}:){5}|(?:[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}:){4}|(?:(?:[0-9a-f]{1,4}:){0,1}[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}:){3}|(?:(?:[0-9a-f]{1,4}:){0,2}[0-9a-f]{1,4})?::(?:[0-9a-f]{1,4}:){2}|(?:(?:[0-9a-f]{1,4}:){0,3}[0-9a-f]{1,4})?::[0-9a-f]{1,4}:|(?:(?:[0-9a-f]{1,4}:){0,4}[0-9a-f]{1,4})?::)(?:[0-9a-f]{1,4}:[0-9a-f]{1,4}|(?:(?:25[0-5]|2[0-4]\d|[01]?\d\d?)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d\d?))|(?:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4})?::[0-9a-f]{1,4}|(?:(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4})?::)|[Vv][0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+)\]|(?:(?:25[0-5]|2[0-4]\d|[01]?\d\d?)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d\d?)|(?:[a-z0-9\-._~!$&'"()*+,;=]|%[0-9a-f]{2})*)(?::\d*)?(?:\/(?:[a-z0-9\-._~!$&'"()*+,;=:@]|%[0-9a-f]{2})*)*|\/(?:(?:[a-z0-9\-._~!$&'"()*+,;=:@]|%[0-9a-f]{2})+(?:\/(?:[a-z0-9\-._~!$&'"()*+,;=:@]|%[0-9a-f]{2})*)*)?|(?:[a-z0-9\-._~!$&'"()*+,;=:@]|%[0-9a-f]{2})+(?:\/(?:[a-z0-9\-._~!$&'"()*+,;=:@]|%[0-9a-f]{2})*)*)?(?:\?(?:[a-z0-9\-._~!$&'"()*+,;=:@/?]|%[0-9a-f]{2})*)?(?:#(?:[a-z0-9\-._~!$&'"()*+,;=:@/?]|%[0-9a-f]{2})*)?$/i;

/** `uri-reference`: a URI or a relative reference of RFC 3986. */
export function isUriReference(text: string): boolean {
  return URI_REFERENCE.test(text);
}

const URI_TEMPLATE =
  /^(?:(?:[^\x00-\x20"'<>%\\^`{|}]|%[0-9a-f]{2})|\{[+#./;?&=,!@|]?(?:[a-z0-9_]|%[0-9a-f]{2})+(?::[1-9][0-9]{0,3}|\*)?(?:,(?:[a-z0-9_]|%[0-9a-f]{2})+(?::[1-9][0-9]{0,3}|\*)?)*\})*$/i;

/** `uri-template`: a template of RFC 6570. */
export function isUriTemplate(text: string): boolean {
  return URI_TEMPLATE.test(text);
}

const URL =
  /^(?:https?|ftp):\/\/(?:\S+(?::\S*)?@)?(?:(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))|(?:(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)(?:\.(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)*(?:\.(?:[a-z\u{00a1}-\u{ffff}]{2,})))(?::\d{2,5})?(?:\/[^\s]*)?$/iu;

/** `url`: an http, https or ftp URL. */
export function isUrl(text: string): boolean {
  return URL.test(text);
}

const EMAIL =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

/** `email`: an e-mail address. */
export function isEmail(text: string): boolean {
  return EMAIL.test(text);
}

const HOSTNAME =
  /^(?=.{1,253}\.?$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-0-9a-z]{0,61}[0-9a-z])?)*\.?$/i;

/** `hostname`: a host name of RFC 1123. */
export function isHostname(text: string): boolean {
  return HOSTNAME.test(text);
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** `ipv4`: an IPv4 address. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

const IPV6 =
  /^((([0-9a-f]{1,4}:){7}([0-9a-f]{1,4}|:))|(([0-9a-f]{1,4}:){6}(:[0-9a-f]{1,4}|((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})|:))|(([0-9a-f]{1,4}:){5}(((:[0-9a-f]{1,4}){1,2})|:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})|:))|(([0-9a-f]{1,4}:){4}(((:[0-9a-f]{1,4}){1,3})|((:[0-9a-f]{1,4})?:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(([0-9a-f]{1,4}:){3}(((:[0-9a-f]{1,4}){1,4})|((:[0-9a-f]{1,4}){0,2}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(([0-9a-f]{1,4}:){2}(((:[0-9a-f]{1,4}){1,5})|((:[0-9a-f]{1,4}){0,3}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(([0-9a-f]{1,4}:){1}(((:[0-9a-f]{1,4}){1,6})|((:[0-9a-f]{1,4}){0,4}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(:(((:[0-9a-f]{1,4}){1,7})|((:[0-9a-f]{1,4}){0,5}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:)))$/i;

/** `ipv6`: an IPv6 address. */
export function isIpv6(text: string): boolean {
  return IPV6.test(text);
}

const UUID = /^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** `uuid`: a UUID of RFC 4122, with or without `urn:uuid:`. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const JSON_POINTER = /^(?:\/(?:[^~/]|~0|~1)*)*$/;

/** `json-pointer`: a JSON pointer of RFC 6901. */
export function isJsonPointer(text: string): boolean {
  return JSON_POINTER.test(text);
}

const JSON_POINTER_URI_FRAGMENT = /^#(?:\/(?:[a-z0-9_\-.!$&'()*+,;:=@]|%[0-9a-f]{2}|~0|~1)*)*$/i;

/** `json-pointer-uri-fragment`: a JSON pointer as a URI fragment. */
export function isJsonPointerUriFragment(text: string): boolean {
  return JSON_POINTER_URI_FRAGMENT.test(text);
}

const RELATIVE_JSON_POINTER = /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/;

/** `relative-json-pointer`: a relative JSON pointer. */
export function isRelativeJsonPointer(text: string): boolean {
  return RELATIVE_JSON_POINTER.test(text);
}

const DURATION = /^P(?!$)((\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?|(\d+W)?)$/;

/** `duration`: a duration of RFC 3339, appendix A. */
export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

const Z_ANCHOR = /[^\\]\\Z/;

/** `regex`: a regular expression of ECMAScript. */
export function isRegex(text: string): boolean {
  if (Z_ANCHOR.test(text)) return false;
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const BYTE = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/m;

/** `byte`: base64 (of a text of several lines, one of them). */
export function isByte(text: string): boolean {
  return BYTE.test(text);
}

/** `int32`: a signed 32-bit integer. */
export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** `formatMinimum` and its kin over `date`: the order of two dates; NaN where there is none. */
export function compareDates(a: string, b: string): number {
  if (a === "" || b === "") return Number.NaN;
  return a > b ? 1 : a < b ? -1 : 0;
}

/** The same over `time`. */
export function compareTimes(a: string, b: string): number {
  return compareMoments(`2020-01-01T${a}`, `2020-01-01T${b}`);
}

/** The same over `date-time`. */
export function compareMoments(a: string, b: string): number {
  const [one, other] = [Date.parse(a), Date.parse(b)];
  // The judge takes the first moment of 1970 for none.
  return one && other ? one - other : Number.NaN;
}

/** The same over `iso-time`: by digits, without the zone. */
export function compareIsoTimes(a: string, b: string): number {
  const [one, other] = [TIME.exec(a), TIME.exec(b)];
  if (one === null || other === null) return Number.NaN;
  return compareDates(`${one[1]}${one[2]}${one[3]}`, `${other[1]}${other[2]}${other[3]}`);
}

/** The same over `iso-date-time`: by date, then by time. */
export function compareIsoDateTimes(a: string, b: string): number {
  const [dateA = "", timeA = ""] = a.split(SEPARATOR);
  const [dateB = "", timeB = ""] = b.split(SEPARATOR);
  return compareDates(dateA, dateB) || compareTimes(timeA, timeB);
}
