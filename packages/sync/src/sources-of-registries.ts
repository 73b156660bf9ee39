import { isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type DockerReference,
  familiarName,
  familiarString,
  isNameOnly,
  parseNormalizedNamed,
  tagNameOnly,
} from "@drayage/reference";
import {
  type Location,
  type OperationOptions,
  requireAbility,
  type SourceOptions,
  type Transport,
} from "@drayage/transport";
import { formatName, type ImageName, isTag } from "./names.ts";
import type { RepositoryListing, SourceRepository, SyncSource } from "./source.ts";
import type { ListedRegistry, Selection } from "./source-list.ts";
import { everyTag, type TagFilter } from "./tag-filter.ts";

/** The paths of a registry's repositories, page after page. */
export type ListRepositories = (host: string, options: SourceOptions) => AsyncIterable<string>;

export interface RegistrySourceOptions {
  /** That of `docker://`, or one that takes the same references. */
  readonly transport: Transport;
  readonly sourceOptions?: SourceOptions | undefined;
  /** Which tags of a repository that is synced as a whole are wanted. */
  readonly filter?: TagFilter | undefined;
  /** Needed for whole registries. */
  readonly listRepositories?: ListRepositories | undefined;
}

/** What the text for a registry's images means. */
export type RegistryText =
  /** `HOST/` or `HOST/PREFIX/`: every repository of the registry, or those below a path. */
  | { readonly kind: "registry"; readonly host: string; readonly prefix: string }
  | { readonly kind: "repository"; readonly reference: DockerReference }
  | { readonly kind: "image"; readonly reference: DockerReference };

/**
 * Tells whole registries from repositories and images. What ends in a slash is a registry, or a part of one. A host alone is one,
 * too, if `hosts` is set and it can only be a host: it has a dot before its port, or is `localhost`.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseRegistryText(
  text: string,
  { hosts = true }: { readonly hosts?: boolean | undefined } = {},
): RegistryText {
  const slash = text.indexOf("/");
  const isHost =
    hosts && slash < 0 && /^(?:localhost(?::\d{1,5})?|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?)$/i.test(text);
  if (isHost || text.endsWith("/")) {
    const host = slash < 0 ? text : text.slice(0, slash);
    const prefix = slash < 0 ? "" : text.slice(slash + 1);
    // The name of any repository there tells whether the host may stand in one.
    parseNormalizedNamed(`${host}/${prefix}x`);
    return { kind: "registry", host, prefix };
  }
  const reference = parseNormalizedNamed(text);
  return { kind: isNameOnly(reference) ? "repository" : "image", reference };
}

/** Images of one registry. */
export function registrySource(text: RegistryText, options: RegistrySourceOptions): SyncSource {
  const { sourceOptions = {}, filter, listRepositories } = options;
  switch (text.kind) {
    case "registry":
      return {
        async *repositories({ signal }) {
          if (listRepositories === undefined) throw cannotList(text.host);
          let count = 0;
          for await (const path of listRepositories(text.host, { ...sourceOptions, signal })) {
            if (!path.startsWith(text.prefix)) continue;
            count += 1;
            yield repository(parseNormalizedNamed(`${text.host}/${path}`), selectionOf(filter), options);
          }
          if (count === 0) throw nothingFound(`${text.host}/${text.prefix}`);
        },
      };
    case "repository":
      return {
        repositories: () => [
          repository(text.reference, selectionOf(filter), options, { mustHaveTags: true }),
        ],
      };
    case "image": {
      const { tag, digest } = text.reference;
      return { repositories: () => [singleImage(text.reference, { tag, digest }, options)] };
    }
  }
}

/** The images of a list, in its order. What it says of a registry counts before `sourceOptions`. */
export function listSource(
  registries: readonly ListedRegistry[],
  options: RegistrySourceOptions,
): SyncSource {
  return {
    *repositories() {
      for (const { host, repositories, credentials, tlsVerify, certDir } of registries) {
        const general = options.sourceOptions ?? {};
        const connection = {
          ...general.connection,
          ...(credentials === undefined ? {} : { credentials, bearerToken: undefined }),
          ...(tlsVerify === undefined ? {} : { tlsVerify }),
          ...(certDir === undefined || certDir === "" ? {} : { certDir }),
        };
        const own = { ...options, sourceOptions: { ...general, connection } };
        for (const { path, selection } of repositories) {
          const reference = parseNormalizedNamed(`${host}/${path}`);
          if (!isNameOnly(reference)) {
            throw new DrayageError(
              "ERR_DRAYAGE_CONFIGURATION_INVALID",
              `${JSON.stringify(`${host}/${path}`)} names an image, not a repository`,
              { hint: "the tags stand in a list behind the repository's name" },
            );
          }
          yield repository(reference, narrowed(selection, options.filter), own);
        }
      }
    },
  };
}

function selectionOf(filter: TagFilter | undefined): Selection {
  return filter === undefined ? { kind: "all" } : { kind: "filtered", accepts: filter };
}

function narrowed(selection: Selection, filter: TagFilter | undefined): Selection {
  if (filter === undefined) return selection;
  switch (selection.kind) {
    case "all":
      return { kind: "filtered", accepts: filter };
    case "named":
      return {
        kind: "named",
        references: selection.references.filter((reference) => isDigest(reference) || filter(reference)),
      };
    case "filtered":
      return { kind: "filtered", accepts: (tag) => selection.accepts(tag) && filter(tag) };
  }
}

function repository(
  reference: DockerReference,
  selection: Selection,
  options: RegistrySourceOptions,
  { mustHaveTags = false }: { readonly mustHaveTags?: boolean } = {},
): SourceRepository {
  const { name } = reference;
  const text = `${options.transport.scheme}://${familiarName(reference)}`;
  return {
    name,
    text,
    sourceOptions: options.sourceOptions,
    locate: (image) => dockerLocation(image, options.transport),
    async list({ signal }) {
      if (selection.kind === "named") return { names: selection.references.map((each) => named(name, each)) };
      const all = await listTags(name, options, { signal });
      if (all.length === 0 && mustHaveTags) throw nothingFound(text);
      const accepts = selection.kind === "filtered" ? selection.accepts : everyTag;
      const names = all.filter((tag) => isTag(tag) && accepts(tag)).map((tag) => ({ repository: name, tag }));
      return { names, tags: { byRepository: new Map([[name, all]]), accepts } };
    },
  };
}

function singleImage(
  reference: DockerReference,
  { tag, digest }: Pick<ImageName, "tag" | "digest">,
  { transport, sourceOptions }: RegistrySourceOptions,
): SourceRepository {
  const listing: RepositoryListing = { names: [{ repository: reference.name, tag, digest }] };
  return {
    name: reference.name,
    text: `${transport.scheme}://${familiarName(reference)}`,
    sourceOptions,
    locate: (image) => dockerLocation(image, transport),
    list: async () => listing,
  };
}

function named(repository: string, reference: string): ImageName {
  return isDigest(reference) ? { repository, digest: reference } : { repository, tag: reference };
}

/** `docker://` and the image's name in the form that a person writes, with its tag. */
export function dockerLocation(name: ImageName, transport: Transport): Location {
  const reference = tagNameOnly(parseNormalizedNamed(formatName(name)));
  const text = `//${familiarString(reference)}`;
  return { transport, reference: transport.parse(text), text: `${transport.scheme}:${text}` };
}

/** How many of the names that are no tags a warning tells. */
const shownNames = 5;

async function listTags(
  name: string,
  { transport, sourceOptions }: RegistrySourceOptions,
  { signal }: OperationOptions,
): Promise<readonly string[]> {
  // References without a tag mean latest: it is the repository that is asked for.
  const { reference } = dockerLocation({ repository: name }, transport);
  const tags = await requireAbility(transport, "listTags").listTags(reference, { ...sourceOptions, signal });
  const others = tags.filter((tag) => !isTag(tag));
  if (others.length > 0) {
    const shown = others.slice(0, shownNames).map((tag) => JSON.stringify(tag));
    sourceOptions?.onWarning?.(
      `${name}: ${others.length} of its tags are no tags, and are left out: ${shown.join(", ")}`,
    );
  }
  return [...new Set(tags)];
}

function nothingFound(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `no images to sync are found in ${what}`, {
    side: "source",
    hint: "dray list-tags shows the tags of a repository, dray catalog the repositories of a registry",
  });
}

function cannotList(host: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
    `the repositories of ${host} cannot be listed here`,
    {
      side: "source",
      hint: "name a repository: HOST/PATH",
    },
  );
}
