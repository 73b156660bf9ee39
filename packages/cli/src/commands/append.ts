import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { type Blob, fileBlob, streamBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { append, type LayerInput, sourceDateEpoch } from "@drayage/edit";
import { DrayageError } from "@drayage/errors";
import { parsePlatform } from "@drayage/manifest";
import type { DrayContext } from "../context.ts";
import { compressionWish, runEdit, stepOptions } from "../edit/run-edit.ts";
import { platformWish } from "../platform-wish.ts";
import type { AppendFlags } from "./append.command.ts";

/** `dray append` */
export async function appendLayers(
  this: DrayContext,
  flags: AppendFlags,
  from: string,
  to?: string,
): Promise<void> {
  const inputs = await layerInputs(this, flags);
  const created = flags.created ?? flags.timestamp ?? sourceDateEpoch(this.env) ?? new Date();
  const options = {
    ...stepOptions(this, flags),
    compression: compressionWish(flags),
    created,
    omitHistory: flags.omitHistory,
    layerCache: flags.noCache ? noLayerCache : undefined,
  };
  const scratch = { created, platforms: scratchPlatforms(flags) };
  await runEdit(this, flags, { from, to, scratch }, (source, step) =>
    append(source, inputs, { ...options, ...step }),
  );
}

async function layerInputs(context: DrayContext, flags: AppendFlags): Promise<readonly LayerInput[]> {
  const { layer = [], add = [], createdBy } = flags;
  if (layer.length + add.length === 0) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "there is no layer to append", {
      hint: "name a tar with --layer, or files with --add SOURCE:DESTINATION",
    });
  }
  refuseIdle(flags);
  const tars = layer.map((path) => ({
    tar: path === "-" ? standardInput(context) : fileBlob(path),
    createdBy: createdBy ?? `dray append --layer ${path === "-" ? path : basename(path)}`,
  }));
  const files = add.map(async (text) => {
    const [source, destination] = sourceAndDestination(text);
    const { chown, chmod, timestamp, ignorefile } = flags;
    const { sources, ...where } = await ignoring(source, ignorefile);
    return {
      sources,
      destination,
      options: { ...where, chown, chmod, timestamp: timestamp ?? sourceDateEpoch(context.env) },
      createdBy: createdBy ?? `dray append --add ${basename(source)}:${destination}`,
    };
  });
  return [...tars, ...(await Promise.all(files))];
}

interface Ignoring {
  readonly sources: readonly string[];
  readonly contextDir?: string;
  readonly ignoreFile?: string;
}

/** Of a folder, all of it but what the file says: patterns are of paths in a context, which the folder is then. */
async function ignoring(source: string, ignoreFile: string | undefined): Promise<Ignoring> {
  if (ignoreFile === undefined) return { sources: [source] };
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `--ignorefile: there is no ${JSON.stringify(source)}`, {
        hint: "name the folder itself in --add: patterns of the file are of paths in it",
        cause: error,
      });
    },
  );
  return isFolder ? { sources: ["."], contextDir: source, ignoreFile } : { sources: [source] };
}

/** What would count for nothing, and so is a mistake. */
function refuseIdle({ layer = [], add = [], chown, chmod, ignorefile }: AppendFlags): void {
  if (layer.filter((path) => path === "-").length > 1) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "standard input can be one layer only", {
      hint: "name --layer - once, and other tars by their files",
    });
  }
  const given = Object.entries({ chown, chmod, ignorefile }).filter(([, value]) => value !== undefined);
  const idle = given.map(([name]) => `--${name}`);
  if (add.length === 0 && idle.length > 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${idle.join(" and ")}: a tar says itself which files it has, and whose they are`,
      {
        hint: "they are for what --add adds",
      },
    );
  }
}

function standardInput({ stdin }: DrayContext): Blob {
  return streamBlob(
    async function* () {
      for await (const chunk of stdin()) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    },
    { what: "standard input" },
  );
}

/** Cut at the last colon before a path: what stands in the image begins with a slash. */
function sourceAndDestination(text: string): readonly [string, string] {
  const at = text.lastIndexOf(":/");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new DrayageError("ERR_DRAYAGE_USAGE", `--add: ${JSON.stringify(text)} is not SOURCE:DESTINATION`, {
    hint: "the destination is an absolute path in the image: --add dist:/srv/app",
  });
}

function scratchPlatforms(flags: AppendFlags): ReturnType<typeof parsePlatform>[] | undefined {
  if (flags.platform !== undefined) return flags.platform.map(parsePlatform);
  const wish = platformWish(flags);
  if (wish === undefined) return undefined;
  const { os = "linux", architecture = "amd64", variant } = wish;
  return [{ os, architecture, ...(variant === undefined ? {} : { variant }) }];
}
