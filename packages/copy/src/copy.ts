import { DrayageError, isDrayageError } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import type {
  BlobInfoCache,
  DestinationOptions,
  ImageDestination,
  ImageSource,
  Location,
  SourceOptions,
} from "@drayage/transport";
import { admittingOnce } from "./admit.ts";
import { runPlan } from "./execute.ts";
import type { CopyOptions } from "./options.ts";
import { planCopy } from "./plan-copy.ts";
import { presentImage } from "./present.ts";
import type { CopyResult } from "./result.ts";
import { errorOnSide, onSide } from "./side.ts";

export interface CopyImageInput extends CopyOptions {
  readonly source: ImageSource;
  readonly destination: ImageDestination;
  /** What is at the destination's place now, opened for reading: for `ifPresent`. */
  readonly existing?: ImageSource | undefined;
}

/**
 * Copies an image, or an index of images, between two open ends, and commits. The ends stay open: after a
 * failure the caller closes the destination, which leaves its place as it was.
 *
 * Throws what {@link planCopy} and {@link executePlan} throw.
 */
export async function copyImage(input: CopyImageInput): Promise<CopyResult> {
  const plan = await planCopy(input);
  return runPlan({ ...input, plan }, { fresh: true });
}

export interface CopyLocationsOptions extends CopyOptions {
  readonly sourceOptions?: SourceOptions | undefined;
  readonly destinationOptions?: DestinationOptions | undefined;
}

/**
 * Copies an image from one place to another, both as `Registry.resolve` gives them. Opens and closes both
 * ends; a copy that fails leaves the destination as it was.
 *
 * Throws `ERR_DRAYAGE_TRANSPORT_UNSUPPORTED` where a transport cannot be read or written, and what
 * {@link copyImage} throws, always with `side` where it is known.
 */
export async function copy(
  from: Location,
  to: Location,
  options: CopyLocationsOptions = {},
): Promise<CopyResult> {
  const cache = options.blobInfoCache ?? (await memoryCache());
  const own = { ...options, blobInfoCache: cache, admit: admittingOnce(options.admit) };
  const closers = new Closers();
  return closers.around(async () => {
    const there = await digestThere(to, own);
    const source = closers.add(await openSource(from, own), "source");
    const present =
      there === undefined ? undefined : await presentImage({ ...own, source }, there, to.reference);
    if (present !== undefined) return present;
    const mayBePresent = there !== undefined || to.transport.resolveImage === undefined;
    const rest = await openRest(to, mayBePresent ? own : { ...own, ifPresent: undefined }, closers);
    return copyImage({ ...own, source, ...rest });
  });
}

/** What is found out while one image is copied serves that copy, at least: blobs are mounted from where they are. */
async function memoryCache(): Promise<BlobInfoCache> {
  return (await import("@drayage/blob-info-cache")).memoryBlobInfoCache();
}

/** What the destination has, where that matters; undefined where it has nothing, or cannot tell. */
async function digestThere(
  { transport, reference }: Location,
  options: CopyLocationsOptions,
): Promise<Descriptor | undefined> {
  if (options.ifPresent !== "skip" || transport.resolveImage === undefined) return undefined;
  try {
    return await transport.resolveImage(reference, destinationOptions(options));
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
    return undefined;
  }
}

type GivenOptions = Pick<
  CopyLocationsOptions,
  "signal" | "ifPresent" | "blobInfoCache" | "sourceOptions" | "destinationOptions"
>;

function sourceOptions({ blobInfoCache, signal, sourceOptions: given }: GivenOptions): SourceOptions {
  return { blobInfoCache, ...given, signal };
}

function destinationOptions({
  blobInfoCache,
  signal,
  destinationOptions: given,
}: GivenOptions): DestinationOptions {
  return { blobInfoCache, ...given, signal };
}

/** The two ends of a copy, open. */
export interface OpenEnds {
  readonly source: ImageSource;
  readonly destination: ImageDestination;
  readonly existing: ImageSource | undefined;
}

/** Opens both ends, lets `work` use them and closes them, whatever happens: for callers who only want a plan. */
export async function withEnds<T>(
  from: Location,
  to: Location,
  options: GivenOptions,
  work: (ends: OpenEnds) => Promise<T>,
): Promise<T> {
  const closers = new Closers();
  return closers.around(async () => {
    const source = closers.add(await openSource(from, options), "source");
    return work({ source, ...(await openRest(to, options, closers)) });
  });
}

async function openRest(
  to: Location,
  options: GivenOptions,
  closers: Closers,
): Promise<Pick<OpenEnds, "destination" | "existing">> {
  const existing =
    options.ifPresent === "skip" ? closers.add(await openExisting(to, options), "destination") : undefined;
  const destination = closers.add(await openDestination(to, options), "destination");
  return { destination, existing };
}

async function openSource(
  { transport, reference, text }: Location,
  options: GivenOptions,
): Promise<ImageSource> {
  if (transport.openSource === undefined) throw cannot(text, "be read from", "source");
  const open = transport.openSource.bind(transport);
  return onSide("source", `open ${text}`, () => open(reference, sourceOptions(options)));
}

async function openDestination(
  { transport, reference, text }: Location,
  options: GivenOptions,
): Promise<ImageDestination> {
  if (transport.openDestination === undefined) throw cannot(text, "be written to", "destination");
  const open = transport.openDestination.bind(transport);
  return onSide("destination", `open ${text}`, () => open(reference, destinationOptions(options)));
}

/** The image at the destination, where there is one that can be read: what cannot be read is written anew. */
async function openExisting(
  { transport, reference }: Location,
  options: GivenOptions,
): Promise<ImageSource | undefined> {
  if (transport.openSource === undefined) return undefined;
  try {
    return await transport.openSource(reference, destinationOptions(options));
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
    return undefined;
  }
}

function cannot(text: string, what: string, side: "source" | "destination"): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
    `${text} cannot ${what}: its transport lacks the ability`,
    {
      side,
      hint: "dray transports lists what each transport can do",
    },
  );
}

type Side = "source" | "destination";

/** Closes what was opened, the last first. The failure of the work counts more than that of a closing. */
class Closers {
  readonly #open: { readonly end: { close(): Promise<void> }; readonly side: Side }[] = [];

  add<T extends { close(): Promise<void> } | undefined>(end: T, side: Side): T {
    if (end !== undefined) this.#open.unshift({ end, side });
    return end;
  }

  async around<T>(work: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // What closing says after a failure only follows from it.
      await Promise.allSettled(this.#open.map(({ end }) => end.close()));
      throw error;
    }
    const failures: unknown[] = [];
    for (const { end, side } of this.#open) {
      try {
        await end.close();
      } catch (error) {
        failures.push(errorOnSide(error, side, "close"));
      }
    }
    if (failures.length > 0) throw failures[0];
    return result;
  }
}
