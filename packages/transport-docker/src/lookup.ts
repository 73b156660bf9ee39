import { throwIfAborted } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import { type DockerReference, tagNameOnly, trimNamed } from "@drayage/reference";
import type { Repository } from "@drayage/registry-client";
import type { SourceOptions } from "@drayage/transport";
import { firstAnswer } from "./attempts.ts";
import type { Connections } from "./connections.ts";
import { createPlaces, type Place } from "./places.ts";
import { type DockerImageReference, labelOf, readReference, tagOrDigest } from "./reference.ts";

/** What an image's manifest is: one HEAD at the first registry that answers. */
export async function resolveImage(
  reference: DockerImageReference,
  connections: Connections,
  options: SourceOptions,
): Promise<Descriptor> {
  throwIfAborted(options.signal, `resolve ${labelOf(reference)}`);
  return ask(readReference(reference), { connections, options }, (repository, place) =>
    repository.resolve(tagOrDigest(place.reference), { signal: options.signal }),
  );
}

/** The tags of the image's repository, from the first registry that answers. */
export async function listTags(
  reference: DockerImageReference,
  connections: Connections,
  options: SourceOptions,
): Promise<readonly string[]> {
  throwIfAborted(options.signal, `list the tags of ${labelOf(reference)}`);
  // A mirror that is for digests alone need not know tags.
  const tagged = tagNameOnly(trimNamed(reference.dockerReference));
  return ask(tagged, { connections, options }, async (repository) => {
    const tags: string[] = [];
    for await (const tag of repository.tags({ signal: options.signal })) tags.push(tag);
    return tags;
  });
}

async function ask<T>(
  reference: DockerReference,
  { connections, options }: { readonly connections: Connections; readonly options: SourceOptions },
  question: (repository: Repository, place: Place) => Promise<T>,
): Promise<T> {
  const endpoints = await connections.sources(reference, options);
  using places = createPlaces(connections, options);
  const { answer } = await firstAnswer(
    endpoints.map((endpoint) => places.place(endpoint)),
    async (place) => question(await place.repository(), place),
    options.signal,
  );
  return answer;
}
