import { emptyRoot, type PackedSources, type RootEntry, type RootView } from "@drayage/build-context";
import { type FileEntry, type ImageFiles, openImageFiles } from "@drayage/image-files";
import type { ImageConfigs } from "@drayage/manifest";
import type { ImageSource, OperationOptions } from "@drayage/transport";
import type { PipelineBase } from "./open-base.ts";

/** The files of a pipeline as far as its steps need to know them. */
export interface PipelineFiles extends AsyncDisposable {
  /**
   * The root for a step with this destination (absolute). The base's layers are read once that is of use: not for a folder right below the root that
   * the base says nothing of.
   */
  rootFor(destination: string): RootView;
  /** Notes what a step adds, for those that come after it. */
  add(step: Pick<PackedSources, "addedTo">): void;
}

/**
 * Folders that a root file system has by custom (FHS), which may be links or have modes of their own.
 */
const usual: ReadonlySet<string> = new Set(
  "bin boot dev etc home lib lib32 lib64 libx32 lost+found media mnt opt proc root run sbin selinux srv sys tmp usr var".split(
    " ",
  ),
);

/** Files of a base that is not unpacked, with what was added upon it. */
export function pipelineFiles(
  base: PipelineBase,
  options: OperationOptions & { readonly readBase?: boolean | undefined },
): PipelineFiles {
  const steps: Pick<PackedSources, "addedTo">[] = [];
  /** With all steps, by whether the base's files are asked for: kept, so that no archive is read for each step that follows. */
  const roots = new Map<boolean, RootView>();
  let opening: Promise<OpenBase | undefined> | undefined;
  async function files(): Promise<ImageFiles | undefined> {
    opening ??= openFiles(base, options);
    return (await opening)?.files;
  }

  const readFile: RootView["readFile"] = async (path, limit) => {
    const opened = await files();
    const found = await opened?.stat(path);
    if (opened === undefined || found === undefined || found.type !== "file" || found.size > limit)
      return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of opened.read(path)) chunks.push(new Uint8Array(chunk));
    return Buffer.concat(chunks);
  };

  return {
    rootFor(destination) {
      const top = destination.split("/").find((part) => part !== "") ?? "";
      const reads = options.readBase ?? (usual.has(top) || top === "" || isMentioned(base.image, top));
      const known = roots.get(reads);
      if (known !== undefined) return known;
      const isEmpty = base.layers.length === 0;
      const below: RootView = {
        readFile: isEmpty ? emptyRoot.readFile : readFile,
        async lookup(path) {
          const found = reads && !isEmpty ? await (await files())?.stat(path, { follow: false }) : undefined;
          return found === undefined ? undefined : rootEntry(found);
        },
        identity: () => (reads ? base.digest : ""),
      };
      const root = steps.reduce((lower, step) => step.addedTo(lower), below);
      roots.set(reads, root);
      return root;
    },
    add(step) {
      steps.push(step);
      for (const [reads, root] of roots) roots.set(reads, step.addedTo(root));
    },
    async [Symbol.asyncDispose]() {
      const opened = await opening?.catch(() => undefined);
      await opened?.files[Symbol.asyncDispose]();
      await opened?.source.close();
    },
  };
}

export interface OpenBase {
  readonly files: ImageFiles;
  readonly source: ImageSource;
}

/** The files of an image, without unpacking it. Undefined for `scratch`. */
export async function openFiles(
  base: PipelineBase,
  options: OperationOptions,
): Promise<OpenBase | undefined> {
  const source = await base.open(options);
  if (source === undefined || base.manifest === undefined) return undefined;
  const given = await source.layers?.(base.manifest, options);
  const files = openImageFiles(source, given ?? base.layers.map(({ descriptor }) => descriptor), options);
  return { files, source };
}

/** Whether the base's config or history speaks of a folder below the root. */
function isMentioned({ oci }: ImageConfigs, top: string): boolean {
  const { config, history = [] } = oci;
  const texts = [
    config?.WorkingDir ?? "",
    ...Object.keys(config?.Volumes ?? {}),
    ...(config?.Env ?? []),
    ...(config?.Entrypoint ?? []),
    ...(config?.Cmd ?? []),
    ...history.map((entry) => entry.created_by ?? ""),
  ];
  return texts.some((text) => text.includes(`/${top}`));
}

function rootEntry({ type, mode, uid, gid, mtime, linkname, xattrs }: FileEntry): RootEntry {
  const kind = type === "directory" || type === "symlink" || type === "file" ? type : "other";
  return { type: kind, mode, uid, gid, mtime, ...(kind === "symlink" && { linkname }), xattrs };
}
