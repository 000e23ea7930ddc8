import { env } from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { environmentProxy, findEnvironmentProxy } from "./environment-proxy.node.ts";

const NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
const before = { ...env };
const clear = (): void => {
  for (const name of [...NAMES, "REQUEST_METHOD"]) delete env[name];
};
beforeEach(clear);
afterEach(() => {
  clear();
  for (const name of [...NAMES, "REQUEST_METHOD"]) if (before[name] !== undefined) env[name] = before[name];
});

const P = "http://p:1";
const HTTP = "http://files.example";
const HTTPS = "https://files.example";

it.each<
  [why: string, variables: Record<string, string>, url: string, proxy?: string | undefined, variable?: string]
>([
  ["nothing set", {}, HTTP],
  ["another scheme's alone", { HTTPS_PROXY: P }, HTTP],
  ["http:", { HTTP_PROXY: P }, HTTP, P, "HTTP_PROXY"],
  ["http: in lower case", { http_proxy: P }, HTTP, P, "http_proxy"],
  ["https:", { HTTPS_PROXY: P, HTTP_PROXY: "http://q:1" }, HTTPS, P, "HTTPS_PROXY"],
  ["https: in lower case", { https_proxy: P }, HTTPS, P, "https_proxy"],
  ["both cases", { HTTP_PROXY: P, http_proxy: "http://q:1" }, HTTP, P, "HTTP_PROXY"],
  ["an empty one", { HTTP_PROXY: "", http_proxy: P }, HTTP, P, "http_proxy"],
  ["all", { ALL_PROXY: P }, HTTPS, P, "ALL_PROXY"],
  [
    "all in lower case, and one of its own",
    { all_proxy: P, http_proxy: "http://q:1" },
    HTTP,
    "http://q:1",
    "http_proxy",
  ],
  ["no scheme", { HTTPS_PROXY: "me:pass@p:1" }, HTTPS, "http://me:pass@p:1", "HTTPS_PROXY"],
  ["another scheme", { ALL_PROXY: "socks5://p:1" }, HTTPS, "socks5://p:1", "ALL_PROXY"],
  ["a CGI program", { HTTP_PROXY: P, REQUEST_METHOD: "GET" }, HTTP],
  [
    "a CGI program, lower case",
    { HTTP_PROXY: "http://q:1", http_proxy: P, REQUEST_METHOD: "GET" },
    HTTP,
    P,
    "http_proxy",
  ],
  ["a CGI program, https:", { HTTPS_PROXY: P, REQUEST_METHOD: "GET" }, HTTPS, P, "HTTPS_PROXY"],
  ["an exception", { HTTP_PROXY: P, NO_PROXY: "files.example" }, HTTP, undefined, "NO_PROXY"],
  ["an exception in lower case", { HTTP_PROXY: P, no_proxy: "*" }, HTTP, undefined, "no_proxy"],
  ["an exception from nothing", { NO_PROXY: "*" }, HTTP],
])("the environment decides: %s", (_why, variables, url, proxy, variable) => {
  Object.assign(env, variables);
  expect(findEnvironmentProxy(url)).toEqual({ proxy, variable });
  expect(environmentProxy(url)).toBe(proxy);
});

it.each([
  "http://localhost:8080",
  "http://127.0.0.1",
  "http://127.9.9.9:1",
  "http://[::1]:80",
  "http://[::ffff:127.0.0.1]",
  "http://2130706433",
])("%s is reached directly, whatever the environment says", (url) => {
  Object.assign(env, { HTTP_PROXY: P, ALL_PROXY: P });
  expect(findEnvironmentProxy(url)).toEqual({ proxy: undefined, variable: undefined });
});

// The rules of Go's golang.org/x/net/http/httpproxy, and blanks between entries, as in other clients.
describe("NO_PROXY", () => {
  it.each([
    ["files.example", "http://files.example", true],
    ["files.example", "http://a.files.example", true],
    ["files.example", "http://notfiles.example", false],
    ["files.example", "http://files.example.org", false],
    ["FILES.example", "http://files.EXAMPLE", true],
    [".files.example", "http://files.example", false],
    [".files.example", "http://a.files.example", true],
    ["*.files.example", "http://files.example", false],
    ["*.files.example", "http://a.b.files.example", true],
    ["*.files.example", "http://notfiles.example", false],
    ["example", "http://files.example", true],
    ["other.example, files.example", "http://files.example", true],
    ["other.example files.example", "http://files.example", true],
    [" , ,", "http://files.example", false],
    ["*", "http://files.example", true],
    ["files.example:8080", "http://files.example:8080", true],
    ["files.example:8080", "http://files.example", false],
    ["files.example:80", "http://files.example", true],
    ["files.example:443", "https://files.example", true],
    [":80", "http://files.example", false],
    ["192.0.2.1", "http://192.0.2.1", true],
    ["192.0.2.1", "http://192.0.2.11", false],
    ["192.0.2.1:8080", "http://192.0.2.1:8080", true],
    ["192.0.2.1:8080", "http://192.0.2.1", false],
    ["192.0.2.0/24", "http://192.0.2.200:8080", true],
    ["192.0.2.0/24", "http://192.0.3.1", false],
    ["192.0.2.0/33", "http://192.0.2.1", false],
    ["192.0.2.0/", "http://192.0.2.1", false],
    ["192.0.2.0/24", "http://files.example", false],
    ["2001:db8::1", "http://[2001:db8::1]", true],
    ["2001:DB8:0:0::1", "http://[2001:db8::1]", true],
    ["[2001:db8::1]", "http://[2001:db8::1]", true],
    ["[2001:db8::1]:8080", "http://[2001:db8::1]:8080", true],
    ["[2001:db8::1]:8080", "http://[2001:db8::1]", false],
    ["2001:db8::/32", "http://[2001:db8:1::2]", true],
    ["2001:db8::/129", "http://[2001:db8::]", false],
    ["2001:db8::/32", "http://192.0.2.1", false],
    ["(files", "http://files.example", false],
  ])("%j: %s is reached directly: %s", (noProxy, url, isDirect) => {
    Object.assign(env, { ALL_PROXY: P, NO_PROXY: noProxy });
    expect(environmentProxy(url) === undefined).toBe(isDirect);
  });
});
