import { DrayageError } from "@drayage/errors";
import { goTime, type ImageConfigs, mediaTypes } from "@drayage/manifest";
import { changeCommands } from "./change-commands.ts";
import { changeEnv } from "./change-env.ts";
import { changeHealthcheck } from "./change-healthcheck.ts";
import type { ChangeContext, ConfigChanges } from "./changes.ts";
import { editContainer, editDockerContainer, editImage, withName, withoutName } from "./edit-image.ts";
import { notInOci } from "./not-in-oci.ts";
import type { BuilderState } from "./state.ts";
import { wordsOf } from "./words.ts";

/** A state on its way through the changes. */
export interface Changing {
  readonly state: BuilderState;
  readonly context: ChangeContext;
  readonly isDocker: boolean;
  /** Changes both configs. */
  image(edit: (image: ImageConfigs) => ImageConfigs): void;
  /** An entry of the history: `USER root`. */
  tell(instruction: string): void;
  warn(sentence: string): void;
}

/**
 * What `buildah config` (1.28) makes of a state: both configs, annotations and history, in its order whatever the order of the fields.
 * Nothing outside changes.
 *
 * @throws ERR_DRAYAGE_USAGE where a value is none
 */
export function applyChanges(
  state: BuilderState,
  changes: ConfigChanges,
  context: ChangeContext,
): BuilderState {
  let current = state;
  const isDocker = state.format === mediaTypes.dockerManifest;
  const changing: Changing = {
    get state() {
      return current;
    },
    context,
    isDocker,
    image(edit) {
      current = { ...current, image: edit(current.image) };
    },
    tell(instruction) {
      if (changes.addHistory !== true) return;
      const entry = {
        created: goTime(context.now),
        created_by: `/bin/sh -c #(nop) ${instruction}`,
        empty_layer: true,
      };
      current = { ...current, prependedEmptyLayers: [...current.prependedEmptyLayers, entry] };
    },
    warn: (sentence) => context.onWarning?.(sentence),
  };
  changePlatform(changing, changes);
  changeRunning(changing, changes);
  changeEnv(changing, changes);
  changeCommands(changing, changes);
  changeVolumes(changing, changes);
  changeHealthcheck(changing, changes);
  changeLabels(changing, changes);
  changeDockerOnly(changing, changes);
  const { createdBy = state.createdBy, historyComment = state.historyComment } = changes;
  const annotations = changedAnnotations(current.annotations, changes);
  return { ...current, createdBy, historyComment, annotations, image: { ...current.image, annotations } };
}

function changePlatform({ image }: Changing, changes: ConfigChanges): void {
  const { author, architecture, variant, os, osVersion, osFeatures = [] } = changes;
  if (author !== undefined) image((both) => editImage(both, { author }));
  if (architecture !== undefined) image((both) => editImage(both, { architecture }));
  if (variant !== undefined) image((both) => editImage(both, { variant }));
  if (os !== undefined) image((both) => editImage(both, { os }));
  for (const feature of osFeatures) {
    image(({ oci, docker, annotations }) => ({
      annotations,
      oci: { ...oci, "os.features": changedNames(oci["os.features"], feature) },
      docker: { ...docker, "os.features": changedNames(docker["os.features"], feature) },
    }));
  }
  if (osVersion !== undefined) image((both) => editImage(both, { "os.version": osVersion }));
}

/** `name` adds, `name-` takes away, `-` takes all away. */
function changedNames(names: readonly string[] = [], change: string): readonly string[] {
  if (change === "-") return [];
  if (change.endsWith("-")) return names.filter((name) => name !== change.slice(0, -1));
  return names.includes(change) ? names : [...names, change];
}

function changeRunning(changing: Changing, changes: ConfigChanges): void {
  const { image, tell } = changing;
  const { user, stopSignal, ports } = changes;
  if (user !== undefined) {
    image((both) => editContainer(both, () => ({ User: user })));
    tell(`USER ${user}`);
  }
  changeShell(changing, changes);
  if (stopSignal !== undefined) {
    image((both) => editContainer(both, () => ({ StopSignal: stopSignal })));
    tell(`STOPSIGNAL ${stopSignal}`);
  }
  if (ports === undefined || ports.length === 0) return;
  for (const port of ports) {
    if (port === "") throw empty("a port", "80, 80/tcp, 80-, -");
    image((both) =>
      editContainer(both, ({ ExposedPorts: before }) => ({ ExposedPorts: changedPorts(before, port) })),
    );
  }
  tell(`EXPOSE ${ports.join(" ")}`);
}

function changedPorts(ports: NameSet | undefined, change: string): NameSet | undefined {
  if (change.startsWith("-")) return {};
  return change.endsWith("-") ? withoutName(ports, change.slice(0, -1)) : withName(ports, change, {});
}

type NameSet = Readonly<Record<string, Readonly<Record<string, never>>>>;

function changeVolumes({ image, tell }: Changing, { volumes = [] }: ConfigChanges): void {
  for (const volume of volumes) {
    image((both) =>
      editContainer(both, ({ Volumes: before }) => ({ Volumes: changedVolumes(before, volume) })),
    );
    tell(`VOLUME ${volume}`);
  }
}

function changedVolumes(volumes: NameSet | undefined, change: string): NameSet | undefined {
  if (change === "-") return {};
  return change.endsWith("-") ? withoutName(volumes, change.slice(0, -1)) : withName(volumes, change, {});
}

function changeLabels({ image, tell }: Changing, changes: ConfigChanges): void {
  const { labels = [], unsetLabels = [], workingDir } = changes;
  for (const label of labels) {
    image((both) => editContainer(both, ({ Labels: before }) => ({ Labels: changedTexts(before, label) })));
  }
  if (labels.length > 0) tell(`LABEL ${labels.join(" ")}`);
  for (const name of unsetLabels) {
    image((both) => editContainer(both, ({ Labels: before }) => ({ Labels: withoutName(before, name) })));
  }
  if (workingDir === undefined) return;
  image((both) => editContainer(both, () => ({ WorkingDir: workingDir })));
  tell(`WORKDIR ${workingDir}`);
}

type Texts = Readonly<Record<string, string>>;

/** `name=value` sets, `name` sets to nothing, `name-` takes away, `-` takes all away. */
function changedTexts(texts: Texts | undefined, change: string): Texts | undefined {
  const at = change.indexOf("=");
  if (at !== -1) return withName(texts, change.slice(0, at), change.slice(at + 1));
  if (change === "-") return {};
  return change.endsWith("-") ? withoutName(texts, change.slice(0, -1)) : withName(texts, change, "");
}

function changedAnnotations(
  before: Texts,
  { annotations = [], unsetAnnotations = [] }: ConfigChanges,
): Texts {
  let after = before;
  for (const annotation of annotations) after = changedTexts(after, annotation) ?? {};
  for (const name of unsetAnnotations) after = withoutName(after, name) ?? {};
  return after;
}

/** What OCI's config has no place for. */
function changeDockerOnly({ image, tell, warn, isDocker }: Changing, changes: ConfigChanges): void {
  const { comment, domainName, hostname, onBuild = [] } = changes;
  const warnOf = (what: string, value: string): void => {
    if (value !== "" && !isDocker) warn(notInOci(`${what} ${JSON.stringify(value)}`));
  };
  if (comment !== undefined) {
    warnOf("the comment", comment);
    image((both) => ({ ...both, docker: { ...both.docker, comment } }));
  }
  if (domainName !== undefined) {
    warnOf("the domain name", domainName);
    image((both) => editDockerContainer(both, () => ({ Domainname: domainName })));
  }
  if (hostname !== undefined) {
    warnOf("the host name", hostname);
    image((both) => editDockerContainer(both, () => ({ Hostname: hostname })));
  }
  for (const trigger of onBuild) {
    warnOf("the trigger", trigger);
    image((both) => editDockerContainer(both, ({ OnBuild = [] }) => ({ OnBuild: [...OnBuild, trigger] })));
    tell(`ONBUILD ${trigger}`);
  }
}

function changeShell({ image, tell, warn, isDocker }: Changing, { shell }: ConfigChanges): void {
  if (shell === undefined) return;
  const { words, text } = wordsOf(shell, "--shell");
  if (words.length > 0 && !isDocker) warn(notInOci(`the shell ${JSON.stringify(words)}`));
  image((both) => editDockerContainer(both, () => ({ Shell: words })));
  tell(`SHELL ${text}`);
}

function empty(what: string, accepted: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${what} is empty`, { hint: `accepted: ${accepted}` });
}
