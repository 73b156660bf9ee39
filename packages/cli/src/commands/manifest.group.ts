import type { CommandGroup } from "../command-group.ts";

export const manifestGroup: CommandGroup = {
  brief: "Make, change and push lists of images, such as one for each platform",
  fullDescription: [
    "Make, change and push lists of images: docker's manifest lists and the OCI's indexes, such as those that have an image for each",
    "platform. Lists are kept in the store as buildah and podman keep them: each can carry on with those of the others.",
    "",
    "EXAMPLES",
    "  dray manifest create app:1 app:1-amd64 app:1-arm64",
    "  dray manifest add app:1 docker://quay.io/me/app:1-riscv64 --arch riscv64",
    "  dray manifest inspect app:1",
    "  dray manifest push --all app:1 docker://quay.io/me/app:1",
  ].join("\n"),
  load: async () => (await import("./manifest.commands.ts")).manifestCommands,
};
