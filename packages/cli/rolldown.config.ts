import { readdirSync } from "node:fs";
import { command } from "../../tools/build/rolldown.base.ts";

/** What is written down of each command. The parser needs all of it, who calls a command that of this one. */
const definitions = readdirSync(new URL("src/commands", import.meta.url))
  .filter((name) => name.endsWith(".command.ts"))
  .map((name) => `src/commands/${name}`);

const groupCommand = /\/manifest-(?!digest)/;

export default command({
  input: { bin: "src/bin.ts" },
  stages: [
    { bin: ["src/bin.ts"] },
    { run: ["src/process.ts"] },
    {
      parser: ["src/app.ts"],
      // The commands of groups are loaded with their group.
      commands: definitions.filter((file) => !groupCommand.test(file)),
      inspect: [
        "src/commands/inspect.command.ts",
        "src/commands/inspect.ts",
        "src/builtins.ts > @drayage/transport-oci-dir",
      ],
      copy: [
        "src/commands/copy.command.ts",
        "src/commands/copy.ts",
        "../copy/src/copy.ts > @drayage/blob-info-cache",
        "../transport-oci-dir/src/destination.ts",
      ],
      registry: [
        "src/commands/digest.command.ts",
        "src/commands/digest.ts",
        "src/builtins.ts > @drayage/transport-docker",
        "../transport-docker/src/lookup.ts",
        "../transport-docker/src/source.ts",
        "../transport-docker/src/on-demand.ts",
        // Most machines have a registries.conf.
        "../containers-config/src/registries/parse-file.ts",
      ],
      store: [
        "src/commands/images.command.ts",
        "src/commands/images.ts",
        "src/builtins.ts > @drayage/transport-containers-storage",
        "../transport-containers-storage/src/drivers.ts > @drayage/storage-driver-overlay",
        "../transport-containers-storage/src/drivers.ts > @drayage/storage-driver-vfs",
        "../containers-config/src/storage/parse-file.ts",
      ],
    },
    {
      "docker-archive": ["src/builtins.ts > @drayage/transport-docker-archive"],
      "oci-archive": ["src/builtins.ts > @drayage/transport-oci-archive"],
      pull: ["src/commands/pull.ts", "../transport-containers-storage/src/destination.ts"],
      tarball: ["src/builtins.ts > @drayage/transport-tarball"],
    },
  ],
});
