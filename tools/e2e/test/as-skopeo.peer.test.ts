import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomImage, randomIndex, type SampleImage, type SampleIndex } from "@drayage/testkit";
import {
  describeWithPeers,
  registryTree,
  run,
  startRegistry,
  type TestRegistry,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { createUser, type TestUser } from "../src/user.ts";

const password = "correct horse";

interface Said {
  readonly code: number;
  readonly stdout: string;
  /** Lines of the log, without times. */
  readonly log: readonly string[];
}

describeWithPeers(
  "command lines of scripts, by skopeo and by dray called skopeo",
  ["docker-registry", "skopeo"],
  () => {
    let registry: TestRegistry;
    let locked: TestRegistry;
    let image: SampleImage;
    let index: SampleIndex;
    /** One for each tool, so that neither finds what the other has left. */
    let users: Readonly<Record<"skopeo" | "dray", TestUser>>;

    beforeAll(async () => {
      [registry, locked] = await Promise.all([
        startRegistry({ deletable: true }),
        startRegistry({ htpasswd: { me: password }, deletable: true }),
      ]);
      image = await randomImage({ seed: "scripts", layers: 1, format: "docker" });
      index = await randomIndex({ seed: "scripts", layers: 1, format: "docker" });
      for (const { folder } of [registry, locked]) {
        const store = registryFolder(folder);
        for (const tag of ["1", "1.1", "latest"]) putSample(store, { repository: "app", tag }, image);
        putSample(store, { repository: "app", tag: "oci" }, await randomImage({ seed: "oci", layers: 1 }));
        putSample(store, { repository: "multi", tag: "1" }, index);
      }
      users = {
        skopeo: createUser({ home: temporaryDirectory() }),
        dray: createUser({ home: temporaryDirectory(), secrets: [password] }),
      };
      for (const user of Object.values(users)) user.allowPlain(registry.host, locked.host);
    });
    afterAll(async () => {
      await Promise.all([registry.stop(), locked.stop()]);
    });

    /** Runs a line by both tools: `HOME` and `TOOL` in it are each one's own. */
    async function byBoth(line: string): Promise<{ readonly theirs: Said; readonly ours: Said }> {
      const said = async (tool: "skopeo" | "dray"): Promise<Said> => {
        const user = users[tool];
        const words = line.match(/'[^']*'|\S+/g) ?? [];
        const args = words.map((word) =>
          word
            .replaceAll("'", "")
            .replaceAll("HOME", user.home)
            .replaceAll("TOOL", tool)
            .replaceAll("REGISTRY", registry.host)
            .replaceAll("LOCKED", locked.host)
            .replaceAll("PASSWORD", password)
            .replaceAll("DIGEST", image.manifest.digest),
        );
        const call = tool === "skopeo" ? user.skopeo : user.asSkopeo;
        const { code, stdout, stderr } = await call(args);
        const normal = (text: string): string =>
          text.replaceAll(user.home, "HOME").replaceAll(new RegExp(`\\b${tool}\\b`, "g"), "TOOL");
        const log = stderr.split("\n").filter(Boolean);
        return {
          code,
          stdout: normal(stdout),
          log: log.map((each) => normal(each.replace(/^time="[^"]*" /, ""))),
        };
      };
      return { theirs: await said("skopeo"), ours: await said("dray") };
    }

    /** What succeeds with the same output. */
    const same = [
      "inspect --raw docker://REGISTRY/app:1",
      "inspect --raw docker://REGISTRY/multi:1",
      "inspect --config docker://REGISTRY/app:1",
      "inspect --config --raw docker://REGISTRY/app:1",
      "inspect --config --raw docker://REGISTRY/app:oci",
      "inspect --override-arch arm64 --config docker://REGISTRY/multi:1",
      "--override-arch arm64 --override-os linux inspect --config docker://REGISTRY/multi:1",
      "inspect --format {{.Digest}} docker://REGISTRY/app",
      "inspect --format '{{.Name}} {{.Architecture}} {{.RepoTags}}' docker://REGISTRY/app:1",
      "inspect --no-tags --format '{{.Name}} {{.RepoTags}}' docker://REGISTRY/app:1",
      "inspect -n --format '{{range .Layers}}{{println .}}{{end}}' docker://REGISTRY/app:1",
      "inspect --format '{{index .Labels \"seed\"}}' docker://REGISTRY/app:1",
      "inspect --config --format '{{.OS}}/{{.Architecture}}' docker://REGISTRY/app@DIGEST",
      "inspect --retry-times 3 --tls-verify=false --format '{{.Env}}' docker://REGISTRY/app:1",
      "list-tags docker://REGISTRY/app",
      "list-tags --tls-verify=false --retry-times=2 docker://REGISTRY/app",
      "copy docker://REGISTRY/app:1 docker://REGISTRY/TOOL:1",
      "copy --quiet docker://REGISTRY/app:1 docker://REGISTRY/TOOL:2",
      "copy -q --all docker://REGISTRY/multi:1 docker://REGISTRY/TOOL:all",
      "copy -a docker://REGISTRY/multi:1 docker://REGISTRY/TOOL:all-again",
      "--insecure-policy copy --src-tls-verify=false --dest-tls-verify=false docker://REGISTRY/app:1 docker://REGISTRY/TOOL:3",
      "copy -q --multi-arch index-only docker://REGISTRY/TOOL:all docker://REGISTRY/TOOL:index",
      "copy -f oci docker://REGISTRY/app:1 docker://REGISTRY/TOOL:oci",
      "copy --format v2s2 docker://REGISTRY/app:oci docker://REGISTRY/TOOL:v2s2",
      "copy --preserve-digests docker://REGISTRY/app:1 docker://REGISTRY/TOOL:same",
      "copy --remove-signatures docker://REGISTRY/app:1 docker://REGISTRY/TOOL:unsigned",
      "copy --digestfile HOME/digest docker://REGISTRY/app:1 docker://REGISTRY/TOOL:digest",
      "copy docker://REGISTRY/app:1 dir:HOME/dir",
      "copy docker://REGISTRY/app:1 oci:HOME/layout:app",
      "copy docker://REGISTRY/app:1 oci-archive:HOME/oci.tar:app",
      "copy docker://REGISTRY/app:1 docker-archive:HOME/docker.tar:app:1",
      "copy docker://REGISTRY/app@DIGEST dir:HOME/by-digest",
      "copy dir:HOME/dir docker://REGISTRY/TOOL:from-dir",
      "copy --src-creds me:PASSWORD docker://LOCKED/app:1 dir:HOME/locked",
      "copy --dest-creds=me:PASSWORD dir:HOME/locked docker://LOCKED/TOOL:1",
      "copy --dest-username me --dest-password 'PASSWORD' dir:HOME/locked docker://LOCKED/TOOL:2",
      "login -u me -p 'PASSWORD' LOCKED",
      "login --get-login LOCKED",
      "copy -q docker://LOCKED/app:1 docker://LOCKED/TOOL:3",
      "logout LOCKED",
      "manifest-digest HOME/dir/manifest.json",
      "copy -q docker://REGISTRY/app:oci docker://REGISTRY/TOOL/to-delete:1",
      "delete docker://REGISTRY/TOOL/to-delete:1",
      "sync --src docker --dest dir REGISTRY/app HOME/synced",
      "sync --src docker --dest docker --dest-tls-verify=false REGISTRY/app REGISTRY/TOOL-synced",
      "sync --scoped --src docker --dest dir REGISTRY/app HOME/scoped",
      "sync -a --src=docker --dest=dir REGISTRY/multi:1 HOME/synced-all",
      "sync --dry-run --src dir --dest docker HOME/synced REGISTRY/TOOL-dry",
    ];

    it("say the same, and have the same effect", { timeout: 240_000 }, async () => {
      for (const line of same) {
        const { theirs, ours } = await byBoth(line);
        expect(theirs.code, line).toBe(0);
        // Blobs are copied at the same time, by both.
        expect({ ...ours, stdout: sortedBlobs(ours.stdout), log: undefined }, line).toEqual({
          ...theirs,
          stdout: sortedBlobs(theirs.stdout),
          log: undefined,
        });
        if (!line.startsWith("sync")) expect(ours.log, line).toEqual(theirs.log);
        else expect(withoutOrder(ours.log), line).toEqual(withoutOrder(theirs.log));
      }
      // In the registries.
      for (const { folder } of [registry, locked]) {
        const tree = registryTree(folder);
        for (const [name, found] of Object.entries(tree)) {
          if (!/^dray\b/.test(name)) continue;
          const theirs = tree[name.replace("dray", "skopeo")];
          expect(found.tags, name).toEqual(theirs?.tags);
          expect(found.manifests, name).toEqual(theirs?.manifests);
        }
        expect(Object.keys(tree).filter((name) => name.startsWith("dray")).length).toBeGreaterThan(0);
      }
      // And on the disk.
      for (const place of [
        "dir",
        "layout",
        "by-digest",
        "locked",
        "synced",
        "synced-all",
        "scoped",
        "digest",
        "docker.tar",
      ])
        await run("diff", ["-r", `${users.skopeo.home}/${place}`, `${users.dray.home}/${place}`]);
    });

    it("give the fields of inspect in skopeo's order, and newer skopeo's LayersData", async () => {
      const { theirs, ours } = await byBoth("inspect docker://REGISTRY/app:1");
      const { LayersData, ...rest } = JSON.parse(ours.stdout) as Record<string, unknown>;
      expect(JSON.stringify(rest, null, 4)).toBe(theirs.stdout.trimEnd());
      expect(LayersData).toEqual(
        image.layers.map(({ descriptor: { mediaType, digest, size } }) => ({
          MIMEType: mediaType,
          Digest: digest,
          Size: size,
          Annotations: null,
        })),
      );
    });

    it("say the version so that scripts find it", async () => {
      for (const flag of ["--version", "-v"]) {
        const { theirs, ours } = await byBoth(flag);
        expect(ours.stdout).toMatch(/^skopeo version 1\.\d+\.\d+ \(.*\)\n$/);
        expect(theirs.stdout.startsWith("TOOL version 1.")).toBe(true);
        expect(ours.stdout.split(/\s/)[2]).toMatch(/^\d+\.\d+\.\d+$/);
      }
    });

    describe("fail with the same status and on one line", () => {
      it.each([
        "copy docker://REGISTRY/app:1 nosuch:thing",
        "copy a b",
        "copy --nosuchflag docker://REGISTRY/app:1 dir:HOME/x",
        "copy --format v9 docker://REGISTRY/app:1 dir:HOME/x",
        "copy --multi-arch some docker://REGISTRY/app:1 dir:HOME/x",
        "copy --sign-by nobody docker://REGISTRY/app:1 docker://REGISTRY/TOOL:signed",
        "copy --src-creds me:wrong docker://LOCKED/app:1 dir:HOME/x",
        "copy docker://REGISTRY/UPPER:1 dir:HOME/x",
        "copy docker://REGISTRY/app:1 docker-archive:HOME/docker.tar:app:1",
        "inspect docker://LOCKED/app:1",
        "inspect --format '{{.NoSuchField}}' docker://REGISTRY/app:1",
        "inspect --format '{{' docker://REGISTRY/app:1",
        "list-tags docker://REGISTRY/none",
        "list-tags docker://REGISTRY/app:1",
        "delete docker://REGISTRY/app:none",
        "list-tags dir:HOME/dir",
        "login --get-login LOCKED",
        "login -u me -p wrong LOCKED",
        "logout LOCKED",
        "manifest-digest HOME/none",
        "nonsense",
        "",
        "sync --src docker --dest nowhere REGISTRY/app HOME/x",
        "sync --src yaml --dest dir HOME/none.yml HOME/x",
        "sync REGISTRY/app HOME/x",
        "--policy HOME/none.json copy docker://REGISTRY/app:1 dir:HOME/x",
      ])("%s", async (line) => {
        const { theirs, ours } = await byBoth(line);
        expect({ line, code: ours.code, stdout: ours.stdout }).toEqual({
          line,
          code: theirs.code,
          stdout: theirs.stdout.replace(/^(?:Getting|Copying|Writing|Signing) .*\n/gm, ""),
        });
        expect(ours.code).toBe(1);
        expect(ours.log.at(-1)).toMatch(/^level=fatal msg="(?:[^"\\]|\\.)*"$/);
        expect(theirs.log.at(-1)).toMatch(/^level=fatal msg="/);
      });
    });

    it("find what is not there: status 2, as skopeo after 1.9", async () => {
      for (const line of ["inspect docker://REGISTRY/app:none", "copy docker://REGISTRY/none:1 dir:HOME/x"]) {
        const { theirs, ours } = await byBoth(line);
        expect([theirs.code, ours.code], line).toEqual([1, 2]);
      }
    });

    it("obey policy.json: accept, reject, and what needs a signature", async () => {
      const accept = [{ type: "insecureAcceptAnything" }];
      const reject = [{ type: "reject" }];
      const signed = [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/nonexistent" }];
      const policies: readonly (readonly [unknown, number])[] = [
        [{ default: reject }, 1],
        [{ default: accept }, 0],
        [{ default: signed }, 1],
        [{ default: reject, transports: { docker: { [registry.host]: accept } } }, 0],
        [{ default: accept, transports: { docker: { [`${registry.host}/app`]: reject } } }, 1],
        [{ default: reject, transports: { docker: { [`${registry.host}/app:1`]: accept } } }, 0],
        [{ default: accept, transports: { docker: { "": reject } } }, 1],
        [{ default: reject, transports: { dir: { "": accept } } }, 1],
        [{}, 1],
        [{ default: [] }, 1],
      ];
      for (const [policy, code] of policies) {
        for (const { home, policyFile } of Object.values(users)) {
          writeFileSync(policyFile, JSON.stringify(policy));
          rmSync(`${home}/trusted`, { recursive: true, force: true });
        }
        const { theirs, ours } = await byBoth("copy -q docker://REGISTRY/app:1 dir:HOME/trusted");
        expect([theirs.code, ours.code], JSON.stringify(policy)).toEqual([code, code]);
        const insecure = await byBoth("--insecure-policy copy -q docker://REGISTRY/app:1 dir:HOME/trusted");
        expect([insecure.theirs.code, insecure.ours.code]).toEqual([0, 0]);
      }
      // What counts now is whether the machine has one.
      for (const { policyFile } of Object.values(users)) rmSync(policyFile);
      const { theirs, ours } = await byBoth("copy -q docker://REGISTRY/app:1 dir:HOME/trusted");
      expect(ours.code).toBe(theirs.code);
      expect(readFileSync(`${users.dray.home}/trusted/manifest.json`)).toEqual(
        Buffer.from(image.manifest.bytes),
      );
    });
  },
);

function sortedBlobs(text: string): string {
  return text.split("\n").sort().join("\n");
}

/** Without what is said of one image among others, whose order differs. */
function withoutOrder(log: readonly string[]): readonly string[] {
  return log.map((line) => line.replace(/image ref \d+\/\d+/, "image ref")).sort();
}
