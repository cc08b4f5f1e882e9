import { describe, expect, it } from "vitest";
import {
  commandWords,
  headerLine,
  names,
  parameter,
  percentage,
  positiveDecimal,
  queryPair,
  resolution,
  selection,
  serverUrl,
  wholeNumber,
} from "./arguments.js";

describe("an argument", () => {
  it.each<[string, () => unknown, unknown]>([
    ["a number", () => wholeNumber("It", 1, 10)("10"), 10],
    ["a decimal", () => positiveDecimal(1000, "0.05")(".5"), 0.5],
    ["a share", () => percentage("80%"), 80],
    ["selectors", () => selection("S-CD,autobahn:6.*", ["S-HS"]), ["S-HS", "S-CD", "autobahn:6.*"]],
    ["a parameter", () => parameter("room=a,b", { id: ["1"] }), { id: ["1"], room: ["a", "b"] }],
    ["a query parameter", () => queryPair("t=a=b,c"), { t: "a=b,c" }],
    ["an empty query parameter", () => queryPair("flag="), { flag: "" }],
    ["a header", () => headerLine("X-A:  b: c ", { "X-B": "d" }), { "X-B": "d", "X-A": "b: c" }],
    ["an argv", () => commandWords('["a","b c"]'), ["a", "b c"]],
    ["an address", () => resolution("Example.com:127.0.0.1"), { "example.com": "127.0.0.1" }],
    ["an IPv6 address", () => resolution("a:[::1]"), { a: "::1" }],
    ["subprotocols", () => names("chat.v2, chat.v1"), ["chat.v2", "chat.v1"]],
    ["a URL", () => serverUrl("wss://h/x?y"), "wss://h/x?y"],
  ])("is read as it is meant: %s", (_, read, value) => {
    expect(read()).toEqual(value);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "a number out of its bounds",
      () => wholeNumber("The age", 1, 10)("11"),
      /The age is a whole number from 1 to 10/,
    ],
    ["a number in another form", () => wholeNumber("It", 0, 99)("1e1"), /whole number/],
    ["a decimal with an exponent", () => positiveDecimal(10, "0.05")("1e-3"), /as 0\.05/],
    ["more than all", () => percentage("101"), /from 0 to 100/],
    ["an empty selector", () => selection("S-CD,,S-FR"), /Name one or more checks/],
    ["a header without a colon", () => headerLine("Authorization"), /'Authorization: Bearer abc'/],
    ["a header with a line break", () => headerLine("A: b\r\nC: d"), /a name and a value/],
    ["a query parameter without a name", () => queryPair("=x"), /token=abc/],
    ["a command as one string", () => commandWords("./token.sh --user a"), /JSON array of words/],
    ["a command of other things", () => commandWords("[1]"), /JSON array of words/],
    ["a host without an address", () => resolution("example.com"), /a host and an IP address/],
    ["a host to a host", () => resolution("a:b"), /a host and an IP address/],
    ["a subprotocol that is no token", () => names("a b"), /Name one or more/],
    ["a URL without a scheme", () => serverUrl("localhost:80"), /Did you mean ws:\/\/localhost:80\?/],
    ["another scheme", () => serverUrl("ftp://h"), /begins with ws:\/\//],
  ])("is refused with how it is written: %s", (_, read, message) => {
    expect(read).toThrow(message);
  });
});
