import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type LoginFlags = GlobalFlags & {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly getLogin?: boolean;
  readonly authfile?: string;
  readonly compatAuthFile?: string;
  readonly certDir?: string;
  readonly verbose?: boolean;
};

export const loginCommand: CommandDefinition = defineCommand<LoginFlags, [string]>({
  loader: async () => (await import("./login.ts")).login,
  parameters: {
    flags: {
      ...globalFlags,
      username: text("user", "The user; asked for where absent"),
      password: text(
        "password",
        "The password; asked for where absent. Other users of the machine can see it here",
      ),
      passwordStdin: toggle("Read the password from standard input"),
      getLogin: toggle("Print who is logged in, and do nothing else"),
      authfile: text("file", "Store the login in this file instead of the usual one"),
      compatAuthFile: text("file", "Store the login in this file, as docker does in its config.json"),
      certDir: text("folder", "A folder with *.crt, *.cert and *.key files for this registry"),
      tlsVerify: toggle("Require HTTPS and check certificates; =false does neither"),
      verbose: toggle("Say where the login was stored"),
    },
    aliases: { u: "username", p: "password", v: "verbose" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: textParser,
          placeholder: "REGISTRY",
          brief: "The registry as HOST[:PORT], or a part of it as HOST[:PORT]/PATH",
        },
      ],
    },
  },
  docs: {
    brief: "Log in to a registry",
    fullDescription: [
      "Log in to a registry. It is asked whether it takes user and password, and only then are they stored, where",
      "podman, buildah and skopeo find them too.",
      "",
      "EXAMPLES",
      "  dray login quay.io",
      "  dray login --username robot --password-stdin registry.example.com:5000 < password",
      "  dray login --username me quay.io/my-organisation",
      "  dray login --get-login quay.io",
    ].join("\n"),
  },
});
