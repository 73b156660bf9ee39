import { formatBytes } from "@drayage/copy";
import type { BlobProgress, ProgressEvent } from "@drayage/transport";
import type { DrayContext, Output } from "../context.ts";
import type { Reporter, Verb } from "./reporter.ts";
import { sentenceOf } from "./sentences.ts";

interface Bar {
  readonly label: string;
  readonly total: number | undefined;
  bytes: number;
}

export interface BarStyle {
  readonly env: DrayContext["env"];
  readonly verb: Verb;
}

/** Redrawing more often than this, in milliseconds, only costs time. */
const interval = 80;

/** A bar for each blob on its way, below the lines of what is done. */
export function barsReporter(output: Output, style: BarStyle): Reporter {
  const { env, verb } = style;
  const bars = new Map<string, Bar>();
  const colour = env.NO_COLOR === undefined || env.NO_COLOR === "";
  let drawn = 0;
  let last = 0;

  const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\u001b[0J`);
  const draw = (done?: string): void => {
    const width = Math.max(40, output.columns || 80);
    const rows = [...bars.values()].map((bar) => barLine(bar, { width, colour }));
    output.write(
      `${erase()}${done === undefined ? "" : `${done}\n`}${rows.map((row) => `${row}\n`).join("")}`,
    );
    drawn = rows.length;
    last = performance.now();
  };

  return {
    report(event) {
      if (event.type === "newLayer") {
        const { state, layerIndex, bytes = 0 } = event;
        const key = `new ${layerIndex}`;
        if (state === "done") bars.delete(key);
        else bars.set(key, { label: `Packing layer ${layerIndex + 1}`, total: undefined, bytes });
        if (state === "done") draw(sentenceOf(event, verb));
        else if (state === "start" || performance.now() - last >= interval) draw();
        return;
      }
      if (event.type !== "blob") {
        const sentence = sentenceOf(event, verb);
        if (sentence !== undefined) draw(sentence);
        return;
      }
      const key = `${event.instance ?? ""} ${event.kind} ${event.digest}`;
      if (event.state === "start")
        bars.set(key, { label: labelOf(event, verb), total: event.size, bytes: 0 });
      const bar = bars.get(key);
      if (bar !== undefined && event.bytes !== undefined) bar.bytes = event.bytes;
      if (event.state === "done") bars.delete(key);
      const line = finishedLine(event, verb);
      if (line !== undefined || event.state === "start") draw(line);
      else if (performance.now() - last >= interval) draw();
    },
    end() {
      bars.clear();
      if (drawn > 0) draw();
    },
  };
}

function labelOf(event: BlobProgress, verb: Verb): string {
  const hex = event.digest.slice(event.digest.indexOf(":") + 1, event.digest.indexOf(":") + 13);
  return `${verb} ${event.kind === "config" ? "config" : "blob"} ${hex}`;
}

function finishedLine(event: ProgressEvent, verb: Verb): string | undefined {
  if (event.type !== "blob") return undefined;
  if (event.state === "done") {
    return `${labelOf(event, verb)} done${event.stored === undefined ? "" : `, ${formatBytes(event.stored.size)}`}`;
  }
  if (event.state === "reused" || event.state === "skipped")
    return `${labelOf(event, verb)} ${event.state}: ${event.reason ?? ""}`;
  return undefined;
}

function barLine(bar: Bar, style: { width: number; colour: boolean }): string {
  const known = bar.total !== undefined && bar.total > 0;
  const share = known ? Math.min(1, bar.bytes / (bar.total ?? 1)) : 0;
  const counts = known
    ? `${formatBytes(bar.bytes)} / ${formatBytes(bar.total ?? 0)}`
    : formatBytes(bar.bytes);
  const room = Math.max(0, style.width - bar.label.length - counts.length - 6);
  if (!known || room < 8) return `${bar.label}  ${counts}`.slice(0, style.width - 1);
  const filled = Math.round(share * room);
  const done =
    "=".repeat(Math.max(0, filled - 1)) + (filled > 0 && filled < room ? ">" : filled > 0 ? "=" : "");
  const rest = " ".repeat(room - filled);
  return `${bar.label} [${style.colour ? `\u001b[36m${done}\u001b[0m` : done}${rest}] ${counts}`;
}
