import { writeSync } from "node:fs";
import {
  type Blob,
  createBlobSequence,
  type DrainOptions,
  type DrainResult,
  type StagedFile,
} from "@drayage/blob";
import { type Algorithm, type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, ioError } from "@drayage/errors";
import { blobName, blobsFolder } from "@drayage/oci-layout";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import type { PutBlobOptions } from "@drayage/transport";

/** An archive of a layout that grows in a file. Entries stand in the order in which they were added. */
export interface ArchiveWriter {
  /** The size of a blob that is in the archive. */
  sizeOf(digest: Digest): number | undefined;
  /**
   * Drains a blob straight to its place. One that is there already is verified, and then left out. Several come at the same
   * time where their sizes can be told.
   */
  addBlob(blob: Blob, options?: AddBlobOptions): Promise<DrainResult>;
  /** To be called when all blobs are there. */
  addFile(name: string, bytes: Uint8Array): Promise<void>;
  /** Ends the archive. `timestamp` becomes the time of every entry. */
  finish(timestamp?: Date): Promise<void>;
  /** Aborts what is being written. When it is fulfilled, nothing is written any more. */
  stop(): Promise<void>;
}

export type AddBlobOptions = DrainOptions & Pick<PutBlobOptions, "onPlace">;

interface Entry {
  readonly position: number;
  readonly input: TarEntryInput;
}

// Modes with the bits of the file's type, and owners by number and name, as skopeo writes them.
const fileMode = 0o100644;
const folderMode = 0o40755;
const root = { uid: 0, gid: 0, uname: "root", gname: "root" } as const;

export function archiveWriter(file: StagedFile): ArchiveWriter {
  const sequence = createBlobSequence(file, { start: 0, padding: tarPadding });
  const entries: Entry[] = [];
  /** Folders that have entries, and those that will have them once the blobs before which they stand are there. */
  const folders = new Set<string>();
  const plannedFolders = new Set<string>();
  /** Blobs that have entries, and those that are there, with their sizes. */
  const written = new Set<Digest>();
  const blobs = new Map<Digest, number>();

  /** The header of an entry, whose place is kept for {@link setTimes}. */
  function header(input: TarEntryInput, position: number): Uint8Array {
    entries.push({ position, input });
    return encodeTarHeader(input);
  }

  async function addBlob(blob: Blob, options: AddBlobOptions = {}): Promise<DrainResult> {
    const own = roomOf(blob);
    let before: number | undefined;
    const result = await sequence.add(blob, {
      ...options,
      room() {
        before ??= missing(algorithmOf(blob), plannedFolders).reduce(
          (sum, name) => sum + encodeTarHeader(folderInput(name)).length,
          0,
        );
        return before + own;
      },
      header({ digest, size }, { position }) {
        if (written.has(digest)) return undefined;
        written.add(digest);
        const inputs = missing(digestAlgorithm(digest), folders).map(folderInput);
        let at = position;
        const headers = [...inputs, inputThatFits(digest, size, own)].map((input) => {
          const bytes = header(input, at);
          at += bytes.length;
          return bytes;
        });
        return Buffer.concat(headers);
      },
    });
    blobs.set(result.digest, result.size);
    return result;
  }

  async function addFile(name: string, bytes: Uint8Array): Promise<void> {
    const input: TarEntryInput = { name, type: "file", mode: fileMode, size: bytes.length, ...root };
    const start = header(input, await sequence.settle());
    await sequence.append(Buffer.concat([start, bytes, tarPadding(bytes.length)]));
  }

  async function finish(timestamp?: Date): Promise<void> {
    await sequence.append(tarEnd());
    await sequence.settle();
    if (timestamp !== undefined) setTimes(Math.floor(timestamp.getTime() / 1000));
  }

  function write(bytes: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(file.fd, bytes, done, bytes.length - done, position + done);
      }
    } catch (error) {
      throw ioError(error, "write", { path: file.path });
    }
  }

  function setTimes(seconds: number): void {
    for (const { position, input } of entries) {
      const header = encodeTarHeader({ ...input, mtime: { seconds, nanoseconds: 0 } });
      if (header.length !== encodeTarHeader(input).length) {
        throw new DrayageError(
          "ERR_DRAYAGE_USAGE",
          `the time ${seconds} does not fit into an archive's header`,
          {
            hint: "choose one from 1970 to 2242",
          },
        );
      }
      write(header, position);
    }
  }

  return {
    sizeOf: (digest) => blobs.get(digest),
    addBlob,
    addFile,
    finish,
    stop: () => sequence.stop(),
  };
}

function algorithmOf({ digest }: Blob): Algorithm {
  return digest === undefined ? "sha256" : digestAlgorithm(digest);
}

/** The folders of a blob that are not in `known`, where they are added. */
function missing(algorithm: Algorithm, known: Set<string>): string[] {
  const names = [blobsFolder, `${blobsFolder}/${algorithm}`].filter((name) => !known.has(name));
  for (const name of names) known.add(name);
  return names;
}

function folderInput(name: string): TarEntryInput {
  return { name: `${name}/`, type: "directory", mode: folderMode, ...root };
}

/** How long a blob's header is. It says the name and the size, which may not be known yet: then one block is left free. */
function roomOf({ digest, size }: Blob): number {
  if (digest === undefined || size === undefined) return oneBlock;
  return encodeTarHeader(blobInput(digest, size)).length;
}

const oneBlock = 512;

function blobInput(digest: Digest, size: number): TarEntryInput {
  return { name: blobName(digest), type: "file", mode: fileMode, size, ...root };
}

/** The entry with a header of this length, if there is one: above 8 GiB GNU's takes one block. */
function inputThatFits(digest: Digest, size: number, length: number): TarEntryInput {
  const input = blobInput(digest, size);
  const candidates: readonly TarEntryInput[] = [input, { ...input, format: "gnu" }];
  return candidates.find((candidate) => encodeTarHeader(candidate).length === length) ?? input;
}
