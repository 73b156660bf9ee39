import { randomBytes } from "node:crypto";
import { type Blob, openBlob } from "@drayage/blob";
import { type LayerKey, type RootView, tarEvents, tarRoot } from "@drayage/build-context";
import { DrayageError } from "@drayage/errors";
import type { Location } from "@drayage/transport";
import type { AddOptions, AddResult, WorkingContainer } from "../builder.ts";
import { applyChanges } from "../state/apply-changes.ts";
import { checkChanges } from "../state/check-changes.ts";
import { withPlatform } from "../state/settle.ts";
import type { HistoryItem } from "../state/state.ts";
import { addStep } from "./add-step.ts";
import { pipelineFiles } from "./base-files.ts";
import { commitPipeline, openPipelineSource, type PipelineContent, type Step } from "./commit-pipeline.ts";
import { type OpenBaseOptions, openBase, scratchBase } from "./open-base.ts";
import { pipelineState } from "./pipeline-state.ts";

export interface PipelineOptions extends OpenBaseOptions {
  /** Any image, or nothing. */
  readonly from: Location | "scratch";
  /** The base's where absent, OCI's for `scratch`. */
  readonly format?: "docker" | "oci" | undefined;
  readonly name?: string | undefined;
  /**
   * Whether the base's files are looked at for what a destination is there, and for the folders and links that lead to it, which takes reading its
   * layers. Where absent: for destinations in folders that root file systems have by custom (`/usr`, `/home`, `/tmp` …), and for those that
   * the base's config or history speaks of; others are taken to be new. False: no destination is there (COPY --link of BuildKit). Names of
   * owners are looked up in any case.
   */
  readonly readBase?: boolean | undefined;
  /** Instead of the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A working container without a store. */
export interface Pipeline extends WorkingContainer {
  /**
   * Adds a layer that is a tar already.
   *
   * @param tar not compressed; read when the image is committed, again where it is committed again, and for each later step that asks what is
   * there
   * @param key what a cache may know the layer by
   */
  addLayer(tar: Blob, history: HistoryItem, key?: (() => Promise<LayerKey | undefined>) | undefined): void;
}

/**
 * A working container without a store: its base's manifest and config, and layers that are added to it. The base is never unpacked; its layers are read
 * only to copy them to where they are not, and as {@link PipelineOptions.readBase} says. Files that are added are read when it is committed, once, and not
 * at all where the layer of an unchanged tree is known and the destination has it.
 *
 * @throws what `openBase` throws
 */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { from, format, name = "pipeline", env = process.env } = options;
  const base = from === "scratch" ? scratchBase(options) : await openBase(from, options);
  const files = pipelineFiles(base, { readBase: options.readBase });
  const steps: Step[] = [];
  const working = new Set<Promise<unknown>>();
  let state = pipelineState(base, { name, format });
  let isOpen = true;

  function checkOpen(): void {
    if (!isOpen) throw new DrayageError("ERR_DRAYAGE_USAGE", "the pipeline is closed already");
  }

  async function add(
    instruction: "ADD" | "COPY",
    sources: readonly string[],
    { destination, ...given }: AddOptions & { readonly destination: string },
  ): Promise<AddResult> {
    checkOpen();
    const workingDir = state.image.oci.config?.WorkingDir || "/";
    const step = await addStep({
      ...{ instruction, sources, destination, workingDir, files },
      options: given,
      reading: options,
    });
    steps.push({ kind: "layer", step });
    return {};
  }

  /** What is made of the steps as they are now. The pipeline is closed only after it. */
  async function work<T>(run: (content: PipelineContent) => Promise<T>): Promise<T> {
    checkOpen();
    const running = run({ base, state, steps: [...steps], files, name });
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    working.add(settled);
    void settled.then(() => working.delete(settled));
    return running;
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await Promise.all(working);
    for (const step of steps.splice(0)) if (step.kind === "layer") await step.step.dispose();
    await files[Symbol.asyncDispose]();
  }

  return {
    id: randomBytes(32).toString("hex"),
    name,
    get state() {
      return state;
    },
    add: (sources, destination, given = {}) => add("ADD", sources, { ...given, destination }),
    copy: (sources, destination, given = {}) => add("COPY", sources, { ...given, destination }),
    addLayer(tar, history, key = async () => undefined) {
      checkOpen();
      const step = { layer: { tar, key }, isTold: true, history: () => history, dispose: async () => {} };
      files.add({ addedTo: (root) => layerRoot(root, tar, key) });
      steps.push({ kind: "layer", step });
    },
    async config(changes) {
      checkOpen();
      checkChanges(changes);
      const changed = applyChanges(state, changes, { env, now: new Date() });
      // What is told of the changes stands in the history where they were made, between the layers.
      for (const item of changed.prependedEmptyLayers) steps.push({ kind: "history", item });
      state = { ...changed, image: withPlatform(changed.image), prependedEmptyLayers: [] };
    },
    run: () => Promise.reject(unsupported("run a command")),
    mount: () => Promise.reject(unsupported("be mounted")),
    unmount: () => Promise.reject(unsupported("be unmounted")),
    openSource: (given = {}) => work((content) => openPipelineSource(content, { env, ...given })),
    commit: (to, given = {}) => work((content) => commitPipeline(content, to, { env, ...given })),
    remove: close,
    [Symbol.asyncDispose]: close,
  };
}

/** A root with a layer upon it, which is read when a later step asks what is there. */
function layerRoot(root: RootView, tar: Blob, key: () => Promise<LayerKey | undefined>): RootView {
  return tarRoot(root, {
    events: () => tarEvents(openBlob(tar), {}),
    async identity() {
      const known = await key();
      return known?.settled === true ? known.hash : undefined;
    },
  });
}

function unsupported(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONTAINER_UNSUPPORTED", `a pipeline has no files and cannot ${what}`, {
    hint: "make a container of a store: dray builder from",
  });
}
