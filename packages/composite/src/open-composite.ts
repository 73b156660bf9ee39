import { abortError, DrayageError, throwIfAborted } from "@drayage/errors";
import type { ImageReference, ImageSource, SourceOptions } from "@drayage/transport";
import { atPlace } from "./at-place.ts";
import { compositeSource } from "./composite-source.ts";
import { inParallel } from "./in-parallel.ts";
import { type CompositeMember, type CompositeOptions, memberOf } from "./members.ts";
import { readLists } from "./read-lists.ts";

/** A place that is open. */
export interface OpenMember {
  readonly source: ImageSource;
  readonly member: CompositeMember;
}

/** Opens all places of a composite, and reads what has to be there. After a failure none of them is left open. */
export async function openComposite(
  options: CompositeOptions,
  reference: ImageReference,
  given: SourceOptions,
): Promise<ImageSource> {
  const { signal } = given;
  throwIfAborted(signal, `open ${reference.text}`);
  const members = distinct([options.top, ...(options.others ?? [])].map(memberOf));
  const opened: ImageSource[] = [];
  try {
    const open = await inParallel(members, async (member): Promise<OpenMember> => {
      throwIfAborted(signal, `open ${reference.text}`);
      const source = await openMember(member, given);
      opened.push(source);
      return { source, member };
    });
    const known = await readLists(open, { ...options, signal });
    return compositeSource({ reference, known, close: () => closeAll(opened) });
  } catch (error) {
    // What closing says after a failure only follows from it.
    await Promise.allSettled(opened.map((source) => source.close()));
    throw signal?.aborted ? abortError(signal.reason, `open ${reference.text}`) : error;
  }
}

async function openMember(
  { location, options }: CompositeMember,
  given: SourceOptions,
): Promise<ImageSource> {
  const { transport, reference, text } = location;
  if (transport.openSource === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
      `${text} cannot be read from: its transport lacks the ability`,
    );
  }
  try {
    return await transport.openSource(reference, { ...given, ...options, signal: given.signal });
  } catch (error) {
    throw atPlace(text, error);
  }
}

/** Each place once, where it first stands, with all instances that are known of it. */
function distinct(members: readonly CompositeMember[]): readonly CompositeMember[] {
  const found = new Map<string, CompositeMember>();
  for (const member of members) {
    const { transport, reference } = member.location;
    const key = `${transport.scheme}:${reference.text}`;
    const before = found.get(key);
    const instances = [...new Set([...(before?.instances ?? []), ...(member.instances ?? [])])];
    // Two transports of one scheme may reach different places.
    if (before !== undefined && before.location.transport !== transport)
      found.set(`${key}\0${found.size}`, member);
    else found.set(key, { ...(before ?? member), instances });
  }
  return [...found.values()];
}

/** Closes each, whatever the others say. */
async function closeAll(sources: readonly ImageSource[]): Promise<void> {
  const results = await Promise.allSettled(sources.map((source) => source.close()));
  const errors = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  if (errors.length === 0) return;
  if (errors.length === 1) throw errors[0];
  const texts = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new DrayageError(
    "ERR_DRAYAGE_IO",
    `${errors.length} of ${sources.length} places could not be closed: ${texts.join("; ")}`,
    { cause: new AggregateError(errors) },
  );
}
