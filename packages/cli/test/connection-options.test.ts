import { isDrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { connectionOptions, endConnectionOptions } from "../src/connection-options.ts";

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

describe("how a registry is reached", () => {
  it("is left to the machine's configuration where no flag says anything", () => {
    expect(given(connectionOptions({}))).toEqual({});
    expect(given(endConnectionOptions({}, "dest"))).toEqual({});
  });

  it("is what the flags of the end say, and else those of both ends", () => {
    const flags = {
      authfile: "/both",
      srcAuthfile: "/source",
      tlsVerify: true,
      destTlsVerify: false,
      dcreds: "bob:b",
      srcCreds: "ann:with:colon",
      destCertDir: "/certs",
      srcDaemonHost: "tcp://127.0.0.1:1",
      registriesConf: "/conf",
      retryTimes: 3,
      retryDelay: 10,
    };
    const both = { registriesConf: "/conf", retries: 3, retryDelay: 10 };
    expect(given(endConnectionOptions(flags, "src"))).toEqual({
      ...both,
      authFile: "/source",
      tlsVerify: true,
      credentials: { username: "ann", password: "with:colon" },
      daemonHost: "tcp://127.0.0.1:1",
    });
    expect(given(endConnectionOptions(flags, "dest"))).toEqual({
      ...both,
      authFile: "/both",
      tlsVerify: false,
      credentials: { username: "bob", password: "b" },
      certDir: "/certs",
    });
  });

  it("takes a user without a password, a user with one in flags of their own, and nobody", () => {
    expect(connectionOptions({ creds: "ann" }).credentials).toEqual({ username: "ann", password: "" });
    expect(connectionOptions({ username: "ann", password: "x" }).credentials).toEqual({
      username: "ann",
      password: "x",
    });
    expect(connectionOptions({ noCreds: true }).credentials).toBe("none");
  });

  it("contradictions are usage errors that repeat no secret", () => {
    for (const flags of [
      { creds: "ann:secret", noCreds: true },
      { username: "ann", password: "secret", noCreds: true },
      { creds: "ann:secret", username: "ann", password: "secret" },
      { creds: ":secret" },
      { password: "secret" },
      { username: "ann" },
    ]) {
      let thrown: unknown;
      try {
        connectionOptions(flags);
      } catch (error) {
        thrown = error;
      }
      expect(isDrayageError(thrown, "ERR_DRAYAGE_USAGE")).toBe(true);
      expect(String(thrown)).not.toContain("secret");
    }
  });
});
