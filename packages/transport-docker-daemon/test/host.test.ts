import { expect, it } from "vitest";
import { findHost } from "../src/host.ts";

const socket = "http://api.moby.localhost";

it.each([
  ["nothing", {}, {}, { socketPath: "/var/run/docker.sock", baseUrl: socket }],
  ["DOCKER_HOST", {}, { DOCKER_HOST: "unix:///run/a.sock" }, { socketPath: "/run/a.sock", baseUrl: socket }],
  ["an empty DOCKER_HOST", {}, { DOCKER_HOST: "" }, { socketPath: "/var/run/docker.sock", baseUrl: socket }],
  [
    "the option before DOCKER_HOST",
    { daemonHost: "unix:///b" },
    { DOCKER_HOST: "unix:///a" },
    { socketPath: "/b", baseUrl: socket },
  ],
  ["tcp in the option", { daemonHost: "tcp://10.0.0.1:2376" }, {}, { baseUrl: "https://10.0.0.1:2376" }],
  ["tcp in the option without a port", { daemonHost: "tcp://h" }, {}, { baseUrl: "https://h:2376" }],
  ["tcp at the port of https", { daemonHost: "tcp://h:443" }, {}, { baseUrl: "https://h" }],
  ["tcp of IPv6", { daemonHost: "tcp://[::1]" }, {}, { baseUrl: "https://[::1]:2376" }],
  ["tcp in DOCKER_HOST", {}, { DOCKER_HOST: "tcp://h" }, { baseUrl: "http://h:2375" }],
  ["tcp, verified", {}, { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1" }, { baseUrl: "https://h:2376" }],
  ["tcp with a folder", {}, { DOCKER_HOST: "tcp://h:1", DOCKER_CERT_PATH: "/c" }, { baseUrl: "https://h:1" }],
  [
    "tcp with the option's folder",
    { certDir: "/c" },
    { DOCKER_HOST: "tcp://h:1" },
    { baseUrl: "https://h:1" },
  ],
  [
    "http",
    { daemonHost: "http://h:1/prefix/" },
    { DOCKER_TLS_VERIFY: "1" },
    { baseUrl: "http://h:1/prefix" },
  ],
  ["https", { daemonHost: "https://h:1" }, {}, { baseUrl: "https://h:1" }],
])("%s leads to a daemon", (_, options, env, host) => {
  expect(findHost(options, env)).toMatchObject(host);
  expect(findHost(options, env).socketPath).toBe("socketPath" in host ? host.socketPath : undefined);
});

it.each([
  "h:1",
  "/run/docker.sock",
  "unix://",
  "npipe:////./pipe/docker_engine",
  "tcp://",
  "tcp://h:1?a",
  "http://",
  "fd://",
])("%s leads nowhere", (daemonHost) => {
  expect(() => findHost({ daemonHost }, {})).toThrow(
    expect.objectContaining({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      hint: "write unix:///PATH, tcp://HOST:PORT, https://HOST:PORT or http://HOST:PORT",
    }),
  );
});

it("ssh is refused with another way to do it", () => {
  expect(() => findHost({ daemonHost: "ssh://me@h" }, {})).toThrow(
    expect.objectContaining({
      hint: expect.stringContaining("ssh -L /tmp/docker.sock:/var/run/docker.sock"),
    }),
  );
});

it("a password is refused, and not shown", () => {
  expect(() => findHost({ daemonHost: "tcp://me:secret@h:1" }, {})).toThrow(
    expect.objectContaining({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message: expect.not.stringContaining("secret"),
    }),
  );
});
