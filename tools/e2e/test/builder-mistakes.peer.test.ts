import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { idsByGo } from "../src/go-store.ts";
import { sameWords } from "../src/same-words.ts";

/** Command lines that change nothing, whose output, errors and exit codes are to be the same. */
const lines: readonly (readonly string[])[] = [
  ["--bad"],
  ["nosuch"],
  ["fro"],
  ["comit", "c"],
  ["Imag"],
  ["config", "--workdir", "/x", "c"],
  ["--log-level", "loud", "containers"],
  ["containers"],
  ["containers", "--json"],
  ["containers", "--noheading"],
  ["containers", "--notruncate"],
  ["containers", "-q"],
  ["containers", "-nq"],
  ["containers", "--filter", "name=c"],
  ["containers", "--filter", "ancestor=base"],
  ["containers", "--filter", "id=ffffffff,name=c"],
  ["containers", "--filter", "x=y"],
  ["containers", "--filter", "x"],
  ["containers", "--format", "{{.ContainerName}} {{.Builder}} {{.ImageName}}"],
  ["containers", "--format", "table {{.ContainerName}} {{.ImageName}}"],
  ["containers", "-q", "--format", "{{.ImageID}}"],
  ["containers", "--all=maybe"],
  ["containers", "-z"],
  ["containers", "-nz"],
  ["containers", "--format"],
  ["containers", "-f"],
  ["containers", "extra"],
  ["ls", "--quiet"],
  ["ps", "-a", "--noheading"],
  ["images", "--noheading", "--format", "{{.ID}} {{.Name}} {{.Tag}} {{.Digest}} {{.Size}} {{.ReadOnly}}"],
  ["images", "--quiet"],
  ["images", "--no-trunc", "-q"],
  ["images", "--json"],
  ["images"],
  ["images", "--digests", "--history"],
  ["images", "nosuch"],
  ["images", "a", "b"],
  ["images", "--all", "a"],
  ["images", "--filter", "x=y"],
  ["images", "-q", "--format", "x"],
  ["from"],
  ["from", "a", "b"],
  ["from", "--pull=never", "nosuch"],
  ["from", "--pull-never", "--pull-always", "nosuch"],
  ["from", "--format", "x", "scratch"],
  ["from", "--isolation", "x", "scratch"],
  ["from", "scratch", "--name", "late"],
  ["add"],
  ["add", "c"],
  ["copy", "c", "one", "--chown", "1"],
  ["copy", "nosuch", "one"],
  ["copy", "--checksum", "x", "c", "one"],
  ["copy", "--ignorefile", "x", "c", "one"],
  ["config"],
  ["config", "c", "d"],
  ["config", "--user", "a", "nosuch"],
  ["run"],
  ["run", "c"],
  ["run", "nosuch", "true"],
  ["run", "--isolation", "chroot", "--network", "none", "c", "true"],
  ["mount", "nosuch"],
  ["mount", "--json"],
  ["umount"],
  ["umount", "nosuch"],
  ["umount", "--all", "c"],
  ["rename", "c"],
  ["rename", "c", "c"],
  ["rename", "c", "d"],
  ["rename", "nosuch", "e"],
  ["rm"],
  ["rm", "nosuch"],
  ["rm", "--all", "c"],
  ["rmi"],
  ["rmi", "--all", "--prune"],
  ["rmi", "--all", "a"],
  ["tag"],
  ["tag", "base:1"],
  ["tag", "nosuch", "x"],
  ["commit"],
  ["commit", "nosuch"],
  ["commit", "c", "a", "b"],
  ["commit", "--format", "x", "c"],
  ["commit", "--timestamp", "x", "c"],
  ["commit", "--timestamp", "1", "--omit-timestamp", "c"],
  ["inspect"],
  ["inspect", "c", "d"],
  ["inspect", "--type", "x", "c"],
  ["inspect", "--type", "container", "nosuch"],
  ["inspect", "--format", "no template", "c"],
  ["inspect", "--type", "image", baseImage],
  ["inspect", "c"],
  ["inspect", "-f", "{{.OCIv1.Config}} {{.OCIv1.RootFS}} {{.NamespaceOptions}} {{.IDMappingOptions}}", "c"],
  ["inspect", "-f", "{{.OCIv1}} {{.Docker.Config}} {{.Docker.Config.Healthcheck}} {{.Devices}}", "c"],
  ["inspect", "-f", "{{range $k, $v := .OCIv1.Config.Labels}}{{$k}}={{$v}};{{end}}", "c"],
  [
    "inspect",
    "-f",
    "{{if .OCIv1.Config.ExposedPorts}}ports{{else}}none{{end}} {{with .OCIv1.Config.Cmd}}{{index . 0}}{{end}}",
    "c",
  ],
  ["inspect", "-f", "{{.Container}} {{.Docker.Config.Cmd}} {{len .OCIv1.RootFS.DiffIDs}}", "c"],
  ["pull"],
  ["pull", "a", "b"],
  ["pull", "--policy", "x", "a"],
  ["push"],
  ["push", "--format", "x", "base:1", "dir:/nonexistent"],
  ["login"],
  ["login", "a", "b"],
  ["logout"],
  ["version", "x"],
  ["info", "x"],
  ["info", "--format", "{{.host.os}} {{.host.arch}} {{.store.GraphDriverName}} {{.store.ImageStore.number}}"],
];

describeWithPeers(
  "mistakes and lists of buildah's command line",
  ["buildah", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    let store: BuilderStore;
    let ids: readonly string[] = [];
    beforeAll(async () => {
      store = await builderStore("vfs", folder);
      await store.by("buildah", ["from", "--name", "c", baseImage]);
      await store.by("buildah", ["from", "--name", "d", "scratch"]);
      ids = await idsByGo(store.shared, "containers");
    }, 60_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const words = (text: string): string => sameWords(text, folder, ids);

    it.each(lines.map((line) => [line.join(" "), line] as const))("buildah %s", async (_, line) => {
      const theirs = await store.by("buildah", line);
      const ours = await store.by("dray", line);
      const { code, stdout, stderr } = ours;
      expect({ code, stdout: words(stdout), stderr: words(stderr) }).toEqual({
        code: theirs.code,
        stdout: words(theirs.stdout),
        stderr: words(theirs.stderr),
      });
    });
  },
);
