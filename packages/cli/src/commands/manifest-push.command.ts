import { type CommandDefinition, defineCommand } from "../command.ts";
import { toggle } from "../flags/kinds.ts";
import { type SigningFlags, signingFlags } from "../flags/refused-flags.ts";
import { type OtherPushNames, otherPushNames } from "../manifest-list/buildah-flags.ts";
import { destinationArgument, type SharedPushFlags, sharedPushFlags } from "../store/push-flags.ts";
import { storedImage } from "../store/store-flags.ts";

export type ManifestPushFlags = SharedPushFlags &
  SigningFlags &
  OtherPushNames & {
    readonly addCompression?: readonly ("gzip" | "zstd")[];
    readonly all?: boolean;
    readonly format?: "oci" | "v2s2" | "docker";
    readonly rm?: boolean;
  };

export const manifestPushCommand: CommandDefinition = defineCommand<ManifestPushFlags, [string, string?]>({
  loader: async () => (await import("./manifest-push.ts")).manifestPush,
  parameters: {
    flags: {
      ...sharedPushFlags,
      addCompression: {
        kind: "enum",
        values: ["gzip", "zstd"],
        optional: true,
        variadic: ",",
        brief: "Add each image once more, compressed with this, for platforms that have none",
      },
      all: toggle("Push the images of the list, too, as is done anyway; =false pushes the list alone"),
      format: {
        kind: "enum",
        values: ["oci", "v2s2", "docker"],
        optional: true,
        brief: "The manifest type to write (that of the list, where the destination takes it)",
      },
      rm: toggle("Remove the list from the store once it is pushed"),
      ...signingFlags,
      ...otherPushNames,
    },
    aliases: { f: "format", q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [storedImage("A list of the store, by name or ID"), destinationArgument("list")],
    },
  },
  docs: {
    brief: "Copy a list and its images to a registry",
    fullDescription: [
      "Copy a list of the store and its images, from wherever they are, to a registry, or to where another transport reaches. The login",
      "is for the destination alone.",
      "",
      "EXAMPLES",
      "  dray manifest push app:1 docker://quay.io/me/app:1",
      "  dray manifest push --format oci --rm app:1 oci-archive:app.tar",
      "  dray manifest push --add-compression zstd app:1 docker://quay.io/me/app:1",
    ].join("\n"),
  },
});
