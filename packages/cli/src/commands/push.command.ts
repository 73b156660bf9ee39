import { type CommandDefinition, defineCommand } from "../command.ts";
import { destinationArgument, type SharedPushFlags, sharedPushFlags } from "../store/push-flags.ts";
import { storedImage } from "../store/store-flags.ts";

export type PushFlags = SharedPushFlags & { readonly format?: "oci" | "v2s1" | "v2s2" };

export const pushCommand: CommandDefinition = defineCommand<PushFlags, [string, string?]>({
  loader: async () => (await import("./push.ts")).push,
  parameters: {
    flags: {
      ...sharedPushFlags,
      format: {
        kind: "enum",
        values: ["oci", "v2s1", "v2s2"],
        optional: true,
        brief: "The manifest type to write (the image's, where the destination takes it)",
      },
    },
    aliases: { f: "format", q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [storedImage("An image of the store"), destinationArgument("image")],
    },
  },
  docs: {
    brief: "Copy an image of the store to a registry",
    fullDescription: [
      "Copy an image of the store to a registry, or to where another transport reaches. What the registry has is not sent; layers are",
      "compressed anew, unless they were pulled with --keep-blobs or the registry has them.",
      "",
      "EXAMPLES",
      "  dray push app registry.example.com/team/app:1",
      "  dray push quay.io/me/app:2",
      "  dray push app oci-archive:app.tar",
    ].join("\n"),
  },
});
