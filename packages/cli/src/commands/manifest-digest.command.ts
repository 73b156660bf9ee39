import { type CommandDefinition, defineCommand } from "../command.ts";
import { text } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export interface ManifestDigestFlags extends GlobalFlags {
  readonly algorithm?: string;
}

export const manifestDigestCommand: CommandDefinition = defineCommand<ManifestDigestFlags, [string]>({
  loader: async () => (await import("./manifest-digest.ts")).manifestDigestOfFile,
  parameters: {
    flags: { ...globalFlags, algorithm: text("name", "sha256 (the default), sha384 or sha512") },
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: textParser,
          placeholder: "FILE",
          brief: "A file that holds a manifest; - is standard input",
        },
      ],
    },
  },
  docs: {
    brief: "Compute the digest of a manifest in a file",
    fullDescription: [
      "Compute the digest of a manifest in a file. The signatures of a signed docker v2s1 manifest do not count.",
      "",
      "EXAMPLES",
      "  dray manifest-digest manifest.json",
      "  dray inspect --raw oci-dir:layout:app | dray manifest-digest -",
    ].join("\n"),
  },
});
