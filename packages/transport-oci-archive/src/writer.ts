import { fsyncSync, ftruncateSync, writeSync } from "node:fs";
import { type Blob, type DrainOptions, type DrainResult, drain, type StagedFile } from "@drayage/blob";
import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, ioError } from "@drayage/errors";
import { blobName, blobsFolder } from "@drayage/oci-layout";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";

/** An archive of a layout that grows in a file. Entries come one after the other, whoever asks for them. */
export interface ArchiveWriter {
  /** The size of a blob that is in the archive. */
  sizeOf(digest: Digest): number | undefined;
  /** Drains a blob straight to its place. One that is there already is verified, and then left out. */
  addBlob(blob: Blob, options?: DrainOptions): Promise<DrainResult>;
  addFile(name: string, bytes: Uint8Array): Promise<void>;
  /** Ends the archive. `timestamp` becomes the time of every entry. */
  finish(timestamp?: Date): Promise<void>;
  /** Fulfilled when nothing is being written any more. */
  settled(): Promise<void>;
}

interface Entry {
  readonly position: number;
  readonly input: TarEntryInput;
}

// Modes with the bits of the file's type, and owners by number and name, as skopeo writes them.
const fileMode = 0o100644;
const folderMode = 0o40755;
const root = { uid: 0, gid: 0, uname: "root", gname: "root" } as const;

export function archiveWriter(file: StagedFile): ArchiveWriter {
  const entries: Entry[] = [];
  const folders = new Set<string>();
  const blobs = new Map<Digest, number>();
  let end = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs the works one after the other: there is one end of the file. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
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

  /** Takes back what stands behind the last whole entry. */
  function cut(): void {
    try {
      ftruncateSync(file.fd, end);
    } catch (error) {
      throw ioError(error, "write", { path: file.path });
    }
  }

  function addHeader(input: TarEntryInput): void {
    const header = encodeTarHeader(input);
    write(header, end);
    entries.push({ position: end, input });
    end += header.length;
  }

  function addFolder(name: string): void {
    if (folders.has(name)) return;
    folders.add(name);
    addHeader({ name: `${name}/`, type: "directory", mode: folderMode, ...root });
  }

  async function addBlob(blob: Blob, options: DrainOptions = {}): Promise<DrainResult> {
    addFolder(blobsFolder);
    const algorithm = blob.digest === undefined ? "sha256" : digestAlgorithm(blob.digest);
    addFolder(`${blobsFolder}/${algorithm}`);
    try {
      // The header says the name and the size, which may not be known yet: its place is left free.
      const reserved =
        blob.digest === undefined || blob.size === undefined ? oneBlock : headerOf(blob.digest, blob.size);
      const position = end + reserved.length;
      const result = await drain(blob, { kind: "file", fd: file.fd, path: file.path, position }, options);
      const { digest, size } = result;
      if (blobs.has(digest)) {
        cut();
        return result;
      }
      const input = inputThatFits(digest, size, reserved.length);
      write(tarPadding(size), position + size);
      addHeader(input);
      end += size + tarPadding(size).length;
      blobs.set(digest, size);
      return result;
    } catch (error) {
      cut();
      throw error;
    }
  }

  async function addFile(name: string, bytes: Uint8Array): Promise<void> {
    addHeader({ name, type: "file", mode: fileMode, size: bytes.length, ...root });
    write(bytes, end);
    write(tarPadding(bytes.length), end + bytes.length);
    end += bytes.length + tarPadding(bytes.length).length;
  }

  async function finish(timestamp?: Date): Promise<void> {
    if (timestamp !== undefined) setTimes(Math.floor(timestamp.getTime() / 1000));
    write(tarEnd(), end);
    try {
      fsyncSync(file.fd);
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
    addBlob: (blob, options) => inTurn(() => addBlob(blob, options)),
    addFile: (name, bytes) => inTurn(() => addFile(name, bytes)),
    finish: (timestamp) => inTurn(() => finish(timestamp)),
    settled: () => inTurn(() => Promise.resolve()),
  };
}

const oneBlock = new Uint8Array(512);

function headerOf(digest: Digest, size: number): Uint8Array {
  return encodeTarHeader(inputOf(digest, size));
}

function inputOf(digest: Digest, size: number): TarEntryInput {
  return { name: blobName(digest), type: "file", mode: fileMode, size, ...root };
}

/** The entry with a header of this length: above 8 GiB that is one of GNU's where room was left for one block. */
function inputThatFits(digest: Digest, size: number, length: number): TarEntryInput {
  const input = inputOf(digest, size);
  for (const candidate of [input, { ...input, format: "gnu" } as const]) {
    if (encodeTarHeader(candidate).length === length) return candidate;
  }
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the blob ${digest} has ${size} bytes, which was not said before`,
    {
      hint: "an archive takes a blob of sha512 above 8 GiB only where its size is known beforehand",
    },
  );
}
