import type { CheckReport, Finding, ImageRecord, RepairReport, StoreView } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { humanSize } from "../output/human.ts";
import { askToGoOn } from "../prompt.ts";
import { warn } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { CheckFlags } from "./check.command.ts";

/** `dray check` */
export async function check(this: DrayContext, flags: CheckFlags): Promise<void> {
  const { signal } = this;
  await using store = await openLocalStore(this, flags);
  const report = await store.check({
    signal,
    content: flags.quick !== true,
    unreferencedAge: flags.maxAge,
  });
  const cost = flags.repair ? costOf(report, await store.read({ signal }), flags) : [];
  const images = flags.force === true || (await mayRemove(this, { flags, cost }));
  const repaired =
    flags.repair && report.findings.length > 0
      ? await store.repair(report, { signal, images, containers: flags.force })
      : undefined;
  const text = flags.json
    ? `${JSON.stringify(repaired === undefined ? report : { ...report, repaired }, null, 4)}\n`
    : linesOf(report, repaired)
        .map((line) => `${line}\n`)
        .join("");
  this.process.stdout.write(text);
  if (!images) {
    const still = `${counted(cost.length, "image")} would be lost to repair the rest: ${cost.join(", ")}`;
    warn(
      this,
      `${still}; check --repair --force removes these, and containers on them; then pull them again`,
    );
  }
  const left = repaired === undefined ? report.findings.length : repaired.left.length;
  if (left > 0) this.process.exitCode = exitCodes.failure;
}

/** The images that a repair would remove, as they are shown. What was never whole is none. */
function costOf(
  { findings }: CheckReport,
  view: StoreView,
  { force }: Pick<CheckFlags, "force">,
): readonly string[] {
  const costly = findings.filter(
    ({ repair, code, containers }) =>
      repair === "remove" && code !== "image-incomplete" && (force || containers.length === 0),
  );
  const ids = new Set(costly.flatMap(({ images }) => images));
  return view.images.filter(({ id }) => ids.has(id)).map(imageLine);
}

/** Whether images may go. Where there is no terminal they stay, and all else is repaired nevertheless. */
async function mayRemove(
  context: DrayContext,
  { flags, cost }: { readonly flags: CheckFlags; readonly cost: readonly string[] },
): Promise<boolean> {
  if (cost.length === 0) return true;
  if (flags.json || context.stdin().isTTY !== true) return false;
  for (const line of cost) context.process.stdout.write(`image ${line}\n`);
  return askToGoOn(context, `This removes ${counted(cost.length, "image")}, to be pulled again.`);
}

function imageLine({ id, names }: Pick<ImageRecord, "id" | "names">): string {
  return [id.slice(0, 12), ...names].join(" ");
}

function linesOf(report: CheckReport, repaired: RepairReport | undefined): readonly string[] {
  const { findings, images, layers, containers, bytes } = report;
  const read = bytes > 0 ? `, ${humanSize(bytes)} read and compared` : "";
  const lines = findings.map(lineOf);
  if (repaired !== undefined) {
    lines.push(...repaired.mended.map(({ kind, id }) => `mended: ${kind} ${id}`));
    lines.push(...repaired.removed.map(({ kind, id }) => `removed: ${kind} ${id}`));
    lines.push(...repaired.left.map(({ kind, id }) => `left as it is: ${kind} ${id}`));
    lines.push(...repaired.lostImages.map((image) => `lost: image ${imageLine(image)}`));
    lines.push(...repaired.lostContainers.map((id) => `lost: container ${id}`));
  }
  const counts = [counted(images, "image"), counted(layers, "layer"), counted(containers, "container")];
  const summary = `${counts.join(", ")}${read}`;
  return [
    ...lines,
    findings.length === 0 ? `nothing is wrong: ${summary}` : `${findings.length} found: ${summary}`,
  ];
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function lineOf({ message, images, containers }: Finding): string {
  const concerned = [
    ...images.map((id) => `image ${id.slice(0, 12)}`),
    ...containers.map((id) => `container ${id.slice(0, 12)}`),
  ];
  return concerned.length === 0 ? message : `${message} (${concerned.join(", ")})`;
}
