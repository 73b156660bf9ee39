import { type ContainerConfig, type ImageConfigs, parseConfig } from "@drayage/manifest";
import type { CommitOptions } from "../builder.ts";
import { applyChanges } from "../state/apply-changes.ts";
import { parseChangeLines } from "../state/change-line.ts";
import type { ConfigChanges } from "../state/changes.ts";
import { editContainer, editDockerContainer } from "../state/edit-image.ts";
import type { BuilderState } from "../state/state.ts";

/** The label that tells what built an image: buildah's name for it. */
const identityLabel = "io.buildah.version";
const identity = "drayage";
/** OCI image-spec, annotations.md */
const createdName = "org.opencontainers.image.created";

export interface ChangedImage {
  readonly image: ImageConfigs;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What the options of a commit change of what the image says: of this image only, the container stays as it is. */
export function imageChanges(
  state: BuilderState,
  options: CommitOptions & { readonly isTimed: boolean; readonly created: string },
): ChangedImage {
  const { env = process.env, isTimed, configOverride, unsetEnv, unsetLabels } = options;
  const context = { env, now: new Date() };
  const isNamed = options.identityLabel ?? !isTimed;
  const apply = (before: BuilderState, changes: ConfigChanges): BuilderState =>
    applyChanges(before, changes, context);
  let changed = isNamed ? apply(state, { labels: [`${identityLabel}=${identity}`] }) : state;
  if (unsetEnv !== undefined || unsetLabels !== undefined)
    changed = apply(changed, { unsetEnv, unsetLabels });
  if (configOverride !== undefined) changed = { ...changed, image: override(changed.image, configOverride) };
  if (options.changes !== undefined) {
    const { Env, WorkingDir } = changed.image.docker.config ?? {};
    changed = apply(changed, parseChangeLines(options.changes, { env: Env, workingDir: WorkingDir }));
  }
  const { annotations, unsetAnnotations, createdAnnotation, created } = options;
  // In buildah's order: what is set by its name counts more than what is unset, and both more than the time.
  if (createdAnnotation === true) changed = apply(changed, { annotations: [`${createdName}=${created}`] });
  if (createdAnnotation === false) changed = apply(changed, { unsetAnnotations: [createdName] });
  if (unsetAnnotations !== undefined) changed = apply(changed, { unsetAnnotations });
  changed = apply(changed, { annotations: annotations?.map(asAssignment) });
  return { image: changed.image, annotations: changed.annotations };
}

/** What is set here is a name and a value, whatever the name ends in. */
function asAssignment(text: string): string {
  return text.includes("=") ? text : `${text}=`;
}

/**
 * Docker's `config` object as JSON: texts and lists that it has replace those of the image, and what has names (ports, volumes, labels,
 * variables) is added to the image's. A command or entry point replaces both.
 */
function override(image: ImageConfigs, bytes: Uint8Array): ImageConfigs {
  const { config: given = {} } = parseConfig(Buffer.concat([prefix, bytes, suffix]));
  const both = editContainer(image, (container) => ociFields(container, given));
  return editDockerContainer(both, () => dockerFields(given));
}

const prefix: Uint8Array = Buffer.from('{"architecture":"","os":"","config":');
const suffix: Uint8Array = Buffer.from("}");

function ociFields(container: ContainerConfig, given: ContainerConfig): Partial<ContainerConfig> {
  const { User, WorkingDir, StopSignal, Entrypoint = [], Cmd = [] } = given;
  return {
    ...(User && { User }),
    ...(WorkingDir && { WorkingDir }),
    ...(StopSignal && { StopSignal }),
    ...(given.ExposedPorts && { ExposedPorts: { ...container.ExposedPorts, ...given.ExposedPorts } }),
    ...(given.Volumes && { Volumes: { ...container.Volumes, ...given.Volumes } }),
    ...(given.Labels && { Labels: { ...container.Labels, ...given.Labels } }),
    ...(given.Env && { Env: mergedEnv(container.Env, given.Env) }),
    ...(Entrypoint.length + Cmd.length > 0 && { Entrypoint, Cmd }),
  };
}

function dockerFields(given: ContainerConfig): Partial<ContainerConfig> {
  const { Hostname, Domainname, Healthcheck, OnBuild = [], Shell = [], StopTimeout } = given;
  return {
    ...(Hostname && { Hostname }),
    ...(Domainname && { Domainname }),
    ...(Healthcheck && { Healthcheck }),
    ...(OnBuild.length > 0 && { OnBuild }),
    ...(Shell.length > 0 && { Shell }),
    ...(StopTimeout !== undefined && { StopTimeout }),
  };
}

/** Variables keep their places; new ones come behind. */
function mergedEnv(before: readonly string[] = [], given: readonly string[]): readonly string[] {
  const merged = new Map<string, string>();
  for (const variable of [...before, ...given]) merged.set(variable.split("=", 1)[0] ?? "", variable);
  return [...merged.values()];
}
