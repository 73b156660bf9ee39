import { streamBlob } from "@drayage/blob";
import { type PackedSources, packSources } from "@drayage/build-context";
import { digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { AddOptions } from "../builder.ts";
import type { LayerToMake } from "../commit/container-layers.ts";
import type { HistoryItem } from "../state/state.ts";
import type { PipelineFiles } from "./base-files.ts";

/** A layer of a pipeline, and what the history says of it. */
export interface LayerStep {
  readonly layer: LayerToMake;
  /** Whether the history is to tell of it also where its layer is none of its own. */
  readonly isTold: boolean;
  /** Once the layer was placed. */
  history(created: string): HistoryItem;
  dispose(): Promise<void>;
}

export interface AddStepInput {
  readonly instruction: "ADD" | "COPY";
  readonly sources: readonly string[];
  readonly destination: string;
  readonly options: AddOptions;
  readonly workingDir: string;
  readonly files: PipelineFiles;
}

/**
 * Finds sources, and makes a step of them whose files are read when the image is committed.
 *
 * @throws what `packSources` throws, `ERR_DRAYAGE_CONTAINER_UNSUPPORTED` for `from`
 */
export async function addStep(input: AddStepInput): Promise<LayerStep> {
  const { instruction, sources, destination, options, workingDir, files } = input;
  if (options.from !== undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
      `a pipeline has no store to find ${JSON.stringify(options.from)} in`,
      { hint: "give a folder of this machine as the context instead, or build in a store (dray builder)" },
    );
  }
  const absolute = destination.startsWith("/") ? destination : `${workingDir}/${destination}`;
  const packed = await packSources(sources, destination, {
    contextDir: options.contextDir,
    workingDir,
    chown: options.chown,
    chmod: options.chmod,
    exclude: options.exclude,
    ignoreFile: options.ignoreFile,
    parents: options.parents,
    timestamp: options.timestamp,
    checksum: options.checksum,
    retries: options.retry,
    portableDigest: true,
    signal: options.signal,
    expandArchives: options.expandArchives ?? instruction === "ADD",
    root: files.rootFor(absolute),
  });
  try {
    files.add(packed);
    const told = options.addHistory === true;
    const note = createNote(packed);
    const shown = `${instruction} ${sources.map(shownSource).join(" ")} ${destination}`;
    return {
      layer: layerOf(packed, { told, note, name: shown }),
      isTold: told,
      history: (created) => ({
        created,
        created_by: told ? `/bin/sh -c #(nop) ${instruction} ${note.get()}` : shown,
      }),
      dispose: async () => packed[Symbol.asyncDispose](),
    };
  } catch (error) {
    await packed[Symbol.asyncDispose]();
    throw error;
  }
}

interface Note {
  get(): string;
  set(text: string): void;
}

/** What buildah's history calls the sources: it takes reading them, or a cache that was told. */
function createNote(packed: PackedSources): Note {
  let known: string | undefined;
  return {
    get() {
      if (known === undefined) {
        const { kind, digest } = packed.facts();
        known = `${kind === "" ? "" : `${kind}:`}${digestHex(digest)}`;
      }
      return known;
    },
    set(text) {
      known = text;
    },
  };
}

function layerOf(
  packed: PackedSources,
  { told, note, name }: { readonly told: boolean; readonly note: Note; readonly name: string },
): LayerToMake {
  return {
    tar: streamBlob(({ signal, borrow }) => packed.tar({ signal, borrow, contentDigest: told }), {
      what: name,
      borrows: true,
    }),
    key: async ({ signal }) => (await packed.listing({ signal })).key,
    ...(told && { note }),
  };
}

/** A source as the history shows it: the same on every machine, and without what is nobody else's business. */
function shownSource(source: string): string {
  if (/^https?:\/\//.test(source)) {
    const { origin, pathname } = new URL(source);
    return `${origin}${pathname}`;
  }
  return source.startsWith("/") ? (source.split("/").findLast((part) => part !== "") ?? "/") : source;
}
