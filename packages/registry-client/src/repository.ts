import { isDrayageError } from "@drayage/errors";
import { type ImageIndex, type ImageManifest, parseManifest } from "@drayage/manifest";
import type { DockerReference } from "@drayage/reference";
import type { Alone } from "./alone.ts";
import { deleteBlob, mountBlob, readBlob, statBlob } from "./blobs.ts";
import type { Repository, RetryPolicy } from "./client.ts";
import { listNames } from "./lists.ts";
import { getManifest, removeManifest, resolveManifest, sendManifest } from "./manifests.ts";
import { checkPath, checkReference, checkTag } from "./names.ts";
import { describeReferrer, hasReferrersApi, listReferrers } from "./referrers.ts";
import { repositoryScope, type Scopes } from "./scope.ts";
import type { Session } from "./session.ts";
import { uploadBlob } from "./upload.ts";

/** What the parts of a repository's client share. */
export interface RepositoryContext {
  readonly session: Session;
  readonly path: string;
  readonly retry: RetryPolicy | undefined;
  /** Whether what is looked for is looked for in order to write. */
  readonly pushes: boolean;
  readonly pull: Scopes;
  readonly push: Scopes;
  readonly delete: Scopes;
  /** Referrers tags are changed one after the other. */
  readonly alone: Alone;
  /** What was found out of the registry's limits. */
  readonly limits: { chunkSize: number | undefined };
}

export interface RepositoryOptions extends Pick<RepositoryContext, "session" | "retry" | "alone" | "limits"> {
  readonly name: DockerReference;
  readonly access: "pull" | "push" | undefined;
}

export function createRepository({ name, access, ...shared }: RepositoryOptions): Repository {
  const { path } = name;
  const push = repositoryScope(path, "pull", "push");
  const context: RepositoryContext = {
    ...shared,
    path,
    alone: (key, work) => shared.alone(`${path}:${key}`, work),
    pushes: access === "push",
    pull: access === "push" ? push : repositoryScope(path, "pull"),
    push,
    delete: repositoryScope(path, "delete", "pull"),
  };
  return {
    path,
    resolve: async (reference, options) => resolveManifest(context, checkReference(name, reference), options),
    async manifest(reference, options) {
      const { bytes, mediaType, digest } = await getManifest(
        context,
        checkReference(name, reference),
        options,
      );
      return { bytes, mediaType, digest };
    },
    async putManifest(reference, bytes, { mediaType, signal }) {
      const { digest, response } = await sendManifest(context, checkReference(name, reference), {
        bytes,
        mediaType,
        signal,
      });
      const manifest = readSubject(bytes, mediaType);
      if (manifest?.subject !== undefined && response.headers.get("oci-subject") === undefined) {
        const referrer = describeReferrer(manifest, digest);
        const { addReferrer } = await import("./change-referrers.ts");
        await addReferrer(context, manifest.subject.digest, { referrer, signal });
      }
      return { digest };
    },
    async deleteManifest(digest, options = {}) {
      const { bytes, mediaType } = await getManifest(context, digest, options);
      await removeManifest(context, digest, options);
      const subject = readSubject(bytes, mediaType)?.subject?.digest;
      if (subject === undefined || (await hasReferrersApi(context, subject, options))) return;
      const { removeReferrer } = await import("./change-referrers.ts");
      await removeReferrer(context, subject, { ...options, referrer: digest });
    },
    deleteTag: async (tag, options) => removeManifest(context, checkTag(name, tag), options),
    deleteBlob: async (digest, options) => deleteBlob(context, digest, options),
    tags: (options = {}) =>
      listNames(context.session, {
        path: `/v2/${path}/tags/list`,
        field: "tags",
        pageSize: options.pageSize,
        scopes: context.pull,
        expected: {
          doing: `list the tags of ${path}`,
          host: context.session.host,
          missing: "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
          statuses: [200],
        },
        signal: options.signal,
      }),
    referrers: async (subject, options = {}) => listReferrers(context, subject, options),
    statBlob: async (digest, options) => statBlob(context, digest, options),
    readBlob: (digest, options) => readBlob(context, digest, options),
    mountBlob: async (digest, from, options) =>
      mountBlob(context, digest, { ...options, from: checkPath(context.session.host, from).path }),
    uploadBlob: async (content, options) => uploadBlob(context, content, options),
  };
}

const subjectField = new TextEncoder().encode('"subject"');

/** The manifest, where it may have a subject. One that the registry takes and that cannot be read here has none. */
function readSubject(bytes: Uint8Array, mediaType: string): ImageManifest | ImageIndex | undefined {
  if (!contains(bytes, subjectField)) return undefined;
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (isDrayageError(error)) return undefined;
    throw error;
  }
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}
