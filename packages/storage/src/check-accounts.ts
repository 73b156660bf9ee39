import path from "node:path";
import type { StoreCore } from "./core.ts";
import { leftoversOf } from "./leftovers.ts";
import type { RecordKind } from "./records/types.ts";
import type { Finding } from "./reports.ts";

const tarSplitSuffix = ".tar-split.gz";

/** Ids as the tools make them. What is called otherwise is none of ours to judge. */
const idPattern = /^[0-9a-f]{64}$/;

/** Something in the store's folders that looks like that of a record. */
interface Account {
  readonly kind: RecordKind;
  readonly id: string;
  /** Undefined for a layer's own files, which are the driver's. */
  readonly path: string | undefined;
}

/** Everything that should have a record. */
async function listAccounts({ files, paths, layerFiles }: StoreCore): Promise<readonly Account[]> {
  const accounts: Account[] = (await layerFiles.ids()).map((id) => ({ kind: "layer", id, path: undefined }));
  for (const kind of ["layer", "image", "container"] as const) {
    for (const name of files.list(paths.folder(kind))) {
      const isTarSplit = kind === "layer" && name.endsWith(tarSplitSuffix);
      const id = isTarSplit ? name.slice(0, -tarSplitSuffix.length) : name;
      if (idPattern.test(id)) accounts.push({ kind, id, path: path.join(paths.folder(kind), name) });
    }
  }
  return accounts;
}

/** What no record knows, and what is left of processes that are gone. */
export async function checkAccounts(
  core: StoreCore,
  breathe: () => Promise<void>,
): Promise<readonly Finding[]> {
  const accounts = await listAccounts(core);
  await breathe();
  const leftovers = await leftoversOf(core);
  await breathe();
  const idsOf = (kind: RecordKind): ReadonlySet<string> =>
    new Set(core.catalog.rows(kind).map(({ record }) => record.id));
  const known = { layer: idsOf("layer"), image: idsOf("image"), container: idsOf("container") };
  const unknown = accounts.filter(({ kind, id }) => !known[kind].has(id));
  return [
    ...unknown.map(({ kind, id, path: place }) => unaccounted(kind, id, place)),
    ...leftovers.map(({ path: place, why }) => leftover(place, why)),
  ];
}

function unaccounted(kind: RecordKind, id: string, place: string | undefined): Finding {
  return {
    code: "unaccounted",
    kind: place === undefined ? kind : "file",
    id: place ?? id,
    message:
      place === undefined
        ? `the files of the ${kind} ${id} belong to no record`
        : `${JSON.stringify(place)} belongs to no record`,
    path: place,
    repair: "remove",
    images: [],
    containers: [],
  };
}

function leftover(place: string, why: string): Finding {
  return {
    code: "leftover",
    kind: "file",
    id: place,
    message: `${JSON.stringify(place)} was left over: ${why}`,
    path: place,
    repair: "remove",
    images: [],
    containers: [],
  };
}
