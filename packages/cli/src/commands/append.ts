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
  const inputs = layerInputs(this, flags);
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

function layerInputs(context: DrayContext, flags: AppendFlags): readonly LayerInput[] {
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
  const files = add.map((text) => {
    const [source, destination] = sourceAndDestination(text);
    const { chown, chmod, timestamp } = flags;
    return {
      sources: [source],
      destination,
      options: { chown, chmod, timestamp: timestamp ?? sourceDateEpoch(context.env) },
      createdBy: createdBy ?? `dray append --add ${basename(source)}:${destination}`,
    };
  });
  return [...tars, ...files];
}

/** What would count for nothing, and so is a mistake. */
function refuseIdle({ layer = [], add = [], chown, chmod }: AppendFlags): void {
  if (layer.filter((path) => path === "-").length > 1) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "standard input can be one layer only", {
      hint: "name --layer - once, and other tars by their files",
    });
  }
  const idle = [chown === undefined ? [] : "--chown", chmod === undefined ? [] : "--chmod"].flat();
  if (add.length === 0 && idle.length > 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${idle.join(" and ")}: a tar says itself who owns its files`,
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
