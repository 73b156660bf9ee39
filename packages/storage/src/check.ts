import { drain } from "@drayage/blob";
import { isDrayageError } from "@drayage/errors";
import { createBreather } from "@drayage/pack";
import { bigDataPath, factsOf, readBigData } from "./big-data.ts";
import { isNewerData } from "./changed-data.ts";
import { checkAccounts } from "./check-accounts.ts";
import type { StoreCore } from "./core.ts";
import { withAncestors } from "./delete.ts";
import { diffBlob } from "./diff.ts";
import { readHolds } from "./holds.ts";
import { parentsProblems } from "./layer-parents.ts";
import { readMounts } from "./mounts.ts";
import type { ContainerRecord, ImageRecord, LayerRecord, RecordKind } from "./records/types.ts";
import type { CheckOptions, CheckReport, Finding } from "./reports.ts";
import type { StoreView } from "./view/contract.ts";

const day = 24 * 60 * 60 * 1000;

/** Looks at everything. Changes nothing, and locks nothing for longer than a look. */
export async function checkStore(core: StoreCore, options: CheckOptions = {}): Promise<CheckReport> {
  const { content = true, unreferencedAge = day, signal, onProgress } = options;
  const breathe = createBreather(signal, "check the store");
  await core.catalog.load(signal);
  // Folders before records: a record comes before its folder and goes after it.
  const accounts = await checkAccounts(core, breathe);
  const view = core.catalog.view();
  await breathe();
  const findings: Finding[] = [...accounts, ...checkRecords(core, view)];
  await breathe();
  findings.push(...checkMounts(core, view));
  const circles = layersInCircles(view);
  const own = view.layers.filter((layer) => !layer.readOnly);
  const unverifiable: string[] = [];
  let bytes = 0;
  for (const [done, layer] of own.entries()) {
    await breathe();
    onProgress?.({ layer: layer.id, done, total: own.length });
    const found = await checkLayer(core, { view, layer, circles });
    findings.push(...found);
    if (layer.diffDigest === undefined) unverifiable.push(layer.id);
    if (!content || layer.diffDigest === undefined || found.length > 0) continue;
    const result = await checkContent(core, { view, layer, signal });
    bytes += result.bytes;
    findings.push(...result.findings);
  }
  for (const image of view.images) {
    await breathe();
    if (!image.readOnly) findings.push(...checkImage(core, { view, image, content, unreferencedAge }));
  }
  for (const container of view.containers) {
    await breathe();
    findings.push(...checkContainer(core, { view, container, content }));
  }
  findings.push(...unreferenced(core, view, unreferencedAge));
  const { layers, images, containers } = view;
  return {
    findings,
    layers: layers.length,
    images: images.length,
    containers: containers.length,
    bytes,
    unverifiable,
  };
}

type Details = Pick<Finding, "code" | "message" | "repair"> & Partial<Pick<Finding, "path" | "size">>;

function layerFinding(view: StoreView, { id }: { readonly id: string }, details: Details): Finding {
  const images = view.imagesOn(id);
  const containers = view.containersOn(id);
  return {
    kind: "layer",
    id,
    path: undefined,
    images: images.map((one) => one.id),
    containers: containers.map((one) => one.id),
    ...details,
  };
}

function checkRecords(core: StoreCore, view: StoreView): readonly Finding[] {
  const findings: Finding[] = [];
  for (const kind of ["layer", "image", "container"] as const) findings.push(...duplicateNames(core, kind));
  // Somebody may be at work on one; then the lock is taken.
  using idle = core.files.tryAcquire(core.paths.lock("layer"), "read");
  for (const { record } of core.catalog.rows("layer")) {
    if (!record.incomplete || idle === undefined) continue;
    findings.push(
      layerFinding(view, record, {
        code: "layer-incomplete",
        message: `the layer ${record.id} was left half made or half deleted`,
        repair: "remove",
      }),
    );
  }
  return findings;
}

function duplicateNames(core: StoreCore, kind: RecordKind): readonly Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { record } of core.catalog.rows(kind)) {
    for (const name of record.names) {
      const owner = owners.get(name);
      owners.set(name, record.id);
      if (owner === undefined || owner === record.id) continue;
      findings.push({
        code: "name-duplicate",
        kind,
        id: owner,
        message: `${JSON.stringify(name)} is a name of the ${kind}s ${owner} and ${record.id}; it counts for the second`,
        path: undefined,
        repair: "mend",
        images: [],
        containers: [],
      });
    }
  }
  return findings;
}

function checkMounts(core: StoreCore, view: StoreView): readonly Finding[] {
  return readMounts(core).flatMap(({ layer, path }) => {
    if (view.layerById(layer) !== undefined) return [];
    const message = `the layer ${layer} counts as mounted, and there is none`;
    return [
      {
        code: "mount-stale",
        kind: "layer",
        id: layer,
        message,
        path,
        repair: "mend",
        images: [],
        containers: [],
      },
    ];
  });
}

interface LayerOptions {
  readonly view: StoreView;
  readonly layer: LayerRecord;
  readonly circles: ReadonlySet<string>;
}

async function checkLayer(
  core: StoreCore,
  { view, layer, circles }: LayerOptions,
): Promise<readonly Finding[]> {
  const { id, parent } = layer;
  const findings: Finding[] = [];
  const found = (details: Details): void => void findings.push(layerFinding(view, layer, details));
  if (parent !== undefined && view.layerById(parent) === undefined) {
    const message = `the layer ${parent}, which ${id} stands on, is missing`;
    found({ code: "layer-parent-missing", message, repair: "remove" });
  } else if (circles.has(id)) {
    found({ code: "layer-circle", message: `the layer ${id} stands on itself`, repair: "remove" });
  }
  if (!(await core.layerFiles.exists(id))) {
    found({
      code: "layer-files-missing",
      message: `the files of the layer ${id} are missing`,
      repair: "remove",
    });
    return findings;
  }
  for (const { path, message } of await parentsProblems(core, view, id)) {
    found({ code: "layer-parents-wrong", message, path, repair: "mend" });
  }
  for (const key of layer.bigDataNames) {
    const path = bigDataPath(core, layer, key);
    if (core.files.exists(path)) continue;
    const message = `the data ${JSON.stringify(key)} of the layer ${id} is missing`;
    found({ code: "layer-data-missing", message, path, repair: "mend" });
  }
  const tarSplit = core.paths.tarSplit(id);
  const needsTarSplit = core.files.onDisk && core.layerFiles.keepsTar !== true;
  if (needsTarSplit && layer.diffDigest !== undefined && !core.files.exists(tarSplit)) {
    const message = `the layer ${id} has no tar-split: it can be used, but its tar cannot be given back as it came`;
    found({ code: "layer-tar-split", message, path: tarSplit, repair: "none" });
  }
  return findings;
}

/** Layers that stand on themselves, through others or not. */
function layersInCircles(view: StoreView): ReadonlySet<string> {
  const circles = new Set<string>();
  const seen = new Set<string>();
  for (const { id: start } of view.layers) {
    /** Those from here downwards that were not seen before. */
    const way = new Set<string>();
    let id: string | undefined = start;
    while (id !== undefined && !seen.has(id)) {
      seen.add(id);
      way.add(id);
      id = view.layerById(id)?.parent;
    }
    // It leads back into itself.
    if (id === undefined || !way.has(id)) continue;
    const ids = [...way];
    for (const one of ids.slice(ids.indexOf(id))) circles.add(one);
  }
  return circles;
}

interface ContentOptions {
  readonly view: StoreView;
  readonly layer: LayerRecord;
  readonly signal: AbortSignal | undefined;
}

async function checkContent(
  core: StoreCore,
  { view, layer, signal }: ContentOptions,
): Promise<{ readonly bytes: number; readonly findings: readonly Finding[] }> {
  const { diffSize } = layer;
  try {
    // Without the record's size: a wrong one is another finding.
    const { size } = await drain({ ...diffBlob(core, layer), size: undefined }, discard, { signal });
    if (size === diffSize) return { bytes: size, findings: [] };
    const message = `the tar of the layer ${layer.id} has ${size} bytes, and its record says ${diffSize}`;
    return {
      bytes: size,
      findings: [layerFinding(view, layer, { code: "layer-size", message, repair: "mend", size })],
    };
  } catch (error) {
    if (!isDrayageError(error) || !contentCodes.includes(error.code)) throw error;
    const message = `the layer ${layer.id} is not what it was: ${error.message}`;
    return {
      bytes: 0,
      findings: [layerFinding(view, layer, { code: "layer-content", message, repair: "remove" })],
    };
  }
}

const discard = { kind: "writer", write: () => undefined } as const;

const contentCodes: readonly string[] = [
  "ERR_DRAYAGE_ARCHIVE_INVALID",
  "ERR_DRAYAGE_COMPRESSION_INVALID",
  "ERR_DRAYAGE_DIGEST_MISMATCH",
  "ERR_DRAYAGE_IO",
  // A tar-split that was not made of the layer can be of any size.
  "ERR_DRAYAGE_LIMIT_EXCEEDED",
  "ERR_DRAYAGE_SIZE_MISMATCH",
  "ERR_DRAYAGE_STORE_INVALID",
];

interface ImageOptions {
  readonly view: StoreView;
  readonly image: ImageRecord;
  readonly content: boolean;
  readonly unreferencedAge: number;
}

function checkImage(
  core: StoreCore,
  { view, image, content, unreferencedAge }: ImageOptions,
): readonly Finding[] {
  const { id, layer } = image;
  const shared = {
    kind: "image",
    id,
    images: [id],
    containers: view.containersOf(id).map((one) => one.id),
  } as const;
  const findings: Finding[] = checkBigData(core, image, content).map((details) => ({
    ...shared,
    ...details,
  }));
  if (layer !== undefined && view.layerById(layer) === undefined) {
    const message = `the image ${id} needs the layer ${layer}, which is missing`;
    findings.push({ ...shared, code: "image-layer-missing", message, path: undefined, repair: "remove" });
  }
  const old = Date.now() - Date.parse(image.created) > unreferencedAge;
  if (image.names.length === 0 && image.bigDataNames.length === 0 && old) {
    const message = `the image ${id} has neither name nor manifest: whoever stored it did not come to an end`;
    findings.push({ ...shared, code: "image-incomplete", message, path: undefined, repair: "remove" });
  }
  return findings;
}

interface ContainerOptions {
  readonly view: StoreView;
  readonly container: ContainerRecord;
  readonly content: boolean;
}

function checkContainer(core: StoreCore, { view, container, content }: ContainerOptions): readonly Finding[] {
  const { id, layer, image } = container;
  const shared = { kind: "container", id, images: [], containers: [id] } as const;
  const findings: Finding[] = checkBigData(core, container, content).map((details) => ({
    ...shared,
    ...details,
    repair: details.repair === "mend" ? "mend" : "none",
  }));
  if (view.layerById(layer) === undefined) {
    const message = `the container ${id} needs the layer ${layer}, which is missing`;
    findings.push({ ...shared, code: "container-layer-missing", message, path: undefined, repair: "remove" });
  }
  if (image !== undefined && view.imageById(image) === undefined) {
    const message = `the image ${image}, which the container ${id} was made from, is missing`;
    findings.push({ ...shared, code: "container-image-missing", message, path: undefined, repair: "none" });
  }
  return findings;
}

type DataFinding = Pick<Finding, "code" | "message" | "repair"> & { readonly path: string };

function checkBigData(
  core: StoreCore,
  record: ContainerRecord | ImageRecord,
  content: boolean,
): readonly DataFinding[] {
  return [...record.bigData].flatMap(([key, { size, digest }]): readonly DataFinding[] => {
    const path = bigDataPath(core, record, key);
    const what = `the data ${JSON.stringify(key)} of the ${record.kind} ${record.id}`;
    const actual = core.files.size(path);
    if (actual === undefined) {
      return [
        {
          code: `${record.kind}-data-missing`,
          message: `${what} is missing`,
          path,
          repair: "remove",
        },
      ];
    }
    const isOtherSize = size >= 0 && actual !== size;
    if (!isOtherSize && (!content || digest === undefined)) return [];
    const item = { key, bytes: readBigData(core, record, { key, limit: actual }) };
    if (!isOtherSize && factsOf(item).digest === digest) return [];
    return [
      {
        code: `${record.kind}-data-changed`,
        message: `${what} is not what it was`,
        path,
        repair: isNewerData(record, item) ? "mend" : "remove",
      },
    ];
  });
}

function unreferenced(core: StoreCore, view: StoreView, age: number): readonly Finding[] {
  const held = withAncestors(
    readHolds(core).flatMap((hold) => hold.layers),
    (id) => view.layerById(id),
  );
  return view.unreferencedLayers().flatMap((layer) => {
    if (held.has(layer.id) || Date.now() - Date.parse(layer.created) <= age) return [];
    const message = `no image and no container needs the layer ${layer.id}`;
    return [layerFinding(view, layer, { code: "layer-unreferenced", message, repair: "remove" })];
  });
}
