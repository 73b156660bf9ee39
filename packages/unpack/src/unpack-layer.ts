/// <reference path="./code.d.ts" />
import { resolve } from "node:path";
import { type Blob, type ConsumerSink, drain } from "@drayage/blob";
import { sysBase } from "@drayage/sys";
import { type ConsumerSettings, createConsumer } from "./consumer.ts";
import type { UnpackOptions } from "./options.ts";
import type { Unpacked, UnpackReport } from "./unpacked.ts";

/**
 * Unpacks the tar of a layer into a folder, in one pass with its verification: `blob` has the steps that inflate it. A large one
 * is unpacked on another thread where this one is busy. After an error the folder holds a part of the layer.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED` and `ERR_DRAYAGE_IO`, which
 * name the entry, and what `drain` throws
 */
export async function unpackLayer(blob: Blob, options: UnpackOptions): Promise<Unpacked> {
  const { signal, onBytes, alone } = options;
  const sink: ConsumerSink = {
    kind: "consumer",
    create: createConsumer,
    code: async () => (await import("./consumer.ts?code")).default,
    settings: settingsOf(options),
    alone,
  };
  const { consumed, ...drained } = await drain(blob, sink, { signal, onBytes });
  return { ...(consumed as UnpackReport), drained };
}

/** Without what cannot be sent to another thread. Paths are made absolute before anybody changes the current folder. */
function settingsOf(options: UnpackOptions): ConsumerSettings {
  const { signal: _signal, onBytes: _onBytes, alone: _alone, root, tarSplitPath, ...rest } = options;
  return {
    ...rest,
    root: resolve(root),
    tarSplitPath: tarSplitPath === undefined ? undefined : resolve(tarSplitPath),
    sysBase: sysBase(),
  };
}
