import type { Consumer } from "@drayage/blob";
import { ioError } from "@drayage/errors";
import { loadSys } from "@drayage/sys";
import { TarDecoder } from "@drayage/tar";
import { createTarSplitPacker } from "@drayage/tar/tar-split";
import type { UnpackSettings } from "./options.ts";
import { createGzipFile, type GzipFile } from "./tar-split-file.ts";
import type { UnpackReport } from "./unpacked.ts";
import { createUnpacker, type Unpacker } from "./unpacker.ts";

export interface ConsumerSettings extends UnpackSettings {
  /** Where the system calls are looked for: `sysBase()` of the thread that has the package. */
  readonly sysBase: string;
}

/** Unpacks a tar from its chunks, in whatever thread: what {@link unpackLayer} drains a blob into. */
export function createConsumer(settings: unknown): Consumer {
  const { sysBase, ...unpackSettings } = settings as ConsumerSettings;
  loadSys({ base: sysBase });
  const { tarSplitPath, limits, root } = unpackSettings;
  const tarSplit = tarSplitPath === undefined ? undefined : createGzipFile(tarSplitPath);
  let unpacker: Unpacker;
  try {
    unpacker = createUnpacker(unpackSettings);
  } catch (error) {
    tarSplit?.close();
    throw ioError(error, "unpack into", { path: root });
  }
  return consumerOf(new TarDecoder(limits), unpacker, tarSplit);
}

function consumerOf(decoder: TarDecoder, unpacker: Unpacker, tarSplit: GzipFile | undefined): Consumer {
  const packer = tarSplit && createTarSplitPacker({ write: (lines) => tarSplit.write(lines) });

  function takeEvents(): void {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      packer?.take(event);
      unpacker.take(event);
    }
  }

  return {
    take(chunk) {
      decoder.push(chunk);
      takeEvents();
    },
    finish(): UnpackReport {
      decoder.finish();
      takeEvents();
      packer?.finish();
      const report = unpacker.finish();
      tarSplit?.finish();
      return report;
    },
    close() {
      unpacker[Symbol.dispose]();
      tarSplit?.close();
    },
  };
}
