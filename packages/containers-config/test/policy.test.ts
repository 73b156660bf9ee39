import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acceptAnything,
  checkPolicy,
  type Policy,
  type PolicySubject,
  parsePolicy,
  policyTransport,
  readPolicy,
  requirementsFor,
} from "../src/index.ts";
import { configurationFolder, failureOf } from "./configuration-folder.ts";

const accept = [{ type: "insecureAcceptAnything" }];
const reject = [{ type: "reject" }];

const parse = (document: unknown): Policy =>
  parsePolicy(
    new TextEncoder().encode(typeof document === "string" ? document : JSON.stringify(document)),
    "policy.json",
  );

async function refusal(document: unknown): Promise<string> {
  const { code, message } = await failureOf(() => parse(document), configurationFolder());
  expect(code).toBe("ERR_DRAYAGE_CONFIGURATION_INVALID");
  return message;
}

describe("a policy", () => {
  it("is read with all that it may ask for", () => {
    const signedIdentity = { type: "matchRepository" };
    const policy = parse({
      default: reject,
      transports: {
        docker: {
          "": accept,
          "quay.io/a": [
            { type: "signedBy", keyType: "GPGKeys", keyPath: "/k" },
            { type: "signedBy", keyType: "signedByX509CAs", keyPaths: ["/k", "/l"], signedIdentity },
            { type: "signedBy", keyType: "GPGKeys", keyData: "AQI=", signedIdentity: { type: "matchExact" } },
          ],
          "*.example.com": [
            { type: "sigstoreSigned", keyPath: "/k", rekorPublicKeyPaths: ["/r"] },
            {
              type: "sigstoreSigned",
              keyDatas: ["AQ==", "A\nQI="],
              signedIdentity: { type: "exactReference", dockerReference: "busybox:1" },
            },
            {
              type: "sigstoreSigned",
              fulcio: { caData: "AQ==", oidcIssuer: "https://issuer", subjectEmail: "a@b" },
              rekorPublicKeyData: "AQ==",
              signedIdentity: { type: "exactRepository", dockerRepository: "busybox" },
            },
            {
              type: "sigstoreSigned",
              pki: { caRootsPath: "/c", caIntermediatesData: "AQ==", subjectHostname: "h" },
              signedIdentity: { type: "remapIdentity", prefix: "mirror:5000/a", signedPrefix: "quay.io" },
            },
          ],
        },
        dir: { "/srv/images": [{ type: "signedBaseLayer", baseLayerIdentity: { type: "matchRepository" } }] },
        plugin: { "any scope": accept },
      },
    });
    const matchDefault = { type: "matchRepoDigestOrExact" };
    expect(policy.default).toEqual(reject);
    expect([...policy.transports.keys()]).toEqual(["docker", "dir", "plugin"]);
    const docker = policy.transports.get("docker");
    expect(docker?.get("")).toEqual(accept);
    expect(docker?.get("quay.io/a")).toEqual([
      { type: "signedBy", keyType: "GPGKeys", keys: { paths: ["/k"] }, signedIdentity: matchDefault },
      { type: "signedBy", keyType: "signedByX509CAs", keys: { paths: ["/k", "/l"] }, signedIdentity },
      {
        type: "signedBy",
        keyType: "GPGKeys",
        keys: { data: [Uint8Array.of(1, 2)] },
        signedIdentity: { type: "matchExact" },
      },
    ]);
    expect(docker?.get("*.example.com")).toEqual([
      {
        type: "sigstoreSigned",
        signer: { keys: { paths: ["/k"] } },
        rekorPublicKeys: { paths: ["/r"] },
        signedIdentity: matchDefault,
      },
      {
        type: "sigstoreSigned",
        signer: { keys: { data: [Uint8Array.of(1), Uint8Array.of(1, 2)] } },
        signedIdentity: { type: "exactReference", dockerReference: "busybox:1" },
      },
      {
        type: "sigstoreSigned",
        signer: {
          fulcio: {
            authorities: { data: [Uint8Array.of(1)] },
            oidcIssuer: "https://issuer",
            subjectEmail: "a@b",
          },
        },
        rekorPublicKeys: { data: [Uint8Array.of(1)] },
        signedIdentity: { type: "exactRepository", dockerRepository: "busybox" },
      },
      {
        type: "sigstoreSigned",
        signer: {
          pki: {
            roots: { paths: ["/c"] },
            intermediates: { data: [Uint8Array.of(1)] },
            subjectHostname: "h",
          },
        },
        signedIdentity: { type: "remapIdentity", prefix: "mirror:5000/a", signedPrefix: "quay.io" },
      },
    ]);
    expect(policy.transports.get("dir")?.get("/srv/images")).toEqual([
      { type: "signedBaseLayer", baseLayerIdentity: { type: "matchRepository" } },
    ]);
  });

  it.each<[unknown, string]>([
    ["", "the JSON text ends where a value is expected"],
    ["null", "an object is expected"],
    ["{}", 'the policy has no "default"'],
    ['{"default":[]}', "a list of requirements must not be empty"],
    ['{"default":null}', "a list of requirements must not be empty"],
    ['{"default":{}}', "a list of requirements is expected"],
    ['{"default":[{"type":"reject"}]} x', 'not JSON: "x" where the end is expected'],
    [
      '{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}',
      'the name "default" stands twice in one object',
    ],
    ['{"default":[{"type":"reject","type":"reject"}]}', 'the name "type" stands twice in one object'],
    [{ Default: reject, default: reject }, 'unknown key "Default"'],
    [{ default: [{ type: "reject", x: 1 }] }, 'unknown key "x"'],
    [{ default: [{ Type: "reject" }] }, 'there is no requirement of the type ""'],
    [{ default: [{ type: "accept" }] }, 'there is no requirement of the type "accept"'],
    [{ default: [{ type: 1 }] }, "type: text is expected"],
    [{ default: [null] }, 'there is no requirement of the type ""'],
    [{ default: ["reject"] }, "an object is expected"],
    [{ default: reject, transports: null }, "an object is expected"],
    [{ default: reject, transports: { dir: null } }, "an object is expected"],
    [{ default: reject, transports: { dir: { "": null } } }, "a list of requirements must not be empty"],
    [
      { default: reject, transports: { "oci-dir": {} } },
      'the transport "oci-dir" is called "oci" in a policy',
    ],
    [
      { default: reject, transports: { dir: { x: reject } } },
      'the scope "x" of dir: it is not an absolute path',
    ],
    [
      { default: reject, transports: { oci: { "/": reject } } },
      'the scope "/" of oci: for all paths write the default scope, ""',
    ],
    [
      { default: reject, transports: { "oci-archive": { "/a/": reject } } },
      'the scope "/a/" of oci-archive: it is not in the shortest form, "/a"',
    ],
    [
      { default: reject, transports: { dir: { "/a//b": reject } } },
      'the scope "/a//b" of dir: it is not in the shortest form, "/a/b"',
    ],
    [
      { default: reject, transports: { tarball: { "/a": reject } } },
      'the scope "/a" of tarball: tarball has no scopes but the default one, ""',
    ],
    [
      { default: reject, transports: { "docker-archive": { "/a": reject } } },
      'the scope "/a" of docker-archive: docker-archive has no scopes but the default one, ""',
    ],
    [
      { default: reject, transports: { "docker-daemon": { [`sha256:${"0".repeat(64)}`]: reject } } },
      `the scope "sha256:${"0".repeat(64)}" of docker-daemon: images by their IDs have no scope but the default one`,
    ],
    [{ default: [{ type: "signedBy", keyPath: "/k" }] }, 'keyType: there is no type "", write "GPGKeys"'],
    [
      { default: [{ type: "signedBy", keyType: "PGP", keyPath: "/k" }] },
      'keyType: there is no type "PGP", write "GPGKeys"',
    ],
    [
      { default: [{ type: "signedBy", keyType: "GPGKeys" }] },
      "exactly one of keyPath, keyPaths, keyData is expected",
    ],
    [
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/k", keyData: "AQ==" }] },
      "only one of keyPath, keyPaths, keyData is expected",
    ],
    [{ default: [{ type: "signedBy", keyType: "GPGKeys", keyPath: "" }] }, "keyPath: it is empty"],
    [{ default: [{ type: "signedBy", keyType: "GPGKeys", keyPaths: [] }] }, "keyPaths: it is empty"],
    [{ default: [{ type: "signedBy", keyType: "GPGKeys", keyData: "!!" }] }, "keyData: it is not base64"],
    [{ default: [{ type: "signedBy", keyType: "GPGKeys", keyData: "AQ" }] }, "keyData: it is not base64"],
    [
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/k", keyDatas: [] }] },
      'unknown key "keyDatas"',
    ],
    [
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/k", signedIdentity: null }] },
      'there is no identity of the type ""',
    ],
    [
      {
        default: [
          {
            type: "signedBy",
            keyType: "GPGKeys",
            keyPath: "/k",
            signedIdentity: { type: "matchExact", x: 1 },
          },
        ],
      },
      'unknown key "x"',
    ],
    [
      {
        default: [
          { type: "signedBy", keyType: "GPGKeys", keyPath: "/k", signedIdentity: { type: "exactReference" } },
        ],
      },
      'the key "dockerReference" is missing',
    ],
    [
      {
        default: [
          {
            type: "signedBy",
            keyType: "GPGKeys",
            keyPath: "/k",
            signedIdentity: { type: "exactReference", dockerReference: "busybox" },
          },
        ],
      },
      "dockerReference: it has neither a tag nor a digest",
    ],
    [
      {
        default: [
          {
            type: "signedBy",
            keyType: "GPGKeys",
            keyPath: "/k",
            signedIdentity: { type: "remapIdentity", prefix: "a.b:tag", signedPrefix: "c.d" },
          },
        ],
      },
      'prefix: "a.b:tag" is neither a host nor a name that starts with one',
    ],
    [
      { default: [{ type: "sigstoreSigned" }] },
      "exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio and pki is expected",
    ],
    [
      { default: [{ type: "sigstoreSigned", keyPath: "/k", keyPaths: ["/k"] }] },
      "exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio and pki is expected",
    ],
    [
      { default: [{ type: "sigstoreSigned", fulcio: { caPath: "/c", oidcIssuer: "i", subjectEmail: "e" } }] },
      "with fulcio a public key of a Rekor server is needed (rekorPublicKeyPath, …)",
    ],
    [
      {
        default: [
          { type: "sigstoreSigned", fulcio: { caPath: "/c", subjectEmail: "e" }, rekorPublicKeyPath: "/r" },
        ],
      },
      "oidcIssuer is needed",
    ],
    [
      { default: [{ type: "sigstoreSigned", fulcio: null, rekorPublicKeyPath: "/r" }] },
      "an object is expected",
    ],
    [
      {
        default: [
          { type: "sigstoreSigned", pki: { caRootsPath: "/c", subjectEmail: "e" }, rekorPublicKeyPath: "/r" },
        ],
      },
      "with pki there can be no public key of a Rekor server",
    ],
    [
      { default: [{ type: "sigstoreSigned", pki: { caRootsPath: "/c" } }] },
      "subjectEmail or subjectHostname is needed",
    ],
    [{ default: [{ type: "signedBaseLayer" }] }, 'the key "baseLayerIdentity" is missing'],
  ])("%j is refused", async (document, message) => {
    expect(await refusal(document)).toContain(message);
  });

  it("that is refused is named with its line", async () => {
    expect(await refusal('{"default": [\n {"type": "reject"},\n {"type":\n "rejekt"}\n]}')).toBe(
      '"policy.json", line 3: there is no requirement of the type "rejekt"',
    );
    expect(await refusal('{"default": [{"type": "reject"}],\n "x": 1}')).toBe(
      '"policy.json", line 2: unknown key "x"',
    );
  });
});

describe("the file that is read", () => {
  it("is the one that is named, the environment's, the user's, the machine's, or none", async () => {
    const folder = configurationFolder();
    expect(await readPolicy(folder.place)).toBe(undefined);
    const document = JSON.stringify({ default: accept });
    const path = async (options = {}): Promise<string | undefined> =>
      (await readPolicy({ ...folder.place, ...options }))?.path;
    const shipped = folder.write("usr/policy.json", document);
    expect(await path()).toBe(shipped);
    const machine = folder.write("etc/policy.json", document);
    expect(await path()).toBe(machine);
    const user = folder.write("home/.config/containers/policy.json", document);
    expect(await path()).toBe(user);
    const named = folder.write("named.json", document);
    const env = { ...folder.place.env, CONTAINERS_POLICY_JSON: named };
    expect(await path({ env })).toBe(named);
    expect(await path({ env, path: machine })).toBe(machine);
  });

  it("has to be there where it is named", async () => {
    const folder = configurationFolder();
    const path = join(folder.path, "absent.json");
    const env = { ...folder.place.env, CONTAINERS_POLICY_JSON: path };
    for (const options of [{ path }, { env }]) {
      expect((await failureOf(() => readPolicy({ ...folder.place, ...options }), folder)).code).toBe(
        "ERR_DRAYAGE_IO",
      );
    }
  });
});

describe("an image", () => {
  const image: PolicySubject = {
    transport: "docker",
    scopes: ["quay.io/a/b:1", "quay.io/a/b", "quay.io/a", "quay.io", "*.io"],
    what: "docker://quay.io/a/b:1",
  };
  const key = { type: "signedBy", keyType: "GPGKeys", keyPath: "/k" };
  const check = (transports: unknown, subject = image): void =>
    checkPolicy(parse({ default: reject, transports }), subject);
  const message = async (transports: unknown, subject = image): Promise<string> => {
    const failure = await failureOf(() => check(transports, subject), configurationFolder());
    expect(failure.code).toBe("ERR_DRAYAGE_POLICY_REJECTED");
    return failure.message;
  };

  it("is accepted or rejected by its most specific scope alone", async () => {
    expect(() => check({ docker: { "quay.io/a": accept, "quay.io": reject, "": reject } })).not.toThrow();
    expect(() => check({ docker: { "*.io": accept } })).not.toThrow();
    expect(() => check({ docker: { "": accept } })).not.toThrow();
    expect(await message({ docker: { "quay.io/a": reject, "quay.io": accept } })).toBe(
      'Running image docker://quay.io/a/b:1 is rejected by policy: the scope "quay.io/a" of docker in "policy.json" rejects it',
    );
    expect(await message({ docker: { "": reject }, dir: { "": accept } })).toBe(
      'Running image docker://quay.io/a/b:1 is rejected by policy: the default of docker in "policy.json" rejects it',
    );
    expect(await message({ docker: { "quay.io/other": accept }, dir: { "": accept } })).toBe(
      'Running image docker://quay.io/a/b:1 is rejected by policy: the default in "policy.json" rejects it',
    );
  });

  it("has to meet all requirements of the scope", async () => {
    expect(() => check({ docker: { "": [...accept, ...accept] } })).not.toThrow();
    expect(await message({ docker: { "": [...accept, ...reject] } })).toContain("rejects it");
  });

  it.each([
    ["signedBy", key],
    ["sigstoreSigned", { type: "sigstoreSigned", keyPath: "/k" }],
    ["signedBaseLayer", { type: "signedBaseLayer", baseLayerIdentity: { type: "matchExact" } }],
  ])("that needs a signature (%s) is refused, and told why", async (type, requirement) => {
    const text = `Running image docker://quay.io/a/b:1 is rejected by policy: the scope "quay.io" of docker in "policy.json" asks for a signature (${type}), and signatures cannot be verified yet`;
    expect(await message({ docker: { "quay.io": [requirement] } })).toBe(text);
    expect(await message({ docker: { "quay.io": [...accept, requirement] } })).toBe(text);
    expect(await message({ docker: { "quay.io": [requirement, ...accept] } })).toBe(text);
  });

  it("is refused where signatures are required and none is asked for", () => {
    expect(() => checkPolicy(acceptAnything, image)).not.toThrow();
    expect(() => checkPolicy(acceptAnything, image, { requireSigned: true })).toThrow(
      "Running image docker://quay.io/a/b:1 is rejected: signatures are required (--require-signed), and the default in the policy asks for none",
    );
  });

  it("in an OCI layout is one of the transport oci", () => {
    expect(policyTransport("oci-dir")).toBe("oci");
    expect(policyTransport("docker-archive")).toBe("docker-archive");
    const subject = { transport: policyTransport("oci-dir"), scopes: ["/a/b", "/a"], what: "oci-dir:/a/b" };
    expect(() => check({ oci: { "/a": accept } }, subject)).not.toThrow();
  });

  it("is looked up like a path in a tree of rules", () => {
    const name = fc.constantFrom("a", "b", "c");
    const scope = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(scope, fc.dictionary(fc.oneof(scope, fc.constant("")), fc.boolean()), (path, rules) => {
        const policy = parse({
          default: reject,
          transports: {
            dir: Object.fromEntries(Object.entries(rules).map(([at, good]) => [at, good ? accept : reject])),
          },
        });
        const scopes = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)).filter(Boolean);
        const longest = Object.keys(rules)
          .filter((rule) => rule === "" || path === rule || path.startsWith(`${rule}/`))
          .sort((one, other) => other.length - one.length)[0];
        const { requirements } = requirementsFor(policy, {
          transport: "dir",
          scopes: [path, ...scopes.reverse()],
        });
        expect(requirements).toEqual(longest !== undefined && rules[longest] ? accept : reject);
      }),
    );
  });
});
