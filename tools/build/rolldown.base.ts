import { defineConfig, type Plugin, type RolldownOptions, rolldown } from "rolldown";
import { viteCodePlugin } from "./code-plugin.ts";
import { lazyBuiltins } from "./lazy-builtins.ts";
import { thirdPartyLicenses } from "./third-party-licenses.ts";

/** Files that are used together, by the name of the chunk that holds all they need. */
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
export async function command({ input, journeys }: Command): Promise<RolldownOptions> {
  const chunks = await chunksOf(journeys);
  return defineConfig({
    ...shared,
    input,
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

/** Which chunk each module belongs to. */
async function chunksOf(journeys: Journeys): Promise<ReadonlyMap<string, string>> {
  const chunks = new Map<string, string>();
  for (const [name, files] of Object.entries(journeys)) {
    for (const id of await modulesNeeded(files)) {
      if (!chunks.has(id)) chunks.set(id, name);
    }
  }
  return chunks;
}

/** The modules that are left of a bundle of these files without what they import when it is used. */
async function modulesNeeded(files: readonly string[]): Promise<readonly string[]> {
  const bundle = await rolldown({
    ...shared,
    input: [...files],
    plugins: [withoutDynamicImports, ...plugins],
  });
  const { output } = await bundle.generate({ format: "cjs", exports: "named" });
  await bundle.close();
  return output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
}

const withoutDynamicImports: Plugin = {
  name: "drayage-without-dynamic-imports",
  resolveId: {
    order: "pre",
    handler: (id, _importer, { kind }) => (kind === "dynamic-import" ? { id, external: true } : undefined),
  },
};
