import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { bytesBlob, inflated } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { afterEach } from "vitest";
import { type ImageRecord, type LayerStage, openStore, type Store } from "../src/index.ts";
import { type PlainDriverOptions, plainDriver } from "./plain-driver.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "drayage-"));
  folders.push(folder);
  return folder;
}

export interface TestStore {
  readonly store: Store;
  readonly root: string;
  readonly run: string;
  /** A JSON file of the store, as text. */
  text(file: string): string;
}

export interface TestStoreOptions extends PlainDriverOptions {
  readonly root?: string | undefined;
  readonly additionalStores?: readonly string[] | undefined;
  readonly patience?: number | undefined;
}

/** A store with the driver of the tests, in a folder of its own. */
export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const root = options.root ?? path.join(temporaryFolder(), "root");
  const run = `${root}-run`;
  const { additionalStores, patience } = options;
  const driver = plainDriver(options);
  const store = await openStore({ graphRoot: root, runRoot: run, driver, additionalStores, patience });
  return { store, root, run, text: (file) => readFileSync(path.join(root, file), "utf8") };
}

/** A staged layer whose tar is this text. */
export async function stage(store: Store, text: string, parent?: string): Promise<LayerStage> {
  const staged = await store.stageLayer({ parent });
  await staged.unpack(inflated(bytesBlob(gzipSync(text)), {}));
  return staged;
}

/** An image of layers whose tars are these texts. */
export async function putImage(
  store: Store,
  texts: readonly string[],
  {
    names = [],
    config = `{"history":[],"made":"of ${texts.join()}"}`,
  }: { names?: readonly string[]; config?: string } = {},
): Promise<ImageRecord> {
  const bytes = Buffer.from(config);
  const digest = digestBytes(bytes);
  return store.commitImage({
    id: digestHex(digest),
    layers: await Promise.all(texts.map((text) => stage(store, text))),
    names,
    metadata: "{}",
    created: "2024-02-03T04:05:06.70Z",
    bigData: [
      { key: digest, bytes },
      { key: "manifest", bytes: Buffer.from(`{"config":"${digest}"}`) },
    ],
  });
}

export function shaHex(text: string): string {
  return digestHex(digestBytes(Buffer.from(text)));
}

export function sorted(ids: readonly (string | undefined)[]): readonly string[] {
  return ids.map((id) => id ?? "").sort();
}
