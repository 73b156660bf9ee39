import { command } from "../../tools/build/rolldown.base.ts";

export default command({
  input: { bin: "src/bin.ts" },
  stages: [
    { bin: ["src/bin.ts"] },
    { run: ["src/process.ts"] },
    {
      parser: ["src/app.ts"],
      inspect: ["src/commands/inspect.ts", "src/builtins.ts > @drayage/transport-oci-dir"],
      copy: [
        "src/commands/copy.ts",
        "../copy/src/copy.ts > @drayage/blob-info-cache",
        "../transport-oci-dir/src/destination.ts",
      ],
      registry: [
        "src/commands/digest.ts",
        "src/builtins.ts > @drayage/transport-docker",
        "../transport-docker/src/lookup.ts",
        "../transport-docker/src/source.ts",
        "../transport-docker/src/on-demand.ts",
      ],
    },
    {
      "docker-archive": ["src/builtins.ts > @drayage/transport-docker-archive"],
      "oci-archive": ["src/builtins.ts > @drayage/transport-oci-archive"],
      store: ["src/commands/pull.ts", "src/commands/images.ts", "../transport-containers-storage/src/destination.ts"],
      tarball: ["src/builtins.ts > @drayage/transport-tarball"],
    },
  ],
});
