import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { findStore } from "@drayage/transport-containers-storage";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { InfoFlags } from "./info.command.ts";

/** `dray info`: what `podman info` has under `store`, in its names, and what podman does not know. */
export async function info(this: DrayContext, flags: InfoFlags): Promise<void> {
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal: this.signal });
  const found = await findStore({}, { env: this.env });
  const facts = {
    store: {
      graphDriverName: store.driver,
      graphRoot: store.graphRoot,
      runRoot: store.runRoot,
      ...(await spaceOf(store.graphRoot)),
      graphStatus: new Map(Object.entries(await store.facts())),
      configFiles: found.files,
      imageStore: { number: view.images.length },
      layerStore: { number: view.layers.length },
      containerStore: { number: view.containers.length },
      mounts: (await store.mounts()).length,
      holds: (await store.holds()).map(({ why, pid, since, layers }) => ({
        why,
        pid,
        since,
        layers: layers.length,
      })),
    },
  };
  if (flags.format !== undefined && flags.format !== "json") {
    const { renderTemplate } = await import("../template/render.ts");
    const plain = { store: { ...facts.store, graphStatus: Object.fromEntries(facts.store.graphStatus) } };
    this.process.stdout.write(renderTemplate(flags.format, plain));
    return;
  }
  this.process.stdout.write(flags.format === "json" ? goIndentedJson(facts) : linesOf(facts.store));
}

async function spaceOf(graphRoot: string | undefined): Promise<object> {
  if (graphRoot === undefined) return {};
  const { bsize, blocks, bfree } = await fileSystemOf(graphRoot);
  return { graphRootAllocated: bsize * blocks, graphRootUsed: bsize * (blocks - bfree) };
}

function linesOf(facts: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(facts).flatMap(([name, value]) => lineOf(name, value));
  return lines.map((line) => `${line}\n`).join("");
}

function lineOf(name: string, value: unknown): readonly string[] {
  if (value instanceof Map) return [`${name}:`, ...[...value].map(([key, text]) => `  ${key}: ${text}`)];
  if (Array.isArray(value)) {
    const items = value.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
    return [`${name}: ${items.length === 0 ? "none" : items.join(", ")}`];
  }
  if (typeof value === "object" && value !== null && "number" in value)
    return [`${name}: ${String(value.number)}`];
  return [`${name}: ${String(value)}`];
}

/** Of the folder, or of that in which it would be made. */
async function fileSystemOf(path: string): Promise<StatsFs> {
  try {
    return await statfs(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && path !== dirname(path)) return fileSystemOf(dirname(path));
    throw ioError(error, "read", { path });
  }
}
