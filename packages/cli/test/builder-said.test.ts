import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dray, type Ran, testFolder } from "./run-dray.ts";

const folder = testFolder();
const place = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
const env = { HOME: folder };

const builder = (...argv: readonly string[]): Promise<Ran> => dray(["builder", ...place, ...argv], { env });
const buildah = (...argv: readonly string[]): Promise<Ran> =>
  dray([...place, ...argv], { env, calledAs: "/usr/bin/buildah" });

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("what dray builder says", () => {
  it("begins with dray on every line, and names dray's commands", async () => {
    await builder("from", "--name", "web", "scratch");
    const { status, stdout, stderr } = await builder("rm", "nope", "web", "nor");
    expect({ status, stdout }).toEqual({ status: 125, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
    const hint = "dray builder containers and podman ps --all list those that are there";
    expect(stderr).toBe(
      ["nope", "nor"]
        .map((name) => `dray: removing container "${name}": container not known; ${hint}\n`)
        .join(""),
    );
    expect((await buildah("rm", "nope", "nor")).stderr).toBe(
      'removing container "nope": container not known\nError: removing container "nor": container not known\n',
    );
  });

  it("names the command that lists images, where one is not there", async () => {
    const { stderr } = await builder("from", "--pull-never", "localhost/nothere");
    expect(stderr).toContain("localhost/nothere");
    expect(stderr).toMatch(/; dray images lists those that are there\n$/);
  });

  it.each([
    [
      ["from", "--isolation", "docker", "scratch"],
      /^dray: unrecognized isolation type "docker"; accepted: oci, rootless, chroot, default\n$/,
    ],
    [
      ["from", "--format", "tar", "scratch"],
      /^dray: unrecognized image type "tar"; accepted: oci, docker\n$/,
    ],
    [
      ["from", "--memory", "lots", "scratch"],
      /invalid size: "lots"; accepted: bytes, or a number with b, k, m, g or t: 512m\n$/,
    ],
    [
      ["from", "--pull=x", "scratch"],
      /^dray: --pull: "x" is no policy; accepted: always, missing, newer, never, true \(newer\), false \(missing\)\n$/,
    ],
    [["inspect", "--type", "x", "c"], /"container" and "image"; accepted: container, image, manifest\n$/],
    [
      ["images", "--filter", "x"],
      /"filter=value"; accepted: dangling=true, label=name, reference=name and the like\n$/,
    ],
    [["containers", "--filter", "size=1"], /invalid filter "size"; accepted: id, name, ancestor\n$/],
    [
      ["commit", "--timestamp", "now", "c", "x"],
      /^dray: invalid argument "now" for "--timestamp" flag; accepted: a whole number\n$/,
    ],
    [["copy", "c"], /^dray: src must be specified; accepted: CONTAINER SOURCE... \[DESTINATION\]\n$/],
    [["run", "c"], /^dray: command must be specified; accepted: CONTAINER COMMAND \[ARGUMENT...\]\n$/],
  ])("%j: says what is accepted, of which buildah says nothing", async (argv, sentence) => {
    const { status, stderr } = await builder(...argv);
    expect({ status, stderr }).toEqual({ status: 125, stderr: expect.stringMatching(sentence) });
    expect((await buildah(...argv)).stderr).not.toContain("accepted");
  });

  it("keeps Go's words for a number that is none where it is called as buildah", async () => {
    expect((await buildah("commit", "--timestamp", "now", "c", "x")).stderr).toContain(
      'strconv.ParseInt: parsing "now": invalid syntax',
    );
  });

  it("warns of a name that is nearly a transport, and gives the hint where it is no name", async () => {
    await builder("from", "--name", "c", "scratch");
    const named = await builder("commit", "-q", "c", "oci-dirr:x");
    expect({ status: named.status, stderr: named.stderr }).toEqual({
      status: 0,
      stderr: "dray: warning: the image gets the name localhost/oci-dirr:x; did you mean oci-dir:x?\n",
    });
    const refused = await builder("commit", "-q", "c", "oci-dirr:/tmp/x");
    expect({ status: refused.status, stderr: refused.stderr }).toEqual({
      status: 125,
      stderr: expect.stringMatching(/; did you mean oci-dir:\/tmp\/x\?\n$/),
    });
    for (const quiet of [builder("commit", "-q", "c", "app:1"), buildah("commit", "-q", "c", "oci-dirr:y")])
      expect(await quiet).toMatchObject({ status: 0, stderr: "" });
  });
});
