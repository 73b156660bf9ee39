import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes, parseDigest } from "@drayage/digest";
import {
  createFaultProxy,
  type FaultProxy,
  randomImage,
  randomIndex,
  randomLayer,
  type SampleImage,
  type SampleIndex,
  type SampleManifest,
  sampleBlob,
  writeImage,
} from "@drayage/testkit";
import { docker } from "@drayage/transport-docker";
import { describeWithPeers, run, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { expect, it, onTestFinished } from "vitest";
import { dray, type Ran, type RunOptions } from "./run-dray.ts";

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const insecure = { connection: { tlsVerify: false } };

async function push({ host }: TestRegistry, name: string, image: SampleImage | SampleIndex): Promise<void> {
  const transport = docker();
  await using destination = await transport.openDestination(transport.parse(`//${host}/${name}`), insecure);
  await writeImage(destination, image);
}

let attachments = 0;

/** Pushes an artifact that refers to a manifest. */
async function attach(
  { host }: TestRegistry,
  repository: string,
  { bytes, mediaType, digest }: Pick<SampleManifest, "bytes" | "mediaType" | "digest">,
): Promise<SampleManifest> {
  const config = new TextEncoder().encode("{}");
  const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest: digestBytes(config), size: 2 };
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/vnd.test.sbom",
    config: empty,
    layers: [empty],
    subject: { mediaType, digest, size: bytes.length },
    annotations: { number: String(attachments++) },
  };
  const artifact = new TextEncoder().encode(JSON.stringify(manifest));
  const own = digestBytes(artifact);
  const transport = docker();
  await using destination = await transport.openDestination(
    transport.parse(`//${host}/${repository}@${own}`),
    insecure,
  );
  await destination.putBlob(sampleBlob({ bytes: config, descriptor: empty }), {
    kind: "config",
    mediaType: empty.mediaType,
  });
  await destination.putManifest(artifact, { mediaType: manifest.mediaType });
  await destination.commit();
  return { bytes: artifact, mediaType: manifest.mediaType, digest: own };
}

async function referrersAt({ host }: TestRegistry, subject: string): Promise<readonly string[]> {
  const transport = docker();
  await using source = await transport.openSource(transport.parse(`//${host}/app:1`), insecure);
  return ((await source.referrers?.(parseDigest(subject))) ?? []).map(({ digest }) => digest);
}

async function digestAt(host: string, name: string): Promise<string> {
  const transport = docker();
  return (await transport.resolveImage(transport.parse(`//${host}/${name}`), insecure)).digest;
}

/** `dray sync` of a user without any configuration. */
function user(folder: string, options: RunOptions = {}): (...argv: readonly string[]) => Promise<Ran> {
  const conf = join(folder, "registries.conf");
  writeFileSync(conf, "");
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder, CONTAINERS_REGISTRIES_CONF: conf };
  return (...argv) =>
    dray(["sync", "--src-tls-verify=false", "--dest-tls-verify=false", ...argv], { ...options, env });
}

/** The lines of a log in skopeo's form, without their times. */
function logLines(log: string): readonly string[] {
  return log.split("\n").flatMap((line) => /^time="[^"]*" (.*)$/.exec(line)?.[1] ?? []);
}

describeWithPeers("dray sync and skopeo sync", ["docker-registry", "skopeo"], ({ skopeo }) => {
  it("plan the same of the same list", async () => {
    await using source = await startRegistry();
    const image = await randomImage({ seed: 1 });
    for (const tag of ["1.13.1-perl", "1.13.2-perl", "1.13.3-perl", "latest"])
      await push(source, `nginx:${tag}`, image);
    await push(source, "team/app:1.0", image);
    await push(source, "team/app:2.0", image);
    const folder = createFolder();
    const list = join(folder, "list.yml");
    writeFileSync(
      list,
      `${source.host}:
  tls-verify: false
  unknown: key
  images:
    team/app: ["1.0", "${image.manifest.digest}"]
  images-by-tag-regex:
    nginx: ^1\\.13\\.[12]-perl$
`,
    );
    for (const flags of [
      ["--dest", "docker", list, "mirror.test/x/"],
      ["--dest", "dir", "--scoped", list, join(folder, "nowhere")],
    ]) {
      const argv = ["--src", "yaml", "--dry-run", ...flags];
      const theirs = await run(skopeo, ["--insecure-policy", "sync", ...argv]);
      const asSkopeo = user(folder, { calledAs: "skopeo" });
      const ours = await asSkopeo("--insecure-policy", ...argv);
      expect(ours.status).toBe(0);
      const wouldHave = (log: string): readonly string[] =>
        logLines(log)
          .filter((line) => line.includes("Would have") || line.includes("dry-run"))
          .toSorted();
      expect(wouldHave(ours.stderr)).toEqual(wouldHave(theirs.stderr));
      expect(wouldHave(ours.stderr)).toHaveLength(4 + 1 + 1);
      // As dray the plan is the result.
      const plan = await user(folder)(...argv);
      const ends = (text: string): readonly string[] =>
        text.match(/from="[^"]*" to="[^"]*"/g)?.toSorted() ?? [];
      expect(ends(plan.stdout)).toEqual(ends(theirs.stderr));
    }
  });

  it("write the same folders, and read each other's", async () => {
    await using source = await startRegistry();
    for (const tag of ["a", "b"])
      await push(source, `team/app:${tag}`, await randomImage({ seed: tag, format: "docker" }));
    const folder = createFolder();
    const argv = (path: string): readonly string[] => [
      "--src",
      "docker",
      "--dest",
      "dir",
      "--src-tls-verify=false",
      "--scoped",
      `${source.host}/team/app`,
      path,
    ];
    const [theirs, ours] = [join(folder, "theirs"), join(folder, "ours")];
    const theirRun = await run(skopeo, ["--insecure-policy", "sync", ...argv(theirs)]);
    const ourRun = await user(folder, { calledAs: "skopeo" })("--insecure-policy", ...argv(ours));
    expect(ourRun.status).toBe(0);
    await run("diff", ["-r", theirs, ours]);
    expect(logLines(ourRun.stderr).map((line) => line.replaceAll(ours, theirs))).toEqual(
      logLines(theirRun.stderr),
    );
    expect(ourRun.stdout).toBe(theirRun.stdout);
    // A second time both refuse.
    const again = await run(skopeo, ["--insecure-policy", "sync", ...argv(theirs)], { mayFail: true });
    const ourAgain = await user(folder, { calledAs: "skopeo" })("--insecure-policy", ...argv(ours));
    expect([again.code, ourAgain.status]).toEqual([1, 1]);
    for (const { stderr } of [again, ourAgain])
      expect(stderr).toContain("Refusing to overwrite destination directory");
    // As dray it goes on where it was.
    expect((await user(folder)(...argv(ours))).stderr).toContain("0 copied, 2 already there");

    await using destination = await startRegistry();
    const back = ["--src", "dir", "--dest", "docker", theirs, `${destination.host}/x`];
    expect((await user(folder)(...back)).status).toBe(0);
    expect(await digestAt(destination.host, "x/app:a")).toBe(await digestAt(source.host, "team/app:a"));
  });
});

describeWithPeers("dray sync with docker-registry", ["docker-registry"], () => {
  it("copies a whole registry, renames, and says what it did", async () => {
    await using source = await startRegistry({ catalogLimit: 2 });
    await using destination = await startRegistry();
    for (const name of ["a:1", "team/b:1", "team/c:1", "team/c:2"])
      await push(source, name, await randomImage({ seed: name }));
    const folder = createFolder();
    const digests = join(folder, "digests");
    const sync = user(folder);
    const flags = ["--src", "docker", "--dest", "docker", "--digestfile", digests];
    const ran = await sync(
      ...flags,
      "--rename",
      `${source.host}/team=mirror`,
      "--rename",
      "*=",
      `${source.host}/`,
      destination.host,
    );
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toContain("Synced 4 images from 3 sources: 4 copied, 0 already there");
    expect(readFileSync(digests, "utf8").trim().split("\n").toSorted()).toEqual(
      (
        await Promise.all(
          ["a:1", "mirror/b:1", "mirror/c:1", "mirror/c:2"].map(
            async (name) => `${await digestAt(destination.host, name)} docker://${destination.host}/${name}`,
          ),
        )
      ).toSorted(),
    );
    const part = await sync(
      "-n",
      "--json",
      "--src",
      "docker",
      "--dest",
      "docker",
      `${source.host}/team/`,
      destination.host,
    );
    const plan = JSON.parse(part.stdout);
    expect(plan.summary).toMatchObject({ repositories: 2, images: { copied: 3, present: 0, failed: 0 } });
    expect(
      plan.images.map(({ from, state }: { from: string; state: string }) => [from, state]),
    ).toContainEqual([`docker://${source.host}/team/b:1`, "copy"]);
  });

  it("prunes where only manifests can be deleted, and not what is still named", async () => {
    await using source = await startRegistry();
    await using destination = await startRegistry({ deletable: true });
    const [one, two] = await Promise.all([randomImage({ seed: 1 }), randomImage({ seed: 2 })]);
    await push(source, "app:1", one);
    await push(destination, "app:1", one);
    await push(destination, "app:same", one);
    await push(destination, "app:old", two);
    const sync = user(createFolder());
    const argv = ["--src", "docker", "--dest", "docker", "--prune", `${source.host}/app`, destination.host];
    const plan = await sync("--dry-run", ...argv);
    expect(plan.stdout).toContain(`Would have deleted "docker://${destination.host}/app:old"`);
    const { status, stderr } = await sync(...argv);
    expect(status).toBe(0);
    expect(stderr).toContain(`deleted docker://${destination.host}/app:old`);
    expect(stderr).toMatch(/app:same stays: sha256:[0-9a-f]{64} is also that of an image that stays/);
    expect(await digestAt(destination.host, "app:1")).toBe(one.manifest.digest);
    await expect(digestAt(destination.host, "app:old")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  });

  it("takes referrers along, on to a registry and a layout, and finds late ones", {
    timeout: 60_000,
  }, async () => {
    await using source = await startRegistry();
    await using destination = await startRegistry();
    const index = await randomIndex({ seed: "index" });
    await push(source, "app:1", index);
    const attached = [];
    for (const subject of [index.manifest, index.images[1]?.manifest ?? index.manifest]) {
      const sbom = await attach(source, "app", subject);
      const signature = await attach(source, "app", sbom);
      attached.push([subject.digest, sbom.digest], [sbom.digest, signature.digest]);
    }
    const folder = createFolder();
    const sync = user(folder);
    const argv = [
      "--src",
      "docker",
      "--dest",
      "docker",
      "--all",
      "--referrers",
      `${source.host}/app:1`,
      destination.host,
    ];
    const plan = await sync("--dry-run", "--json", ...argv);
    expect(JSON.parse(plan.stdout).summary).toMatchObject({
      images: { copied: 1 },
      referrers: { copied: 4 },
    });
    const { status, stderr } = await sync(...argv);
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("4 of 4 referrers copied"),
    });
    for (const [subject, referrer] of attached) {
      expect(await referrersAt(destination, subject ?? "")).toEqual([referrer]);
    }
    const late = await attach(source, "app", index.manifest);
    expect((await sync(...argv)).stderr).toContain("1 of 5 referrers copied");
    expect(await referrersAt(destination, index.manifest.digest)).toContain(late.digest);

    const layouts = join(folder, "layouts");
    const out = await sync(
      "--src",
      "docker",
      "--dest",
      "oci-dir",
      "--all",
      "--referrers",
      `${source.host}/app:1`,
      layouts,
    );
    await using again = await startRegistry();
    const back = await sync(
      "--src",
      "oci-dir",
      "--dest",
      "docker",
      "--all",
      "--referrers",
      layouts,
      again.host,
    );
    expect([out.status, back.status]).toEqual([0, 0]);
    expect(await digestAt(again.host, "app:1")).toBe(index.manifest.digest);
    expect(await referrersAt(again, index.manifest.digest)).toContain(late.digest);
  });

  it("goes on with keep-going, and fails at the end", async () => {
    await using source = await startRegistry();
    await using destination = await startRegistry();
    for (const tag of ["1", "2", "3"]) await push(source, `app:${tag}`, await randomImage({ seed: tag }));
    await using proxy = await createFaultProxy({ target: source.url });
    proxy.rule({ path: /\/manifests\/2$/, method: "GET" }, { answer: { status: 403, body: "no" } });
    const sync = user(createFolder());
    const argv = [
      "--src",
      "docker",
      "--dest",
      "docker",
      "--parallel",
      "1",
      `${proxy.host}/app`,
      destination.host,
    ];
    const first = await sync(...argv, "--retry-times", "0");
    expect(first.status).toBe(1);
    expect(first.stderr).toContain(`docker://${proxy.host}/app:2: `);
    const { status, stderr } = await sync(...argv, "--keep-going");
    expect(status).toBe(1);
    expect(stderr).toContain("Sync failed due to previous reported error(s) for one or more images");
    expect(await digestAt(destination.host, "app:3")).toBe(await digestAt(source.host, "app:3"));
  });

  it("killed and started again, it sends no byte of a whole blob twice", { timeout: 120_000 }, async () => {
    await using source = await startRegistry();
    await using destination = await startRegistry();
    const base = await randomLayer({ seed: "base", fileSize: 200_000 });
    const layers = await Promise.all(
      Array.from({ length: 12 }, (_, at) => randomLayer({ seed: at, fileSize: 20_000 })),
    );
    // Every repository shares the base, and each layer is in two of them.
    for (const [at, layer] of layers.entries()) {
      const more = layers[(at + 1) % layers.length] ?? layer;
      await push(
        source,
        `repository-${at % 6}:v${at}`,
        await randomImage({ seed: at, layers: [base, layer, more] }),
      );
    }
    await push(source, "multi:1", await randomIndex({ seed: "multi", layers: [base] }));
    await using proxy = await createFaultProxy({ target: destination.url });
    const folder = createFolder();
    const controller = new AbortController();
    const argv = [
      "--all",
      "--src",
      "docker",
      "--dest",
      "docker",
      "--parallel",
      "8",
      "--rename",
      "*=",
      `${source.host}/`,
      proxy.host,
    ];
    let runs = 0;
    // Ended three times in the midst of it.
    for (const after of [150, 300, 450]) {
      const controller = new AbortController();
      const timer = setInterval(() => {
        if (proxy.requests.length >= after) controller.abort(new Error("killed"));
      }, 1);
      const { status } = await user(folder, { signal: controller.signal })(...argv);
      clearInterval(timer);
      if (status !== 0) runs += 1;
    }
    expect(runs).toBeGreaterThan(0);
    const last = await user(folder, { signal: controller.signal })(...argv);
    expect(last.status).toBe(0);
    expect(last.stderr).toMatch(/Synced 13 images from 7 sources: \d+ copied, [1-9]\d* already there/);
    expect(doubled(proxy)).toEqual([]);
    const again = proxy.requests.length;
    const { stderr } = await user(folder)(...argv);
    expect(stderr).toContain("0 copied, 13 already there");
    expect(proxy.requests.slice(again).every(({ method }) => method === "HEAD" || method === "GET")).toBe(
      true,
    );
    for (const at of layers.keys()) {
      const name = `repository-${at % 6}:v${at}`;
      expect(await digestAt(destination.host, name)).toBe(await digestAt(source.host, name));
    }
  });
});

/** Digests of blobs whose bytes were taken by the registry more than once. */
function doubled(proxy: FaultProxy): readonly string[] {
  const finished = proxy.requests.flatMap(({ method, target, status, state }) => {
    const digest = /[?&]digest=([^&]+)/.exec(target)?.[1];
    return method === "PUT" && status === 201 && state === "answered" && digest !== undefined
      ? [decodeURIComponent(digest)]
      : [];
  });
  return finished.filter((digest, at) => finished.indexOf(digest) !== at);
}
