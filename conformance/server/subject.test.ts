import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../src/contract/contract.js";
import { inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import { createSubject, type SubjectOptions } from "./subject.js";

const endpoint = inlineEndpoint({
  protocol: { audience: [{ messages: [], to: "address", same: [] }] },
  endpoint: {
    address: "/rooms/{room}/ws",
    parameters: { room: { examples: ["a", "b", "c d"] } },
    query: {
      type: "object",
      properties: {
        kind: { enum: ["x", "y"], default: "y" },
        lang: { enum: ["en", "de"] },
        page: { type: "integer" },
      },
      required: ["lang"],
    },
  },
});
const subject = (options: Partial<SubjectOptions> = {}) =>
  createSubject({ url: "ws://h:8080", endpoint, ...options });
const resource = (options: Partial<SubjectOptions> = {}, parameters = {}): string =>
  subject(options).resource(parameters);

describe("the address of a subject", () => {
  it("is the channel's, with the first example of each parameter and the query's defaults", () => {
    expect(resource()).toBe("/rooms/a/ws?kind=y&lang=en");
  });

  it("takes the parameters of a case and of the user, escaped", () => {
    expect(resource({}, { room: "c d" })).toBe("/rooms/c%20d/ws?kind=y&lang=en");
    expect(resource({ parameters: { room: ["z"] } })).toBe("/rooms/z/ws?kind=y&lang=en");
  });

  it("is the URL's own path where it has one, used as it is", () => {
    expect(resource({ url: "ws://h:8080/elsewhere?a=1" })).toBe("/elsewhere?a=1");
    expect(resource({ url: "ws://h:8080/elsewhere", query: { b: "2" } })).toBe("/elsewhere?b=2");
  });

  it("selects the websocket transport of Engine.IO under Socket.IO", () => {
    const socketIo: Endpoint = {
      ...endpoint,
      address: "/socket.io/",
      query: true,
      protocol: { ...endpoint.protocol, transport: "socket.io" },
    };
    expect(resource({ endpoint: socketIo })).toBe("/socket.io/?EIO=4&transport=websocket");
  });

  it.each([
    ["ws://h", "h", 80, false],
    ["wss://h", "h", 443, true],
    ["http://h:1", "h", 1, false],
    ["h:81", "h", 81, false],
    ["ws://[::1]:82", "::1", 82, false],
  ])("of %s is %s port %i", (url, host, port, secure) => {
    expect(subject({ url }).target).toMatchObject({ host, port });
    expect(subject({ url }).target.tls !== undefined).toBe(secure);
  });

  it("gives each case that runs at once its own place where events go to a whole address", () => {
    expect(subject().addresses(8)).toEqual([{ room: "a" }, { room: "b" }, { room: "c d" }]);
    expect(subject({ url: "ws://h/one" }).addresses(8)).toHaveLength(1);
  });

  it("is one for all cases where events go to one connection", () => {
    const alone = { ...endpoint, protocol: { ...endpoint.protocol, audience: [] } };
    expect(subject({ endpoint: alone }).addresses(3)).toEqual([{ room: "a" }, { room: "a" }, { room: "a" }]);
  });

  it.each([
    ["ftp://h", {}, "ws://… or wss://…"],
    ["ws://", {}, "is no URL"],
    ["ws://user:secret@h", {}, "header"],
    ["ws://h", { rooom: ["a"] }, 'has no parameter "rooom"'],
  ])("cannot be %s with the parameters %j", (url, parameters, message) => {
    expect(() => subject({ url, parameters })).toThrow(message);
  });

  it("needs a value for each parameter", () => {
    const bare = { ...endpoint, parameters: { room: {} } };
    expect(() => resource({ endpoint: bare })).toThrow("--param room=<value>");
  });
});

describe("how a subject is reached", () => {
  const target = (options: Partial<SubjectOptions>) =>
    subject({ url: "wss://Example.com", ...options }).target;

  it("is at the address that the user knows, under the name of the URL", () => {
    const resolve = { "example.com": "127.0.0.1", "other.com": "127.0.0.2" };
    expect(target({ resolve })).toMatchObject({ host: "example.com", port: 443, address: "127.0.0.1" });
    expect(subject({ url: "wss://Example.com", resolve }).host).toBe("example.com");
  });

  it("is through the proxy that the environment names, unless it is on this machine", () => {
    const environment = { HTTPS_PROXY: "http://me:secret@proxy:3128", NO_PROXY: "inside.example" };
    expect(target({ environment }).proxy).toMatchObject({ host: "proxy", port: 3128 });
    expect(target({ environment, url: "wss://a.inside.example" }).proxy).toBeUndefined();
    expect(target({ environment, url: "wss://127.0.0.1:1" }).proxy).toBeUndefined();
    expect(target({}).proxy).toBeUndefined();
    expect(() => target({ environment: { HTTPS_PROXY: "socks5://proxy" } })).toThrow("Name an HTTP proxy");
  });

  it("is with a certificate and its key, or with neither", () => {
    expect(target({ ca: "C", cert: "A", key: "B" }).tls).toEqual({ ca: "C", cert: "A", key: "B" });
    expect(() => target({ cert: "A" })).toThrow("needs its key");
    // What is said for TLS means nothing without it.
    expect(target({ url: "ws://h", cert: "A", key: "B" }).tls).toBeUndefined();
  });

  it("is from an origin that a check may change: it is no ordinary header", () => {
    const headers = { ORIGIN: "https://a", "X-A": "1" };
    expect(subject({ headers })).toMatchObject({ origin: "https://a", headers: { "X-A": "1" } });
    expect(subject({ headers, origin: "https://b" }).origin).toBe("https://b");
    expect(subject().origin).toBeUndefined();
  });
});
