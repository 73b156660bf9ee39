import { resolve } from "node:path";
import { defineConfig, type OutputChunk, type Plugin, type RolldownOptions, rolldown } from "rolldown";
import { viteCodePlugin } from "./code-plugin.ts";
import { lazyBuiltins } from "./lazy-builtins.ts";
import { thirdPartyLicenses } from "./third-party-licenses.ts";

/** Files that are used together, by the name of the chunk that holds all they cannot be loaded without. */
type Journeys = Readonly<Record<string, readonly string[]>>;

interface Command {
  readonly input: Readonly<Record<string, string>>;
  /** What an earlier one needs is not in the chunk of a later one. */
  readonly journeys: Journeys;
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
    plugins: [...plugins, thirdPartyLicenses],
    output: {
      dir: "dist",
      format: "cjs",
      entryFileNames: "[name].cjs",
      // A hash, so that a running command whose package is replaced finds no chunks of the other version.
      chunkFileNames: "chunk-[name]-[hash].cjs",
      codeSplitting: {
        // What a module imports may be in the chunk of an earlier journey.
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

const plugins = [leftInstalled, viteCodePlugin, lazyBuiltins];

const shared = {
  platform: "node",
  transform: { target: "node20" },
  resolve: { conditionNames: ["@drayage/source", "import", "node", "default"] },
  treeshake: { moduleSideEffects: false },
  logLevel: "warn",
} as const satisfies RolldownOptions;

/** Which chunk each module belongs to, found out from a bundle whose chunks are as they fall. */
async function chunksOf({ input, journeys }: Command): Promise<ReadonlyMap<string, string>> {
  const bundle = await rolldown({ ...shared, input, plugins });
  const { output } = await bundle.generate({ format: "cjs" });
  await bundle.close();
  const chunks = output.filter((file) => file.type === "chunk");
  const names = new Map<string, string>();
  for (const [name, files] of Object.entries(journeys)) {
    for (const id of files.flatMap((file) => modulesNeeded(file, chunks))) {
      if (!names.has(id)) names.set(id, name);
    }
  }
  return names;
}

/** The modules that a file cannot be loaded without. */
function modulesNeeded(file: string, chunks: readonly OutputChunk[]): readonly string[] {
  const start = chunks.find(({ facadeModuleId }) => facadeModuleId === resolve(file));
  if (start === undefined) throw new Error(`${file} is neither an entry nor imported dynamically`);
  const needed = new Set([start]);
  // A set is iterated with what is added meanwhile.
  for (const { imports } of needed) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) needed.add(chunk);
  }
  return [...needed].flatMap((chunk) => chunk.moduleIds);
}
