import type { CheckReport, Finding, RepairReport } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { humanSize } from "../output/human.ts";
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
  const repaired =
    flags.repair && report.findings.length > 0
      ? await store.repair(report, { signal, containers: flags.force })
      : undefined;
  const text = flags.json
    ? `${JSON.stringify(repaired === undefined ? report : { ...report, repaired }, null, 4)}\n`
    : linesOf(report, repaired)
        .map((line) => `${line}\n`)
        .join("");
  this.process.stdout.write(text);
  const left = repaired === undefined ? report.findings.length : repaired.left.length;
  if (left > 0) this.process.exitCode = exitCodes.failure;
}

function linesOf(report: CheckReport, repaired: RepairReport | undefined): readonly string[] {
  const { findings, images, layers, containers, bytes } = report;
  const read = bytes > 0 ? `, ${humanSize(bytes)} read and compared` : "";
  const lines = findings.map(lineOf);
  if (repaired !== undefined) {
    lines.push(...repaired.mended.map(({ kind, id }) => `mended: ${kind} ${id}`));
    lines.push(...repaired.removed.map(({ kind, id }) => `removed: ${kind} ${id}`));
    lines.push(...repaired.left.map(({ kind, id }) => `left as it is: ${kind} ${id}`));
    lines.push(
      ...repaired.lostImages.map(({ id, names }) =>
        `lost: image ${id.slice(0, 12)} ${names.join(", ")}`.trimEnd(),
      ),
    );
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
