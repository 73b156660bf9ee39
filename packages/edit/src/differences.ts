import type { Digest } from "@drayage/digest";
import { formatPlatform } from "@drayage/manifest";
import type { EditableImage, ImageEdit } from "./image.ts";

/** What became of one image. */
export interface ImageReport {
  /** `linux/amd64` */
  readonly platform: string;
  readonly before: Digest;
  readonly after: Digest;
  readonly changes: readonly FieldChange[];
}

/** A field that is another: absent before, or after, where it was not there. */
export interface FieldChange {
  /** `config.Env[PATH]`, `annotations["org.example"]`, `layers[3]` */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export function reportOf(image: EditableImage, edit: ImageEdit, after: Digest): ImageReport {
  const { manifest, config, entry, platform, digest } = image;
  const before = new Map<string, unknown>();
  flatten(parse(config.bytes), "", before);
  flatten(manifest.annotations ?? {}, "annotations", before);
  flatten(entry?.annotations ?? {}, "entry.annotations", before);
  flatten(
    manifest.layers.map((layer) => layer.digest),
    "layers",
    before,
  );
  const now = new Map<string, unknown>();
  flatten(parse(edit.config ?? config.bytes), "", now);
  flatten(edit.annotations ?? manifest.annotations ?? {}, "annotations", now);
  flatten(edit.entryAnnotations ?? entry?.annotations ?? {}, "entry.annotations", now);
  flatten(
    (edit.layers ?? manifest.layers).map((layer) => layer.digest),
    "layers",
    now,
  );
  return { platform: formatPlatform(platform), before: digest, after, changes: changesOf(before, now) };
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
}

function changesOf(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(path);
    const is = after.get(path);
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    changes.push({
      path,
      ...(was === undefined ? {} : { before: was }),
      ...(is === undefined ? {} : { after: is }),
    });
  }
  return changes;
}

/** Commands are told as a whole. */
const whole = /(?:Cmd|Entrypoint|Shell|Test|OnBuild|os\.features)$/;

function flatten(value: unknown, path: string, into: Map<string, unknown>): void {
  if (Array.isArray(value) && !whole.test(path)) {
    const isEnv = /(?:^|\.)Env$/.test(path);
    for (const [index, item] of value.entries()) {
      const [name = "", ...rest] = isEnv ? String(item).split("=") : [];
      if (isEnv) into.set(`${path}[${name}]`, rest.join("="));
      else flatten(item, `${path}[${index}]`, into);
    }
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    for (const [name, item] of entries) flatten(item, joined(path, name), into);
    // A name in a set.
    if (entries.length === 0 && path.endsWith("]")) into.set(path, {});
  } else if (value !== null) {
    into.set(path, value);
  }
}

function joined(path: string, name: string): string {
  const plain = /^[\w]+$/.test(name) || /^os\./.test(name);
  if (!plain || /(?:Labels|ExposedPorts|Volumes|annotations)$/.test(path))
    return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
