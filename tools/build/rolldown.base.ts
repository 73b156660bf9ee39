import { chmodSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type OutputChunk, type Plugin, type RolldownOptions, rolldown } from "rolldown";
import { viteCodePlugin } from "./code-plugin.ts";
import { importsOutside } from "./imports-outside.ts";
import { lazyBuiltins } from "./lazy-builtins.ts";
import { entryOf, ownEntries } from "./own-entries.ts";
import { thirdPartyLicenses } from "./third-party-licenses.ts";

/** What is loaded together: by a name, files, which bring all that they cannot be loaded without. */
type Journeys = Readonly<Record<string, readonly string[]>>;

interface Command {
  readonly input: Readonly<Record<string, string>>;
  /** In the order in which they are made: what an earlier stage needs is in the chunks of that stage alone. */
  readonly stages: readonly Journeys[];
}

/**
 * The settings of a command, which is to start fast: CommonJS, since Node takes longer to get ready for ES modules;
 * few files, with our own packages and small libraries in them; and nothing loaded before it is used.
 */
export async function command(options: Command): Promise<RolldownOptions> {
  const chunks = await chunksOf(options);
  return defineConfig({
    ...shared,
    input: options.input,
    preserveEntrySignatures: false,
    plugins: [...plugins, importsOutside, thirdPartyLicenses, executable],
    output: {
      dir: "dist",
      format: "cjs",
      entryFileNames: "[name].cjs",
      // A hash, so that a running command whose package is replaced finds no chunks of the other version.
      chunkFileNames: "chunk-[name]-[hash].cjs",
      codeSplitting: {
        // What a module imports may be in the chunk of other journeys, too.
        includeDependenciesRecursively: false,
        groups: [{ name: (id) => chunks.get(id) ?? null, debugName: "journeys" }],
      },
      sourcemap: true,
      comments: { legal: false, annotation: false, jsdoc: false },
    },
  });
}

/** The engines are slow to load and rarely needed, and one brings a file of its own. */
const leftInstalled: Plugin = {
  name: "drayage-left-installed",
  resolveId: {
    order: "pre",
    filter: { id: /^@drayage\/compression$|^@bokuweb\/zstd-wasm$/ },
    handler: (id, _importer, { kind }) => (kind === "dynamic-import" ? { id, external: true } : undefined),
  },
};

/** Makes the entry a program, also where npm does not install it: for links to it in a clone. */
const executable: Plugin = {
  name: "drayage-executable",
  writeBundle({ dir = "" }, files) {
    for (const file of Object.values(files)) {
      if (file.type === "chunk" && file.isEntry) chmodSync(join(dir, file.fileName), 0o755);
    }
  },
};

const plugins = [leftInstalled, ownEntries, viteCodePlugin, lazyBuiltins];

const shared = {
  platform: "node",
  transform: { target: "node20" },
  resolve: { conditionNames: ["@drayage/source", "import", "node", "default"] },
  treeshake: { moduleSideEffects: false },
  logLevel: "warn",
} as const satisfies RolldownOptions;

/** Fewer characters than this are loaded in vain sooner than from a file of their own. */
const smallest = 16 * 1024;

/** Modules that the same journeys need. */
interface Group {
  readonly users: readonly string[];
  readonly chunks: OutputChunk[];
}

/**
 * Which chunk each module belongs to: one with all that the same journeys need, so that none of them loads what only
 * another needs. Found out from a bundle whose chunks are as they fall.
 */
async function chunksOf({ input, stages }: Command): Promise<ReadonlyMap<string, string>> {
  const bundle = await rolldown({
    ...shared,
    input,
    plugins,
    // Else modules that several chunks need are merged into one of these.
    experimental: { chunkOptimization: false },
  });
  const { output } = await bundle.generate({ format: "cjs" });
  await bundle.close();
  const all = output.filter((file) => file.type === "chunk");
  const names = new Map<string, string>();
  const left = new Set(all);
  for (const journeys of stages) {
    for (const { users, chunks } of withoutSmall(groupsOf(all, journeys, left))) {
      for (const chunk of chunks) {
        left.delete(chunk);
        for (const id of chunk.moduleIds) names.set(id, users.join("-"));
      }
    }
  }
  return names;
}

/** Those of the chunks that are left, by the journeys that need them. */
function groupsOf(
  all: readonly OutputChunk[],
  journeys: Journeys,
  left: ReadonlySet<OutputChunk>,
): readonly Group[] {
  const needed = Object.entries(journeys).map(([name, files]) => [name, chunksNeeded(files, all)] as const);
  const groups = new Map<string, Group>();
  for (const chunk of left) {
    const users = needed.filter(([, chunks]) => chunks.has(chunk)).map(([name]) => name);
    if (users.length === 0) continue;
    const group = groups.get(users.join()) ?? { users, chunks: [] };
    groups.set(users.join(), group);
    group.chunks.push(chunk);
  }
  return [...groups.values()];
}

/** All chunks that those of these files cannot be loaded without. */
function chunksNeeded(files: readonly string[], chunks: readonly OutputChunk[]): ReadonlySet<OutputChunk> {
  const needed = new Set(files.map((file) => chunkOf(file, chunks)));
  // A set is iterated with what is added meanwhile.
  for (const { imports } of needed) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) needed.add(chunk);
  }
  return needed;
}

function chunkOf(file: string, chunks: readonly OutputChunk[]): OutputChunk {
  const found = chunks.find(({ facadeModuleId }) => facadeModuleId === entryOf(file));
  if (found === undefined) throw new Error(`${file} is neither an entry nor imported dynamically`);
  return found;
}

/** The groups, each small one within the next that has its users and more, where one suits. */
function withoutSmall(all: readonly Group[]): readonly Group[] {
  const groups = new Set(all.toSorted((a, b) => a.users.length - b.users.length));
  for (const group of groups) {
    if (charactersIn(group) >= smallest) continue;
    // What it imports must come with the other group anyway.
    const imported = [...groups].filter(({ chunks }) =>
      chunks.some(({ fileName }) => group.chunks.some(({ imports }) => imports.includes(fileName))),
    );
    const home = [...groups].find(
      (other) =>
        other !== group &&
        includesAll(other.users, group.users) &&
        imported.every(({ users }) => includesAll(users, other.users)),
    );
    if (home === undefined) continue;
    home.chunks.push(...group.chunks);
    groups.delete(group);
  }
  return [...groups];
}

function includesAll(all: readonly string[], some: readonly string[]): boolean {
  return some.every((name) => all.includes(name));
}

function charactersIn({ chunks }: Group): number {
  return chunks.reduce((sum, { code }) => sum + code.length, 0);
}
