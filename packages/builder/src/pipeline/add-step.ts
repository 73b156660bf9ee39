import { streamBlob } from "@drayage/blob";
import { type PackedSources, type PackSourcesOptions, packFiles, packSources } from "@drayage/build-context";
import { digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { Location } from "@drayage/transport";
import type { AddOptions } from "../builder.ts";
import type { LayerToMake } from "../commit/container-layers.ts";
import type { HistoryItem } from "../state/state.ts";
import { openFiles, type PipelineFiles } from "./base-files.ts";
import { nameOf, type OpenBaseOptions, openBase } from "./open-base.ts";

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
  /** How other images are read. */
  readonly reading: Pick<OpenBaseOptions, "platform" | "sourceOptions">;
}

/**
 * Finds sources, and makes a step of them whose files are read when the image is committed.
 *
 * @throws what `packSources` and `openBase` throw, `ERR_DRAYAGE_CONTAINER_UNSUPPORTED` for the name of an image of a store
 */
export async function addStep(input: AddStepInput): Promise<LayerStep> {
  const { instruction, sources, destination, options, workingDir, files } = input;
  const absolute = destination.startsWith("/") ? destination : `${workingDir}/${destination}`;
  const packed = await pack(input, {
    contextDir: options.contextDir,
    workingDir,
    chown: options.chown,
    chmod: options.chmod,
    exclude: options.exclude,
    ignoreFile: options.ignoreFile,
    parents: options.parents,
    timestamp: options.timestamp,
    portableDigest: true,
    signal: options.signal,
    onWarning: options.onWarning,
    expandArchives: options.expandArchives ?? instruction === "ADD",
    root: files.rootFor(absolute),
  });
  try {
    files.add(packed);
    const told = options.addHistory === true;
    const note = createNote(packed);
    const from = typeof options.from === "object" ? `--from=${shownPlace(options.from)} ` : "";
    const shown = `${instruction} ${from}${sources.map(shownSource).join(" ")} ${destination}`;
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

/** Packs files of this machine, or of another image. */
async function pack(
  { sources, destination, options, reading }: AddStepInput,
  common: PackSourcesOptions,
): Promise<PackedSources> {
  const { from, checksum, retry } = options;
  if (from === undefined || from === "")
    return packSources(sources, destination, { ...common, checksum, retries: retry });
  if (typeof from === "string") {
    throw new DrayageError(
      "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
      `a pipeline has no store to find ${JSON.stringify(from)} in`,
      { hint: "give the place of an image, with its transport, or build in a store (dray builder)" },
    );
  }
  if (checksum !== undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "a checksum is that of a URL, and sources are an image's files",
    );
  }
  const { platform, sourceOptions } = reading;
  const image = await openBase(from, { platform, sourceOptions, signal: options.signal });
  const opened = await openFiles(image, {});
  if (opened === undefined) throw new TypeError("an image has files");
  const close = async (): Promise<void> => {
    await opened.files[Symbol.asyncDispose]();
    await opened.source.close();
  };
  try {
    const packed = await packFiles(
      opened.files,
      { sources, destination },
      { ...common, identity: image.digest },
    );
    return { ...packed, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
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

/** An image by its name, or, where it has none, by what kind of place it is in. */
function shownPlace(from: Location): string {
  return from.reference.dockerReference === undefined ? from.transport.scheme : nameOf(from);
}
