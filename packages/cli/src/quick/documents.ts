import { type Digest, isDigest } from "@drayage/digest";
import { mediaTypes, normalizeTime } from "@drayage/manifest";
import { integer, listOf, mapOf, maybe, object, only, type Shape, text, toggle } from "./shapes.ts";

const digest: Shape<Digest> = (value): value is Digest => isDigest(value) && value.startsWith("sha256:");
const size: Shape<number> = (value): value is number => integer(value) && value >= 0;
const time: Shape<string> = (value): value is string => text(value) && normalizeTime(value) !== undefined;
const texts = maybe(listOf(text));
const map = maybe(mapOf(text));
const nameSet = maybe(mapOf(object({})));

interface PlainBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** What is read of a manifest. */
interface PlainManifest {
  readonly config: PlainBlob;
  readonly layers: readonly (PlainBlob & {
    readonly mediaType: string;
    readonly annotations: Texts | null | undefined;
  })[];
}

/** What is read of a config. */
interface PlainConfig {
  readonly created: string | null | undefined;
  readonly architecture: string | null | undefined;
  readonly os: string | null | undefined;
  readonly docker_version: string | null | undefined;
  readonly config:
    | { readonly Env: readonly string[] | null | undefined; readonly Labels: Texts | null | undefined }
    | null
    | undefined;
}

type Texts = Readonly<Record<string, string>>;

/** A manifest of an image, with nothing out of the ordinary. */
export const plainManifest: Shape<PlainManifest> = object({
  schemaVersion: only(2),
  mediaType: maybe(only(mediaTypes.ociManifest)),
  config: object({ mediaType: only(mediaTypes.ociConfig), digest, size }),
  layers: listOf(object({ mediaType: text, digest, size, annotations: map })),
  annotations: map,
});

const container = maybe(
  object({
    User: maybe(text),
    ExposedPorts: nameSet,
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    Volumes: nameSet,
    WorkingDir: maybe(text),
    Labels: map,
    StopSignal: maybe(text),
    ArgsEscaped: maybe(toggle),
    Hostname: maybe(text),
    Domainname: maybe(text),
    AttachStdin: maybe(toggle),
    AttachStdout: maybe(toggle),
    AttachStderr: maybe(toggle),
    Tty: maybe(toggle),
    OpenStdin: maybe(toggle),
    StdinOnce: maybe(toggle),
    Image: maybe(text),
    OnBuild: texts,
    Shell: texts,
  }),
);

/** An image's config, OCI's or docker's, with nothing out of the ordinary. */
export const plainConfig: Shape<PlainConfig> = object({
  created: maybe(time),
  author: maybe(text),
  architecture: maybe(text),
  os: maybe(text),
  variant: maybe(text),
  config: container,
  rootfs: maybe(object({ type: maybe(text), diff_ids: maybe(listOf(digest)) })),
  history: maybe(
    listOf(
      object({
        created: maybe(time),
        author: maybe(text),
        created_by: maybe(text),
        comment: maybe(text),
        empty_layer: maybe(toggle),
      }),
    ),
  ),
  id: maybe(text),
  parent: maybe(text),
  comment: maybe(text),
  container: maybe(text),
  container_config: container,
  docker_version: maybe(text),
});
