import { type NamedBase, ofBase, rebase, type StepOptions } from "@drayage/edit";
import { manifestDigest } from "@drayage/manifest";
import { formatReference } from "@drayage/reference";
import type { ImageSource, Location } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openLocation, runEdit, stepOptions } from "../edit/run-edit.ts";
import { openLocations } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { resolveSource } from "../source-location.ts";
import type { RebaseFlags } from "./rebase.command.ts";

/** `dray rebase` */
export async function rebaseImage(
  this: DrayContext,
  flags: RebaseFlags,
  from: string,
  to?: string,
): Promise<void> {
  await using bases = opened();
  const trust = await readTrustPolicy(this, flags);
  const open = async (location: Location, { blobInfoCache }: StepOptions): Promise<ImageSource> => {
    const source = bases.use(await openLocation(this, flags, location, blobInfoCache));
    const manifest = await source.manifest(undefined, { signal: this.signal });
    const digest = manifestDigest(manifest.bytes);
    await trust(location)({ source, instance: undefined, digest, manifest }, { signal: this.signal });
    return source;
  };
  const given = async (text: string | undefined, what: string): Promise<Location | undefined> =>
    text === undefined ? undefined : bases.use(await resolveSource(this, flags, { text, what }));
  const oldBase = await given(flags.oldBase, "old base").catch(ofBase("old"));
  const newBase = await given(flags.newBase, "new base").catch(ofBase("new"));
  const locations = await openLocations(this, flags.plugin);
  const named = new Map<string, Promise<ImageSource>>();
  const openNamed = ({ name, digest }: NamedBase, step: StepOptions): Promise<ImageSource> => {
    const text = `docker://${digest === undefined ? name : `${withoutTag(name)}@${digest}`}`;
    const opening =
      named.get(text) ?? locations.resolve(text, "source").then((location) => open(location, step));
    named.set(text, opening);
    return opening;
  };
  const options = {
    ...stepOptions(this, flags),
    newBaseName: newBase && nameOf(newBase),
    conflicts: flags.conflicts,
  };
  await runEdit(this, flags, { from, to }, async (source, step) =>
    rebase(source, {
      ...options,
      ...step,
      oldBase: oldBase && (await open(oldBase, step).catch(ofBase("old"))),
      newBase: newBase && (await open(newBase, step).catch(ofBase("new"))),
      openBase: (base) => openNamed(base, step),
    }),
  );
}

interface Opened extends AsyncDisposable {
  use<T extends AsyncDisposable>(thing: T): T;
}

/** What is closed at the end, the last first. */
function opened(): Opened {
  const things: AsyncDisposable[] = [];
  return {
    use(thing) {
      things.unshift(thing);
      return thing;
    },
    async [Symbol.asyncDispose]() {
      for (const thing of things) await thing[Symbol.asyncDispose]();
    },
  };
}

/** What other tools can find it by. */
function nameOf({ transport, reference: { dockerReference } }: Location): string | undefined {
  const isName = transport.scheme === "docker" && dockerReference?.digest === undefined;
  return isName && dockerReference !== undefined ? formatReference(dockerReference) : undefined;
}

/** A colon after the last slash is a tag's. */
function withoutTag(name: string): string {
  const at = name.lastIndexOf(":");
  return at > name.lastIndexOf("/") ? name.slice(0, at) : name;
}
