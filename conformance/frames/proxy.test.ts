import { describe, expect, it } from "vitest";
import { ProxyError, parseProxy, proxyFor, readConnectResponse, writeConnect } from "./proxy.js";

const target = { host: "api.example.com", port: 443, secure: true };

describe("the proxy of the environment", () => {
  it.each<[string, Record<string, string>, typeof target, string | undefined]>([
    ["nothing is set", {}, target, undefined],
    ["HTTPS_PROXY is set, for wss", { HTTPS_PROXY: "http://p:3128" }, target, "p"],
    ["HTTPS_PROXY is set, for ws", { HTTPS_PROXY: "http://p:3128" }, { ...target, secure: false }, undefined],
    ["HTTP_PROXY is set, for ws", { HTTP_PROXY: "http://p:3128" }, { ...target, secure: false }, "p"],
    ["lower and upper case are set", { HTTPS_PROXY: "http://p:1", https_proxy: "http://q:1" }, target, "q"],
    ["ALL_PROXY is set", { ALL_PROXY: "p:3128" }, target, "p"],
    [
      "the target is this machine",
      { HTTPS_PROXY: "http://p:1" },
      { ...target, host: "127.0.0.1" },
      undefined,
    ],
    ["the target is localhost", { HTTPS_PROXY: "http://p:1" }, { ...target, host: "localhost" }, undefined],
    ["NO_PROXY is *", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, target, undefined],
    [
      "NO_PROXY names the domain",
      { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.b, example.com" },
      target,
      undefined,
    ],
    ["NO_PROXY names .domain", { HTTPS_PROXY: "http://p:1", no_proxy: ".example.com" }, target, undefined],
    ["NO_PROXY names a part of a label", { HTTPS_PROXY: "http://p:1", NO_PROXY: "ample.com" }, target, "p"],
    ["NO_PROXY names another port", { HTTPS_PROXY: "http://p:1", NO_PROXY: "example.com:80" }, target, "p"],
    [
      "NO_PROXY names this port",
      { HTTPS_PROXY: "http://p:1", NO_PROXY: "example.com:443" },
      target,
      undefined,
    ],
    [
      "NO_PROXY names an IPv6 address",
      { HTTPS_PROXY: "p", NO_PROXY: "fd00::1" },
      { ...target, host: "fd00::1" },
      undefined,
    ],
  ])("is right where %s", (_, environment, where, host) => {
    expect(proxyFor(where, environment)?.host).toBe(host);
  });

  it("may want TLS and credentials", () => {
    expect(parseProxy("https://me:s%3Acret@proxy.example")).toEqual({
      host: "proxy.example",
      port: 443,
      tls: true,
      authorization: `Basic ${Buffer.from("me:s:cret").toString("base64")}`,
    });
    expect(() => parseProxy("socks5://p")).toThrow(ProxyError);
    expect(() => parseProxy("http://")).toThrow(ProxyError);
  });
});

describe("CONNECT", () => {
  it("names the authority, in brackets where it must", () => {
    expect(writeConnect("::1", 443, { host: "p", port: 1, authorization: "Basic eA==" })).toBe(
      "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic eA==\r\n\r\n",
    );
  });

  it("is answered by any 2xx, and what follows the head is the tunnel's", () => {
    expect(readConnectResponse(Buffer.from("HTTP/1.1 200 OK\r\n"))).toBeUndefined();
    expect(readConnectResponse(Buffer.from("HTTP/1.0 204 x\r\na: b\r\n\r\nrest"))).toEqual({
      ok: true,
      statusLine: "HTTP/1.0 204 x",
      rest: Buffer.from("rest"),
    });
    expect(readConnectResponse(Buffer.from("HTTP/1.1 407 Who\r\n\r\n"))?.ok).toBe(false);
    expect(readConnectResponse(Buffer.alloc(20_000, 0x61))?.ok).toBe(false);
  });
});
