import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { DrayageErrorCode } from "@drayage/errors";
import { createFaultProxy, randomImage } from "@drayage/testkit";
import {
  describeWithPeers,
  startRegistry,
  startTokenServer,
  type TestCertificates,
  type TestRegistry,
  type TestTokenServer,
  temporaryDirectory,
  testCertificates,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { createUser, type TestUser } from "../src/user.ts";

const wrong = "wr0ng-secret/+&";
const password = "correct horse";
type ErrorName<C extends string> = C extends `ERR_DRAYAGE_${infer Name}` ? Name : never;

const zeros = `sha256:${"0".repeat(64)}`;

describeWithPeers("what goes wrong with a registry", ["docker-registry", "skopeo", "openssl"], () => {
  let user: TestUser;
  let certificates: TestCertificates;
  let tokens: TestTokenServer;
  const registries: Record<string, TestRegistry> = {};
  /** What stands for hosts and folders in the calls below. */
  const places: Record<string, string> = {};

  beforeAll(async () => {
    certificates = await testCertificates();
    tokens = await startTokenServer({
      users: { reader: { password, rights: { "repository:app": ["pull"] } } },
      anonymous: {},
    });
    const { server, expired, otherHost } = certificates;
    const started = {
      PLAIN: await startRegistry(),
      LOCKED: await startRegistry({ htpasswd: { me: password } }),
      TOKENS: await startRegistry({ token: tokens.registry }),
      TLS: await startRegistry({ tls: server }),
      EXPIRED: await startRegistry({ tls: expired }),
      OTHER: await startRegistry({ tls: otherHost }),
      READONLY: await startRegistry({ readonly: true }),
      UNLISTED: await startRegistry(),
    };
    Object.assign(registries, started);
    for (const [name, { host }] of Object.entries(started)) places[name] = host;
    const image = await randomImage({ seed: "errors", format: "docker" });
    for (const { folder } of Object.values(started))
      putSample(registryFolder(folder), { repository: "app", tag: "1" }, image);
    user = createUser({ home: temporaryDirectory(), secrets: [wrong, password] });
    const { PLAIN, LOCKED, TOKENS, READONLY } = started;
    user.allowPlain(PLAIN.host, LOCKED.host, TOKENS.host, READONLY.host);
    writeFileSync(
      user.registriesConf,
      `${readFileSync(user.registriesConf, "utf8")}[[registry]]\nlocation = "blocked.example"\nblocked = true\n`,
    );
    places.CA = path.join(user.home, "ca");
    mkdirSync(places.CA);
    copyFileSync(certificates.authority.certificate, path.join(places.CA, "ca.crt"));
    places.IMAGE = `dir:${user.home}/image`;
    places.OUT = `dir:${user.home}/out`;
    places.GONE = await unusedPort();
    await user.dray(["copy", "--quiet", `docker://${PLAIN.host}/app:1`, places.IMAGE]);
  });
  afterAll(async () => {
    await Promise.all([...Object.values(registries).map((registry) => registry.stop()), tokens.stop()]);
  });

  interface Failure {
    readonly what: string;
    readonly call: string;
    /** What dray says. */
    readonly says: RegExp;
    /** What it advises. */
    readonly hint: RegExp;
    /** Of the error, as --debug shows it. */
    readonly code: ErrorName<DrayageErrorCode>;
  }

  const failures: readonly Failure[] = [
    {
      what: "a wrong password",
      code: "UNAUTHORIZED",
      call: "inspect --creds me:WRONG docker://LOCKED/app:1",
      says: /does not accept the credentials/,
      hint: /check the credentials that were given \(--creds\), or leave them out and log in: dray login LOCKED/,
    },
    {
      what: "a wrong password of a copy's source",
      code: "UNAUTHORIZED",
      call: "copy --quiet --src-creds me:WRONG docker://LOCKED/app:1 OUT",
      says: /^source: .*does not accept the credentials/,
      hint: /dray login/,
    },
    {
      what: "a wrong password of a copy's destination",
      code: "UNAUTHORIZED",
      call: "copy --quiet --dest-creds me:WRONG IMAGE docker://LOCKED/new:1",
      says: /^destination: .*does not accept the credentials/,
      hint: /dray login/,
    },
    {
      what: "a destination without a password",
      code: "UNAUTHORIZED",
      call: "copy --quiet IMAGE docker://LOCKED/new:1",
      says: /^destination: cannot write new@sha256:[0-9a-f]{64} at \S+: \S+ wants credentials/,
      hint: /log in: dray login LOCKED/,
    },
    {
      what: "no password",
      code: "UNAUTHORIZED",
      call: "inspect docker://LOCKED/app:1",
      says: /wants credentials/,
      hint: /log in: dray login LOCKED/,
    },
    {
      what: "a wrong password for a token server",
      code: "UNAUTHORIZED",
      call: "inspect --creds reader:WRONG docker://TOKENS/app:1",
      says: /credentials/,
      hint: /dray login/,
    },
    {
      what: "a wrong password of a login",
      code: "UNAUTHORIZED",
      call: "login -u me -p WRONG LOCKED",
      says: /^logging into "LOCKED": invalid username\/password/,
      hint: /./,
    },
    {
      what: "an unknown tag",
      code: "IMAGE_NOT_FOUND",
      call: "inspect docker://PLAIN/app:none",
      says: /there is no such image/,
      hint: /check the name/,
    },
    {
      what: "an unknown digest",
      code: "IMAGE_NOT_FOUND",
      call: `inspect docker://PLAIN/app@${zeros}`,
      says: /there is no such image/,
      hint: /check the name/,
    },
    {
      what: "an unknown repository",
      code: "IMAGE_NOT_FOUND",
      call: "copy --quiet docker://PLAIN/none:1 OUT",
      says: /^source: .*there is no such image/,
      hint: /check the name/,
    },
    {
      what: "the tags of an unknown repository",
      code: "REPOSITORY_NOT_FOUND",
      call: "list-tags docker://PLAIN/none",
      says: /there is no such repository/,
      hint: /check the name/,
    },
    {
      what: "an unknown name to delete",
      code: "IMAGE_NOT_FOUND",
      call: "delete docker://PLAIN/app:none",
      says: /there is no such image/,
      hint: /check the name/,
    },
    {
      what: "a registry that deletes nothing",
      code: "REGISTRY_UNSUPPORTED",
      call: "delete docker://PLAIN/app:1",
      says: /does not delete/,
      hint: /storage\.delete\.enabled/,
    },
    {
      what: "a pull that is denied",
      code: "DENIED",
      call: "copy --quiet --src-creds reader:RIGHT docker://TOKENS/other:1 OUT",
      says: /^source: .*does not allow it/,
      hint: /./,
    },
    {
      what: "a push that is denied",
      code: "DENIED",
      call: "copy --quiet --dest-creds reader:RIGHT IMAGE docker://TOKENS/app:2",
      says: /^destination: .*does not allow it/,
      hint: /./,
    },
    {
      what: "a push to a registry that is only read",
      code: "REGISTRY_UNSUPPORTED",
      call: "copy --quiet IMAGE docker://READONLY/new:1",
      says: /^destination: .*cannot do this, or it is switched off/,
      hint: /switch it on/,
    },
    {
      what: "an expired certificate",
      code: "TLS",
      call: "inspect --cert-dir CA docker://EXPIRED/app:1",
      says: /its certificate has expired/,
      hint: /has to renew it/,
    },
    {
      what: "an unknown authority",
      code: "TLS",
      call: "inspect docker://TLS/app:1",
      says: /an authority that is not known/,
      hint: /--cert-dir/,
    },
    {
      what: "a certificate of another host",
      code: "TLS",
      call: "inspect --cert-dir CA docker://OTHER/app:1",
      says: /its certificate is for another host/,
      hint: /use a name that the certificate has/,
    },
    {
      what: "a name that is blocked",
      code: "REGISTRY_BLOCKED",
      call: "inspect docker://blocked.example/app:1",
      says: /is blocked in/,
      hint: /remove blocked = true/,
    },
    {
      what: "a destination that is blocked",
      code: "REGISTRY_BLOCKED",
      call: "copy --quiet IMAGE docker://blocked.example/app:1",
      says: /^destination: .*is blocked in/,
      hint: /remove blocked = true/,
    },
    {
      what: "plain HTTP where TLS is wanted",
      code: "TLS",
      call: "inspect docker://UNLISTED/app:1",
      says: /does not speak TLS/,
      hint: /--tls-verify=false/,
    },
    {
      what: "nobody who listens",
      code: "CONNECTION",
      call: "inspect docker://GONE/app:1",
      says: /the connection was refused/,
      hint: /check the host and the port/,
    },
    {
      what: "a name that is none",
      code: "REFERENCE_INVALID",
      call: "inspect docker://UPPER/case:1",
      says: /is not an image reference/,
      hint: /lower case/,
    },
    {
      what: "no docker daemon",
      code: "CONNECTION",
      call: "inspect docker-daemon:app:1",
      says: /^the docker daemon at .*cannot connect/,
      hint: /start the daemon/,
    },
  ];

  const argsOf = (call: string): readonly string[] =>
    call.split(" ").map((word) =>
      word
        .replace("WRONG", wrong)
        .replace("RIGHT", password)
        .replace(/\b[A-Z]+\b/g, (name) => places[name] ?? name),
    );
  const withNames = (text: string): string =>
    Object.entries(places).reduce((so, [name, place]) => so.replaceAll(place, name), text);

  it.each(failures)(
    "$what: one line, what to do, and skopeo's status",
    async ({ call, says, hint, code }) => {
      const args = argsOf(call);
      const env = { DOCKER_HOST: `unix://${user.home}/no.sock` };
      const ours = await user.dray(args, { env });
      const theirs = await user.skopeo(args, { env });
      const [first = "", ...rest] = withNames(ours.stderr).split("\n");
      expect(rest).toEqual([""]);
      expect(first).toMatch(/^dray: /);
      expect(first.slice("dray: ".length)).toMatch(says);
      expect(first.split("; ").slice(1).join("; ")).toMatch(hint);
      expect(theirs.code).toBe(1);
      // Releases of skopeo after 1.9 say with 2 that an image is not there.
      expect(ours.code).toBe(/no such image/.test(first) ? 2 : 1);
      const asSkopeo = await user.asSkopeo(args, { env });
      // In all of its releases an image that is to be deleted, not read, has no status of its own.
      expect(asSkopeo.code).toBe(call.startsWith("delete ") ? theirs.code : ours.code);
      expect(asSkopeo.stderr).toMatch(/^time="[^"]+" level=fatal msg="(?:[^"\\]|\\.)*"\n$/);
      expect(asSkopeo.stdout).toBe("");
      const debug = await user.dray([...args, "--debug"], { env });
      expect(debug.code).toBe(ours.code);
      expect(debug.stderr).toMatch(/\n {4}at /);
      expect(/ \[ERR_DRAYAGE_(\w+)\]$/m.exec(debug.stderr)?.[1]).toBe(code);
    },
  );

  describe("secrets in redirects", () => {
    it("are not shown, with --debug neither", async () => {
      const { TOKENS } = registries;
      if (TOKENS === undefined) throw new Error("there is a registry with tokens");
      const signature = "s1gnature-of-the-storage";
      await using proxy = await createFaultProxy({ target: TOKENS.url });
      const careful = createUser({ home: temporaryDirectory(), secrets: [signature, password, "s1gned"] });
      careful.allowPlain(proxy.host, TOKENS.host);
      const query = `X-Amz-Signature=${signature}&sig=${signature}&token=s1gned&X-Amz-Credential=${signature}`;
      const gone = places.GONE ?? "";
      for (const to of [
        `http://${gone}/blob?${query}`,
        `http://user:${signature}@${gone}/blob?${query}`,
        `ftp://${gone}/blob?${query}`,
        `http://${proxy.host}/v2/nothing?${query}`,
      ]) {
        proxy.clearRules();
        proxy.rule({ method: "GET", path: /\/blobs\// }, { redirect: { to } });
        for (const flags of [[], ["--debug"]]) {
          const args = [
            "copy",
            ...flags,
            "--retry-times",
            "1",
            "--retry-delay",
            "1ms",
            "--src-creds",
            `reader:${password}`,
          ];
          const { code, stderr } = await careful.dray([
            ...args,
            `docker://${proxy.host}/app:1`,
            `dir:${careful.home}/out`,
          ]);
          expect(code).toBe(1);
          expect(stderr).toMatch(/^dray: source: /m);
        }
      }
    });
  });
});

/** `127.0.0.1:<port>` where nobody listens. */
async function unusedPort(): Promise<string> {
  const proxy = await createFaultProxy({ target: "http://127.0.0.1:1" });
  await proxy.close();
  return proxy.host;
}
