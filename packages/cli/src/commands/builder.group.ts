import type { CommandGroup } from "../command-group.ts";
import type { DrayContext } from "../context.ts";

/** Does what the arguments say as buildah would, and gives the exit status. */
export async function runBuilder(argv: readonly string[], context: DrayContext): Promise<number> {
  const { runAsBuildah } = await import("../builder/run-as-buildah.ts");
  return runAsBuildah(argv, context);
}

export const builderGroup: CommandGroup = {
  brief: "Make images from working containers, as buildah does",
  fullDescription: [
    "Make working containers from images, change them, and commit them as images. They are buildah's own, in the store that podman, buildah",
    "and skopeo share: each can carry on with those of the other. Flags, output and exit codes are those of buildah 1.28, and a link",
    "named buildah stands for `dray builder`.",
    "",
    "EXAMPLES",
    "  container=$(dray builder from scratch)",
    "  dray builder copy $container dist /app",
    "  dray builder config --entrypoint '[\"/app/server\"]' $container",
    "  dray builder commit --timestamp 0 --rm $container oci-archive:app.tar",
  ].join("\n"),
  load: async () => (await import("../builder/builder-commands.ts")).builderCommands,
  run: runBuilder,
};
