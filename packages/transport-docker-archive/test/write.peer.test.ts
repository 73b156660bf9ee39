import { readFileSync } from "node:fs";
import path from "node:path";
import { describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import {
  emptyLayer,
  type FixtureImage,
  image,
  type Knowledge,
  layerA,
  layerB,
  layerC,
  open,
  put,
  writeLayout,
} from "./fixtures.ts";

interface Case {
  readonly image: FixtureImage;
  readonly name?: string;
  readonly tags?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  "no layer": { image: image([]) },
  "no layer, with a name": { image: image([]), name: "busybox" },
  "one layer": { image: image([layerA]) },
  "three layers and a name": { image: image([layerA, layerB, layerC]), name: "busybox" },
  "names of several repositories": {
    image: image([layerA, layerB]),
    name: "localhost:5000/z/app:v1",
    tags: ["x/y:1", "busybox:z", "busybox:a", "localhost:5000/z/app:v1", "busybox:z"],
  },
  "additional tags alone": { image: image([layerA]), tags: ["x/y:1"] },
  "a layer that comes twice": { image: image([layerA, layerB, layerA, layerA]), name: "twice:1" },
  "empty layers": { image: image([layerA, emptyLayer, layerB, emptyLayer]) },
  "a config with all that JSON allows": {
    image: image([layerA], {
      docker_version: "20.10.7",
      container: "0123",
      container_config: { Labels: { 2: "two", 1: "<&>\u2028\u2029", ä: "\u00e9\ud83d\ude00" }, Hostname: "" },
      config: { Labels: { b: "\u0007\b\f", a: null }, Env: null, Memory: 1e21 },
    }),
  },
};

describeWithPeers("a written archive is what skopeo writes", ["skopeo"], () => {
  it.each(Object.keys(cases))("%s", async (name) => {
    const { image: of, name: reference, tags = [] } = cases[name] as Case;
    const folder = temporaryDirectory();
    writeLayout(path.join(folder, "layout"), of);
    const theirs = path.join(folder, "theirs.tar");
    const suffix = reference === undefined ? "" : `:${reference}`;
    const flags = tags.flatMap((tag) => ["--additional-tag", tag]);
    await skopeo([
      "copy",
      ...flags,
      `oci:${path.join(folder, "layout")}`,
      `docker-archive:${theirs}${suffix}`,
    ]);
    const wanted = readFileSync(theirs);

    for (const known of ["all", "nothing", "compressed"] satisfies Knowledge[]) {
      const ours = path.join(folder, `${known}.tar`);
      await using destination = await open(`${ours}${suffix}`, { additionalTags: tags });
      await put(destination, of, known);
      await destination.commit();
      expect(Buffer.compare(readFileSync(ours), wanted), known).toBe(0);
    }
  });
});
