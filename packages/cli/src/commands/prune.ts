import { DrayageError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { humanSize } from "../output/human.ts";
import { askToGoOn } from "../prompt.ts";
import { registriesPlace } from "../registries-place.ts";
import { imageFilters } from "../store/image-filters.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { PruneFlags } from "./prune.command.ts";

/** `dray prune`, as `podman image prune`. */
export async function prune(this: DrayContext, flags: PruneFlags): Promise<void> {
  const { signal } = this;
  if (!flags.force && !flags.dryRun && !(await confirmed(this, flags))) return;
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal });
  const fits = await imageFilters(flags.filter ?? [], {
    store,
    view,
    env: this.env,
    ...registriesPlace(flags),
  });
  const wanted = new Set<string>();
  for (const image of view.images) if (await fits(image)) wanted.add(image.id);
  const report = await store.prune({
    signal,
    images: flags.all ? "unused" : "dangling",
    layers: flags.layers,
    dryRun: flags.dryRun,
    only: ({ id }) => wanted.has(id),
  });
  for (const { id } of report.images) this.process.stdout.write(`${id}\n`);
  const rest = [
    [report.layers.length, "layer"],
    [report.leftovers.length, "leftover"],
  ] as const;
  const counts = rest
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? "" : "s"}`);
  const removed = flags.dryRun ? "would be removed" : "removed";
  const sentences = [
    ...(counts.length === 0 ? [] : [`${removed}: ${counts.join(", ")}`]),
    ...(report.bytes > 0
      ? [`about ${humanSize(report.bytes)} ${flags.dryRun ? "would be" : "are"} free`]
      : []),
    ...(report.held.length > 0 ? [`${report.held.length} layers stay, as others work with them`] : []),
  ];
  for (const sentence of sentences) this.process.stdout.write(`${sentence}\n`);
}

async function confirmed(context: DrayContext, { all }: PruneFlags): Promise<boolean> {
  if (context.stdin().isTTY !== true) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "prune asks first, and there is no terminal", {
      hint: "give --force, or --dry-run",
    });
  }
  const what = all
    ? "all images that no container uses"
    : "all images without a name that nothing is built on";
  return askToGoOn(context, `This removes ${what}.`);
}
