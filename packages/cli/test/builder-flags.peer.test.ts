import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describeWithPeers } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { builderCommands, notThere, otherCommandNames } from "../src/builder/builder-commands.ts";
import { builderFlags } from "../src/builder/flags.ts";
import { refuseNotServed } from "../src/builder/not-served.ts";
import type { CommandDefinition } from "../src/command.ts";
import { manifestCommands } from "../src/commands/manifest.commands.ts";
import { spelling } from "../src/flags/arguments.ts";

/** What buildah has and dray refuses in a sentence. docs/building.md says the same. */
const refused: Readonly<Record<string, readonly string[]>> = {
  add: [],
  commit: ["encrypt-layer", "encryption-key", "sign-by"],
  from: ["decryption-key", "userns-gid-map", "userns-gid-map-group", "userns-uid-map", "userns-uid-map-user"],
  "manifest push": ["sign-by"],
  pull: ["decryption-key"],
  push: ["encrypt-layer", "encryption-key", "sign-by"],
};
const refusedEverywhere = ["userns-gid-map", "userns-uid-map"];

/** What buildah takes and its help does not show. */
const unshown: Readonly<Record<string, readonly string[]>> = {
  add: [
    "authfile",
    "blob-cache",
    "cert-dir",
    "creds",
    "decryption-key",
    "remove-signatures",
    "signature-policy",
  ],
  commit: ["blob-cache", "omit-timestamp", "reference-time", "signature-policy"],
  copy: [
    "authfile",
    "blob-cache",
    "cert-dir",
    "creds",
    "decryption-key",
    "remove-signatures",
    "signature-policy",
  ],
  from: [
    "blob-cache",
    "cni-config-dir",
    "cni-plugin-path",
    "pull-always",
    "pull-never",
    "signature-policy",
    "suffix",
  ],
  mount: ["notruncate"],
  pull: ["blob-cache", "signature-policy"],
  push: ["blob-cache", "signature-policy"],
  version: ["cpu-profile", "debug", "default-mounts-file", "memory-profile"],
};

interface HelpFlag {
  readonly name: string;
  readonly letter: string | undefined;
  readonly takesValue: boolean;
  /** `--pull` alone is enough. */
  readonly mayStandAlone: boolean;
}

/** The flags that a command's help lists. */
function flagsIn(help: string): readonly HelpFlag[] {
  const section = /\nFlags:\n((?: .*\n)+)/.exec(help)?.[1] ?? "";
  return [...section.matchAll(/^ {2,}(?:-(\w), )?--([\w-]+)(?: (\S+))?(?= {2}|$)/gm)]
    .map(([, letter, name = "", type]) => ({
      name,
      letter,
      takesValue: type !== undefined,
      mayStandAlone: type?.includes('[="') === true,
    }))
    .filter(({ name }) => name !== "help" && name !== "version");
}

function commandsIn(help: string): readonly string[] {
  const section = /\nAvailable Commands:\n((?: .*\n)+)/.exec(help)?.[1] ?? "";
  return [...section.matchAll(/^ {2}(\S+)/gm)].map(([, name = ""]) => name);
}

describeWithPeers("all that buildah's help lists", ["buildah"], ({ buildah }) => {
  const help = (...words: readonly string[]): string =>
    execFileSync(buildah, [...words, "--help"], { encoding: "utf8" });
  const top = commandsIn(help());
  const groups = new Set(["manifest"]);
  const names = top
    .filter((name) => name !== "help" && !groups.has(name))
    .filter((name) => !Object.hasOwn(notThere, name))
    .map((name) => ({ name, definition: builderCommands[name] }));
  const lists = commandsIn(help("manifest")).map((name) => ({
    name: `manifest ${name}`,
    definition: manifestCommands[name],
  }));

  it("is a command here, or refused in a sentence", () => {
    expect(top.length).toBeGreaterThan(20);
    expect(top.filter((name) => Object.hasOwn(notThere, name))).toEqual(["build", "source"]);
    expect([...names, ...lists].filter(({ definition }) => definition === undefined)).toEqual([]);
    for (const name of top) {
      const aliases = /\nAliases:\n {2}(.*)\n/.exec(help(name))?.[1]?.split(", ") ?? [name];
      expect(
        aliases.filter((one) => one !== name).map((one) => otherCommandNames[one]),
        name,
      ).toEqual(aliases.filter((one) => one !== name).map(() => name));
    }
  });

  it.each([...names, ...lists].map(({ name, definition }) => [name, definition] as const))(
    "buildah %s: each flag is taken as buildah takes it, or refused",
    (name, definition) => {
      const flags = flagsIn(help(...name.split(" ")));
      const own = definition?.parameters ?? {};
      expect(flags.map((flag) => shapeHere(flag, own))).toEqual(flags.map(shapeThere));
      expect(flags.filter(({ name: flag }) => isRefused(flag)).map((flag) => flag.name)).toEqual(
        refused[name] ?? [],
      );
    },
  );

  it.each(Object.entries(unshown))("buildah %s: flags that its help does not show", (name, flags) => {
    // That it has them: it would complain of others before it shows help.
    execFileSync(buildah, [name, ...flags.map((flag) => `--${flag}=true`), "--help"], { stdio: "ignore" });
    const here = new Set(Object.keys(builderCommands[name]?.parameters.flags ?? {}).map(spelling));
    expect(flags.filter((flag) => !here.has(`--${flag}`))).toEqual([]);
  });

  it("buildah: flags before a command's name", () => {
    const flags = flagsIn(help());
    const own = { flags: builderFlags } as unknown as CommandDefinition["parameters"];
    expect(flags.map((flag) => shapeHere(flag, own))).toEqual(flags.map(shapeThere));
    expect(flags.filter(({ name }) => isRefused(name)).map(({ name }) => name)).toEqual(refusedEverywhere);
  });

  it("docs/building.md names what is refused", () => {
    const page = readFileSync(new URL("../../../docs/building.md", import.meta.url), "utf8");
    const line = page.split("\n").find((one) => one.startsWith("| refused by a sentence |")) ?? "";
    const all = [...Object.values(refused).flat(), ...refusedEverywhere];
    expect(all.filter((name) => !line.includes(`--${name}`))).toEqual([]);
    expect(Object.keys(notThere).filter((name) => !line.includes(`\`${name}\``))).toEqual([]);
  });
});

function isRefused(flag: string): boolean {
  const key = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  try {
    refuseNotServed({ [key]: "x" });
    return false;
  } catch {
    return true;
  }
}

function shapeThere({ name, letter, takesValue, mayStandAlone }: HelpFlag): string {
  return `${letter === undefined ? "" : `-${letter}, `}--${name}${takesValue ? (mayStandAlone ? "[=value]" : " value") : ""}`;
}

/** The same, as dray's command has it; `none` where it has no such flag. */
function shapeHere(
  { name, letter: wanted }: HelpFlag,
  { flags = {}, aliases = {} }: CommandDefinition["parameters"],
): string {
  const known = flags as Readonly<Record<string, { readonly kind: string; readonly alone?: string }>>;
  const key = Object.keys(known).find((one) => spelling(one) === `--${name}`);
  const flag = key === undefined ? undefined : known[key];
  if (flag === undefined) return `none: --${name}`;
  const letter = Object.entries(aliases).find(([one, of]) => of === key && one === wanted)?.[0];
  const value = flag.kind === "boolean" ? "" : flag.alone === undefined ? " value" : "[=value]";
  return `${letter === undefined ? "" : `-${letter}, `}--${name}${value}`;
}
