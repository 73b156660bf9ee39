import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "rolldown";

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
  readonly repository?: string | { readonly url: string };
}

/** Writes the licences of the packages from elsewhere that are in the bundle beside it. */
export const thirdPartyLicenses: Plugin = {
  name: "drayage-third-party-licenses",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
    const folders = modules.filter((id) => id.includes("/node_modules/")).map(packageFolder);
    this.emitFile({
      type: "asset",
      fileName: "THIRD-PARTY-LICENSES.txt",
      source: `${[...new Set(folders)]
        .sort()
        .map(notice)
        .join(`\n${"-".repeat(72)}\n\n`)}`,
    });
  },
};

function packageFolder(file: string): string {
  const folder = dirname(file);
  const isPackage = existsSync(join(folder, "package.json")) && readManifest(folder).name !== undefined;
  return isPackage ? folder : packageFolder(folder);
}

function notice(folder: string): string {
  const { name, version, license, author, repository } = readManifest(folder);
  if (license === undefined) throw new Error(`${folder}: package.json names no licence`);
  const text = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  const holder = typeof author === "object" ? author.name : author;
  const source = typeof repository === "object" ? repository.url : repository;
  return [
    `${name} ${version}`,
    `Licence: ${license}`,
    ...(holder === undefined ? [] : [`Author: ${holder}`]),
    ...(source === undefined ? [] : [`Source: ${source}`]),
    "",
    ...(text === undefined ? [] : [readFileSync(join(folder, text), "utf8")]),
  ].join("\n");
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
