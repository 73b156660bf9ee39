import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

// Writes what every package has the same: the order and the fixed fields of its package.json, and the
// settings of the tools. What is a package's own is read from its package.json: description, dependencies
// from elsewhere, further entries of `exports` (each by its source), `bin`. Which of our own packages it
// depends on is read from its imports. With --check it only says what it would change.

const root = fileURLToPath(new URL("../..", import.meta.url));
const license = readFileSync(path.join(root, "LICENSE"), "utf8");
const checkOnly = process.argv.includes("--check");
const { version } = readManifest("packages/errors");
const tsconfig = `{
  "extends": "../../tsconfig.base.json",
  "include": ["src", "test", "*.config.ts"]
}
`;
const tsconfigBuild = `{
  "extends": "./tsconfig.json",
  "compilerOptions": {
    "noEmit": false,
    "emitDeclarationOnly": true,
    "isolatedDeclarations": true,
    "declaration": true,
    "declarationMap": true,
    "outDir": "dist",
    "rootDir": "src",
    "customConditions": []
  },
  "include": ["src"]
}
`;
const vitestConfig = `import { vitestBase } from "../../tools/build/vitest.base.ts";

export default vitestBase(import.meta.dirname);
`;
/** @type {string[]} */
const changed = [];

for (const folder of readdirSync(path.join(root, "packages")).sort()) {
  const place = `packages/${folder}`;
  if (existsSync(path.join(root, place, "package.json"))) normalise(place, folder);
}
if (checkOnly && changed.length > 0) {
  console.error(`Not as the rules say (npm run format mends it):\n${changed.join("\n")}`);
  process.exitCode = 1;
}

/**
 * @typedef {Record<string, string>} Strings
 * @typedef {{ "@drayage/source"?: string, browser?: { "@drayage/source"?: string } }} Conditions
 * @typedef {{ usual: string, browser: string | undefined }} Source An entry's file, and what browsers get instead.
 * @typedef {{ description: string, version: string, exports: Record<string, string | Conditions>, bin?: Strings,
 *   sideEffects?: boolean, dependencies?: Strings, peerDependencies?: Strings, peerDependenciesMeta?: object,
 *   optionalDependencies?: Strings, devDependencies?: Strings }} Manifest
 */

/**
 * @param {string} place
 * @param {string} folder
 */
function normalise(place, folder) {
  const manifest = readManifest(place);
  const sources = entrySources(manifest.exports);
  write(`${place}/package.json`, json(packageJson({ folder, manifest, sources })));
  // npm packs only what is in the package's own folder.
  write(`${place}/LICENSE`, license);
  write(`${place}/tsconfig.json`, tsconfig);
  write(`${place}/tsconfig.build.json`, tsconfigBuild);
  write(`${place}/vitest.config.ts`, vitestConfig);
  const all = Object.values(sources).flatMap(({ usual, browser }) => (browser ? [usual, browser] : [usual]));
  write(`${place}/tsup.config.ts`, tsupConfig(all.map((file) => file.slice(2))));
}

/** @param {{ folder: string, manifest: Manifest, sources: Record<string, Source> }} one */
function packageJson({ folder, manifest, sources }) {
  const entries = Object.entries(sources).map(([entry, { usual, browser }]) => [
    entry,
    { ...(browser ? { browser: conditions(browser) } : {}), ...conditions(usual) },
  ]);
  const name = folder === "drayage" ? folder : `@drayage/${folder}`;
  const inSources = ownImports(`packages/${folder}/src`).filter((one) => one !== name);
  const inTests = ownImports(`packages/${folder}/test`).filter(
    (one) => one !== name && !inSources.includes(one),
  );
  return {
    name,
    version,
    description: manifest.description,
    license: "Apache-2.0",
    type: "module",
    sideEffects: manifest.sideEffects ?? false,
    engines: { node: ">=20.19.0" },
    files: ["dist", "src"],
    exports: { ...Object.fromEntries(entries), "./package.json": "./package.json" },
    bin: manifest.bin,
    scripts: {
      // A command is bundled as its rolldown.config.ts says.
      build: `tsup && ${manifest.bin ? "rolldown -c && " : ""}node ../../node_modules/typescript7/bin/tsc -p tsconfig.build.json`,
      test: "vitest run",
      typecheck: "node ../../node_modules/typescript7/bin/tsc -p tsconfig.json",
    },
    dependencies: withOwn(manifest.dependencies, inSources),
    optionalDependencies: sorted(manifest.optionalDependencies),
    peerDependencies: sorted(manifest.peerDependencies),
    peerDependenciesMeta: manifest.peerDependenciesMeta,
    devDependencies: withOwn(manifest.devDependencies, inTests),
    publishConfig: { access: "public", provenance: true },
  };
}

/** @param {string} source */
function conditions(source) {
  const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
  return { "@drayage/source": source, types: `${built}.d.ts`, default: `${built}.js` };
}

/**
 * @param {Manifest["exports"]} entries
 * @returns {Record<string, Source>}
 */
function entrySources(entries) {
  /** @type {Record<string, Source>} */
  const sources = {};
  for (const [entry, target] of Object.entries(entries)) {
    const usual = typeof target === "string" ? undefined : target["@drayage/source"];
    if (typeof target === "string" || usual === undefined) continue;
    sources[entry] = { usual, browser: target.browser?.["@drayage/source"] };
  }
  return sources;
}

/**
 * The packages of ours that the files below a folder import.
 * @param {string} place
 */
function ownImports(place) {
  const folder = path.join(root, place);
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  const code = files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(path.join(folder, file), "utf8").replace(/^ *(?:\*|\/\/).*$/gm, ""));
  const imports = code
    .join("\n")
    .matchAll(/\b(?:from|import\(?) *"(@drayage(?:-internal)?\/[a-z-]+|drayage)["/]/g);
  return [...new Set([...imports].map(([, name = ""]) => name))];
}

/**
 * Dependencies from elsewhere as they are, and those on our own packages.
 * @param {Strings | undefined} record
 * @param {readonly string[]} own
 */
function withOwn(record = {}, own) {
  const others = Object.entries(record).filter(([name]) => !/^@drayage(?:-internal)?\/|^drayage$/.test(name));
  const ours = own.map((name) => [name, name.startsWith("@drayage-internal/") ? "*" : `^${version}`]);
  const all = [...others, ...ours];
  return all.length > 0 ? sorted(Object.fromEntries(all)) : undefined;
}

/** @param {Strings | undefined} record */
function sorted(record) {
  return record && Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @returns {Manifest} @param {string} place */
function readManifest(place) {
  return JSON.parse(readFileSync(path.join(root, place, "package.json"), "utf8"));
}

/** @param {object} value */
function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  const full = path.join(root, file);
  if (existsSync(full) && readFileSync(full, "utf8") === text) return;
  changed.push(file);
  if (!checkOnly) writeFileSync(full, text);
}

/** @param {readonly string[]} entries */
function tsupConfig(entries) {
  const list = entries.map((entry) => JSON.stringify(entry)).join(", ");
  const over = entries.length === 1 && entries[0] === "src/index.ts" ? "" : `{ entry: [${list}] }`;
  return `import { base } from "../../tools/build/tsup.base.ts";\n\nexport default base(${over});\n`;
}
