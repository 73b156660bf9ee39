import { describe, expect, it } from "vitest";
import { checkConfigAgainstLayers, configLimit, normalizeTime, parseConfig } from "../src/index.ts";
import { json, someDigest } from "./dir-image.ts";

const rootfs = { type: "layers", diff_ids: [someDigest("1"), someDigest("2")] };

describe("parseConfig", () => {
  it("reads OCI's fields and Docker's", () => {
    const document = {
      created: "2020-01-02T03:04:05.120Z",
      author: "me",
      architecture: "arm",
      os: "linux",
      "os.version": "1",
      "os.features": ["f"],
      variant: "v7",
      docker_version: "20.10",
      container: "c",
      container_config: { Cmd: ["x"] },
      config: {
        User: "u",
        ExposedPorts: { "80/tcp": {} },
        Env: ["A=1"],
        Entrypoint: ["e"],
        Cmd: ["c"],
        Volumes: { "/v": {} },
        WorkingDir: "/w",
        Labels: { l: "1", L: "2" },
        StopSignal: "SIGINT",
        ArgsEscaped: true,
        Hostname: "h",
        Tty: false,
        Healthcheck: {
          Test: ["NONE"],
          Interval: 1,
          Timeout: 2,
          StartPeriod: 3,
          StartInterval: 4,
          Retries: 5,
        },
        OnBuild: ["RUN x"],
        StopTimeout: 0,
        Shell: ["sh"],
      },
      rootfs,
      history: [
        { created: "2020-01-01T00:00:00Z", created_by: "x", author: "a", comment: "c", empty_layer: true },
      ],
    };
    const { bytes, ...parsed } = parseConfig(json(document));
    expect(parsed).toEqual({ ...document, created: "2020-01-02T03:04:05.12Z" });
    expect(bytes).toEqual(json(document));
  });

  it("reads a text as a list of one where Docker does", () => {
    expect(parseConfig(json({ config: { Cmd: "a b", Entrypoint: "e", Shell: "s" } })).config).toEqual({
      Cmd: ["a b"],
      Entrypoint: ["e"],
      Shell: ["s"],
    });
  });

  it("takes names in other cases, as Go does, and null for nothing", () => {
    expect(parseConfig(json({ OS: "linux", config: { user: "root", ENV: null } }))).toMatchObject({
      os: "linux",
      architecture: "",
      config: { User: "root" },
    });
  });

  it("keeps unknown fields", () => {
    const { extra, config } = parseConfig(json({ "moby.buildkit.x": "1", config: { Y: 2 } }));
    expect([...(extra?.keys() ?? [])]).toEqual(["moby.buildkit.x"]);
    expect([...(config?.extra?.keys() ?? [])]).toEqual(["Y"]);
  });

  const wrong: readonly (readonly [unknown, string])[] = [
    [
      { config: { User: "a", user: "b" } },
      'config config.user: ambiguous: "User" differs from it by case alone',
    ],
    [{ config: [] }, "config config: an object is expected, and there is a list"],
    [{ config: { Env: "A=1" } }, "config config.Env: a list is expected, and there is text"],
    [{ config: { Labels: { a: 1 } } }, 'config config.Labels["a"]: text is expected, and there is a number'],
    [{ config: { ExposedPorts: { "80": 1 } } }, 'config config.ExposedPorts: "80" must have an empty object'],
    [{ config: { Tty: 1 } }, "config config.Tty: true or false is expected, and there is a number"],
    [{ created: "yesterday" }, 'config created: "yesterday" is not a time of RFC 3339'],
    [
      { history: [{}, { created: "2020-02-30T00:00:00Z" }] },
      'config history[1].created: "2020-02-30T00:00:00Z" is not a time of RFC 3339',
    ],
    [{ rootfs: { diff_ids: ["x"] } }, 'config rootfs.diff_ids[0]: "x" is not a digest: it has no algorithm'],
    ["text", "config: an object is expected, and there is text"],
  ];
  it.each(wrong.map(([document, message]) => ({ document, message })))(
    "$message",
    ({ document, message }) => {
      expect(() => parseConfig(json(document))).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_CONFIG_INVALID", message }),
      );
    },
  );

  it("takes no more than 4 MiB", () => {
    expect(() => parseConfig(new Uint8Array(configLimit + 1))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }),
    );
  });
});

describe("normalizeTime", () => {
  it.each([
    ["2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"],
    ["2020-01-02T03:04:05.000000000Z", "2020-01-02T03:04:05Z"],
    ["2020-01-02T03:04:05.120Z", "2020-01-02T03:04:05.12Z"],
    ["2020-01-02T03:04:05.1234567899Z", "2020-01-02T03:04:05.123456789Z"],
    ["2020-01-02T03:04:05+00:00", "2020-01-02T03:04:05Z"],
    ["2020-01-02T03:04:05-00:00", "2020-01-02T03:04:05Z"],
    ["2020-01-02T03:04:05.5-03:30", "2020-01-02T03:04:05.5-03:30"],
    ["2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
  ])("%s is %s", (text, wanted) => {
    expect(normalizeTime(text)).toBe(wanted);
  });

  it.each([
    ...[
      "",
      "2020",
      "2020-13-01T00:00:00Z",
      "2020-00-01T00:00:00Z",
      "2020-01-32T00:00:00Z",
      "2019-02-29T00:00:00Z",
    ],
    ...["2020-01-01T24:00:00Z", "2020-01-01T00:60:00Z", "2020-01-01T00:00:60Z", "2020-01-01T00:00:00"],
    ...[
      "2020-01-01 00:00:00Z",
      "2020-01-01T00:00:00.Z",
      "2020-01-01T00:00:00+24:00",
      " 2020-01-01T00:00:00Z",
    ],
    ...["1900-02-29T00:00:00Z", "2020-04-31T00:00:00Z", "2020-01-01t00:00:00z"],
  ])("%j is no time", (text) => {
    expect(normalizeTime(text)).toBeUndefined();
  });
});

describe("checkConfigAgainstLayers", () => {
  const layers = [1, 2].map((n) => ({ mediaType: "x", digest: someDigest(String(n)), size: n }));
  const check = (config: unknown, options?: Parameters<typeof checkConfigAgainstLayers>[2]): void =>
    checkConfigAgainstLayers(parseConfig(json(config)), layers, options);

  it("passes a config that agrees", () => {
    check({ rootfs });
    check({ rootfs, history: [] });
    check({ rootfs, history: [{}, { empty_layer: true }, {}] }, { diffIds: rootfs.diff_ids });
  });

  const wrong: readonly (readonly [unknown, string])[] = [
    [{}, "config rootfs: it is missing"],
    [{ rootfs: { ...rootfs, type: "" } }, 'config rootfs.type: "layers" is expected, and it is ""'],
    [{ rootfs: { type: "layers" } }, "config rootfs.diff_ids: there are 0 for 2 layers"],
    [{ rootfs, history: [{}] }, "config history: 1 of its entries made a layer, and there are 2 layers"],
  ];
  it.each(wrong.map(([config, message]) => ({ config, message })))("$message", ({ config, message }) => {
    expect(() => check(config)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_CONFIG_INVALID", message }),
    );
  });

  it("compares the diffIDs that were computed", () => {
    const [first = someDigest("1")] = rootfs.diff_ids;
    expect(() => check({ rootfs }, { diffIds: [first, someDigest("3")] })).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_CONFIG_INVALID",
        message: `config rootfs.diff_ids[1]: it is ${someDigest("2")}, and the layer's tar has ${someDigest("3")}`,
      }),
    );
    expect(() => check({ rootfs }, { diffIds: [first] })).toThrow(
      expect.objectContaining({ message: "config rootfs.diff_ids: there are 2, and 1 layers were computed" }),
    );
  });
});
