import { formatBytes } from "@drayage/copy";
import { isDrayageError } from "@drayage/errors";
import type { ImageEvent, RegistryText, SyncEvent, SyncSummary } from "@drayage/sync";
import type { DrayContext } from "../context.ts";
import { errorLine, logLine } from "../error-text.ts";
import type { Reporter } from "./reporter.ts";
import { skopeoReporter } from "./skopeo.ts";

/** Tells the user of a sync. */
export interface SyncReport {
  begin(): void;
  event(event: SyncEvent): void;
  end(summary: SyncSummary): void;
  /** The sync ended before its end. */
  fail(error: unknown): void;
}

export interface SyncReportOptions {
  readonly source: { readonly text: string; readonly registryText?: RegistryText | undefined };
  readonly isPlan: boolean;
  readonly json: boolean;
  readonly style: "lines" | "json" | "none";
  readonly removeSignatures: boolean | undefined;
}

export function createSyncReport(context: DrayContext, options: SyncReportOptions): SyncReport {
  const reports: SyncReport[] = [];
  if (options.style === "json") reports.push(eventReport(context));
  else if (context.personality === "skopeo") reports.push(skopeoReport(context, options));
  else reports.push(drayReport(context, options));
  if (options.json) reports.push(documentReport(context, options));
  return {
    begin: () => reports.forEach((report) => void report.begin()),
    event: (event) => reports.forEach((report) => void report.event(event)),
    end: (summary) => reports.forEach((report) => void report.end(summary)),
    fail: (error) => reports.forEach((report) => void report.fail(error)),
  };
}

/** A line for each image on standard error; the plan, which is a result, on standard output. */
function drayReport(
  { process: { stdout, stderr } }: DrayContext,
  { isPlan, json, style }: SyncReportOptions,
): SyncReport {
  const say = (line: string): unknown => style === "none" || stderr.write(`${line}\n`);
  // As JSON it is printed by another report.
  const plan = (line: string): unknown => json || stdout.write(`${line}\n`);
  const image = (event: ImageEvent): void => {
    const { from, to, state, result } = event;
    const ends = `from=${quoted(from)} to=${quoted(to)}`;
    const number = event.kind === "image" ? `image ref ${event.index + 1}/${event.of}` : "referrer";
    if (state === "failed") stderr.write(`${errorLine(event.error, "dray")}\n`);
    else if (isPlan && state === "copy") plan(`Would have copied ${number} ${ends}`);
    else if (isPlan) plan(`Already there: ${number} ${ends}`);
    else if (state === "present") say(`already there: ${to}`);
    else if (state === "copied")
      say(`copied ${from} to ${to} (${formatBytes(result?.blobs.moved.bytesStored ?? 0)} moved)`);
  };
  return {
    begin: () => undefined,
    event(event) {
      if (event.type === "image") return image(event);
      if (event.type === "repository" && event.state === "failed")
        stderr.write(`${errorLine(event.error, "dray")}\n`);
      if (event.type === "warning") stderr.write(`${logLine("warning", event.message, "dray")}\n`);
      if (event.type === "progress" && event.event.type === "warning") {
        stderr.write(`${logLine("warning", `${event.from}: ${event.event.message}`, "dray")}\n`);
      }
      if (event.type !== "prune") return;
      const { state, place, reason } = event;
      const unless =
        reason === undefined ? "" : ` (not if only whole manifests can be deleted there: ${reason})`;
      if (state === "delete") plan(`Would have deleted ${quoted(place)}${unless}`);
      else if (state === "failed") stderr.write(`${errorLine(event.error, "dray")} (${place})\n`);
      else if (state === "kept") stderr.write(`${logLine("warning", `${place} stays: ${reason}`, "dray")}\n`);
      else say(`deleted ${place}`);
    },
    end(summary) {
      if (isPlan) plan(planSentence(summary));
      else say(resultSentence(summary));
      const { copied, present, failed } = summary.images;
      if (copied + present + failed === 0 && summary.unlisted === 0) {
        stderr.write(
          `${logLine("warning", "no image of the source is wanted: nothing was to be synced", "dray")}\n`,
        );
      }
    },
    fail: () => undefined,
  };
}

function planSentence({ images, repositories, pruned }: SyncSummary): string {
  const would = `Would have synced ${images.copied + images.present} images from ${repositories} sources`;
  const there = images.present > 0 ? `; ${images.present} of them are there already` : "";
  return `${would}${there}${pruned.deleted > 0 ? `; would have deleted ${pruned.deleted} tags` : ""}`;
}

function resultSentence({ images, repositories, referrers, pruned, blobs }: SyncSummary): string {
  const parts = [
    `${images.copied} copied`,
    `${images.present} already there`,
    images.failed > 0 && `${images.failed} failed`,
    referrers.copied + referrers.present > 0 &&
      `${referrers.copied} of ${referrers.copied + referrers.present} referrers copied`,
    pruned.deleted > 0 && `${pruned.deleted} deleted`,
    `${formatBytes(blobs.movedBytes)} moved`,
  ];
  return `Synced ${images.copied + images.present} images from ${repositories} sources: ${parts.filter(Boolean).join(", ")}`;
}

/** skopeo's lines: its log on standard error, the progress of copies on standard output. */
function skopeoReport(
  { process: { stdout, stderr } }: DrayContext,
  { source, isPlan, style, removeSignatures = false }: SyncReportOptions,
): SyncReport {
  const log = (
    level: "info" | "warning" | "error",
    message: string,
    fields: Readonly<Record<string, string>> = {},
  ): void => {
    const written = Object.entries(fields).map(([key, value]) => ` ${key}=${logrusValue(value)}`);
    stderr.write(`${logLine(level, message, "skopeo")}${written.join("")}\n`);
  };
  const copies = new Map<string, Reporter>();
  return {
    begin() {
      const { registryText, text } = source;
      if (registryText !== undefined) {
        const tagged = String(registryText.kind === "image");
        log("info", "Tag presence check", { imagename: text, tagged });
      }
      if (isPlan) log("warning", "Running in dry-run mode");
    },
    event(event) {
      if (
        event.type === "repository" &&
        event.state === "listing" &&
        source.registryText?.kind === "repository"
      ) {
        log("info", "Getting tags", { image: source.registryText.reference.name });
      }
      if (event.type === "repository" && event.state === "failed") {
        log("error", "Error processing repo, skipping", { repo: event.repository });
        log("error", sentenceOf(event.error));
      }
      if (event.type === "warning") log("warning", event.message);
      if (event.type === "progress" && style !== "none") {
        const copy = copies.get(event.from) ?? skopeoReporter(stdout, { removeSignatures });
        copies.set(event.from, copy);
        copy.report(event.event);
      }
      if (event.type === "prune") log("info", `${event.state} ${event.place}`);
      if (event.type !== "image") return;
      const { from, to, state } = event;
      const number = `${event.index + 1}/${event.of}`;
      if (state === "copy") log("info", `Would have copied image ref ${number}`, { from, to });
      if (state === "start") log("info", `Copying image ref ${number}`, { from, to });
      if (state === "present" && event.result === undefined)
        log("info", `Copying image ref ${number}`, { from, to });
      if (state === "failed") {
        log("error", `Error copying ref ${JSON.stringify(from)}`, { error: sentenceOf(event.error) });
      }
      if (state === "start") return;
      copies.get(from)?.end();
      copies.delete(from);
    },
    end({ images, repositories }) {
      const counts = `${images.copied + images.present} images from ${repositories} sources`;
      log("info", isPlan ? `Would have synced ${counts}` : `Synced ${counts}`);
    },
    fail: () => undefined,
  };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As logrus writes a field's value where there is no terminal. */
function logrusValue(text: string): string {
  return /^[A-Za-z0-9\-._/@^+]*$/.test(text) && text !== "" ? text : JSON.stringify(text);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Each event as a JSON object on a line of its own. */
function eventReport({ process: { stderr } }: DrayContext): SyncReport {
  return {
    begin: () => undefined,
    event: (event) => void stderr.write(`${JSON.stringify(plain(event))}\n`),
    end: (summary) => void stderr.write(`${JSON.stringify({ type: "summary", ...summary })}\n`),
    fail: (error) => void stderr.write(`${JSON.stringify({ type: "error", error: plainError(error) })}\n`),
  };
}

/** One JSON document on standard output, written while it comes about: there may be very many images. */
function documentReport({ process: { stdout } }: DrayContext, { isPlan }: SyncReportOptions): SyncReport {
  let isFirst = true;
  const pruned: unknown[] = [];
  const write = (value: unknown): void => {
    stdout.write(`${isFirst ? "" : ","}\n        ${JSON.stringify(value)}`);
    isFirst = false;
  };
  const close = (last: string): void => {
    const tags = pruned.map((value) => `\n        ${JSON.stringify(value)}`).join(",");
    stdout.write(`\n    ],\n    "pruned": [${tags}\n    ],\n`);
    stdout.write(`    "plan": ${isPlan},\n    ${last}\n}\n`);
  };
  return {
    begin: () => void stdout.write('{\n    "images": ['),
    event(event) {
      if (event.type === "prune") pruned.push(plain(event));
      if (event.type !== "image" || event.state === "start") return;
      write(plain(event));
    },
    end: (summary) => close(`"summary": ${JSON.stringify(summary)}`),
    fail: (error) => close(`"error": ${JSON.stringify(plainError(error))}`),
  };
}

/** An event without what only programs can use: errors as code and message, results without manifests. */
function plain(event: SyncEvent): object {
  const { error, ...rest } = event as SyncEvent & { readonly error?: unknown };
  const told = error === undefined ? {} : { error: plainError(error) };
  if (rest.type !== "image" || rest.result === undefined) return { ...rest, ...told };
  const { result, ...others } = rest;
  return { ...others, blobs: result.blobs, ...told };
}

function plainError(error: unknown): object {
  if (!isDrayageError<string>(error)) return { message: sentenceOf(error) };
  const { code, message, side, hint } = error;
  return { code, message, side, hint };
}
