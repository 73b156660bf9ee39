import { type CommandDefinition, defineCommand } from "../command.ts";
import { hidden, text, texts, toggle } from "../flags/kinds.ts";
import { several } from "../store/store-flags.ts";
import { type NamespaceFlags, namespaceFlags } from "./container-flags.ts";
import { addHistoryFlag, type BuilderFlags, builderFlags, words } from "./flags.ts";

export type RunFlags = BuilderFlags &
  NamespaceFlags & {
    readonly addHistory?: boolean;
    readonly capAdd?: readonly string[];
    readonly capDrop?: readonly string[];
    readonly contextdir?: string;
    readonly env?: readonly string[];
    readonly hooksDir?: readonly string[];
    readonly hostname?: string;
    readonly isolation?: string;
    readonly mount?: readonly string[];
    readonly noHosts?: boolean;
    readonly noPivot?: boolean;
    readonly runtime?: string;
    readonly runtimeFlag?: readonly string[];
    readonly secret?: readonly string[];
    readonly terminal?: boolean;
    readonly user?: string;
    readonly volume?: readonly string[];
    readonly workingdir?: string;
  };

export const runCommand: CommandDefinition = defineCommand<RunFlags, string[]>({
  loader: async () => (await import("./run.ts")).run,
  parameters: {
    flags: {
      ...builderFlags,
      ...namespaceFlags,
      addHistory: addHistoryFlag,
      capAdd: texts("capability", "A capability more"),
      capDrop: texts("capability", "A capability less"),
      contextdir: hidden(text("folder", "The folder of relative sources of mounts")),
      env: several("name=value", "A variable for this command"),
      hooksDir: several("folder", "Hooks for the runtime, instead of those that the container says"),
      hostname: text("name", "The name of the machine that it sees"),
      isolation: text("kind", "oci, rootless or chroot"),
      mount: several("mount", "type=bind,src=…,dst=… and the like"),
      noHosts: toggle("Leave the image's /etc/hosts"),
      noPivot: hidden(toggle("Do not use pivot_root")),
      runtime: text("path", "An OCI runtime, by name or path"),
      runtimeFlag: texts("flag", "A flag for the runtime, without its dashes"),
      secret: several("secret", "id=…,src=… or id=…,env=…"),
      terminal: toggle("Give it a terminal"),
      user: text("user[:group]", "Whom it is run as"),
      volume: several("source:destination", "A folder of the machine that it sees"),
      workingdir: text("path", "Where it is run"),
    },
    aliases: { e: "env", t: "terminal", v: "volume" },
    positional: words({ CONTAINER: "The container", "COMMAND...": "The command and its arguments" }),
  },
  docs: {
    brief: "Run a command in a working container",
    fullDescription: [
      "Run a command in a working container, with the environment, user and folder of its config. The exit code is the command's; 1 says",
      "that it could not be started, and 125 that something else was wrong.",
      "",
      "EXAMPLES",
      "  dray builder run web -- npm ci --omit=dev",
      "  dray builder run --secret id=npm,src=.npmrc --mount type=secret,id=npm,target=/root/.npmrc web -- npm ci",
      "  dray builder run --isolation chroot --network host web sh -c 'id > /who'",
    ].join("\n"),
  },
});
