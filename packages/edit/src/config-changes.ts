import { DrayageError } from "@drayage/errors";
import { goTime, type Healthcheck, type HistoryEntry } from "@drayage/manifest";
import type { ConfigEdits } from "./edit-config.ts";
import type { EditableImage } from "./image.ts";
import { changedTexts, type TextChanges } from "./text-changes.ts";

/** What an image is to say. `null` takes a field away; what is absent stays. */
export interface ConfigChanges {
  /** By name. Those that are there keep their places. */
  readonly env?: TextChanges | undefined;
  readonly labels?: TextChanges | undefined;
  readonly cmd?: readonly string[] | null | undefined;
  readonly entrypoint?: readonly string[] | null | undefined;
  /** `user[:group]`, names or numbers. */
  readonly user?: string | null | undefined;
  readonly workingDir?: string | null | undefined;
  readonly stopSignal?: string | null | undefined;
  /** `80`, `53/udp`, `7000-7010/tcp` */
  readonly ports?: NameChanges | undefined;
  readonly volumes?: NameChanges | undefined;
  /** Docker's, which OCI configs may have, too. */
  readonly shell?: readonly string[] | null | undefined;
  /** Fields that are not given stay as the image has them. */
  readonly healthcheck?: Healthcheck | null | undefined;
  readonly onBuild?: readonly string[] | null | undefined;
  readonly author?: string | null | undefined;
  readonly created?: Date | null | undefined;
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | null | undefined;
  readonly osVersion?: string | null | undefined;
  readonly osFeatures?: readonly string[] | null | undefined;
}

export interface NameChanges {
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
  /** Takes all away before others are added. */
  readonly clear?: boolean | undefined;
}

/** An entry for the history, which makes no layer. */
export interface HistoryNote {
  readonly createdBy: string;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly created: Date;
}

/**
 * The changes as edits of this image's config: only of fields that are then otherwise.
 *
 * @throws `ERR_DRAYAGE_USAGE` for a value that is none
 */
export function configEdits({ config }: EditableImage, changes: ConfigChanges): ConfigEdits {
  const own = config.config ?? config.container_config ?? {};
  const image = new Map<string, unknown>();
  const container = new Map<string, unknown>();
  const put = (
    into: Map<string, unknown>,
    name: string,
    [before, after]: readonly [unknown, unknown],
  ): void => {
    if (after === undefined) return;
    const wanted = isNothing(after) ? undefined : after;
    if (JSON.stringify(plain(before)) !== JSON.stringify(plain(wanted))) into.set(name, wanted);
  };
  put(container, "Env", [own.Env, changedEnv(own.Env, changes.env)]);
  put(container, "Labels", [own.Labels, asMap(changedTexts(own.Labels, changes.labels, "a label"))]);
  put(container, "Cmd", [own.Cmd, changes.cmd]);
  put(container, "Entrypoint", [own.Entrypoint, changes.entrypoint]);
  put(container, "User", [own.User, line(changes.user, "user")]);
  put(container, "WorkingDir", [own.WorkingDir, line(changes.workingDir, "working folder")]);
  put(container, "StopSignal", [own.StopSignal, signalName(changes.stopSignal)]);
  put(container, "ExposedPorts", [own.ExposedPorts, changedNames(own.ExposedPorts, changes.ports, portName)]);
  put(container, "Volumes", [own.Volumes, changedNames(own.Volumes, changes.volumes, volumeName)]);
  put(container, "Shell", [own.Shell, changes.shell]);
  put(container, "Healthcheck", [
    own.Healthcheck,
    changes.healthcheck && { ...own.Healthcheck, ...changes.healthcheck },
  ]);
  put(container, "OnBuild", [own.OnBuild, instructions(changes.onBuild)]);
  put(image, "author", [config.author, line(changes.author, "author")]);
  put(image, "created", [
    config.created,
    changes.created instanceof Date ? goTime(changes.created) : changes.created,
  ]);
  put(image, "os", [config.os, platformWord(changes.os, "os")]);
  put(image, "architecture", [config.architecture, platformWord(changes.architecture, "architecture")]);
  put(image, "variant", [config.variant, platformWord(changes.variant, "variant")]);
  put(image, "os.version", [config["os.version"], line(changes.osVersion, "version of the os")]);
  put(image, "os.features", [config["os.features"], changes.osFeatures]);
  return { image, container };
}

/** The history with a note at its end. */
export function notedHistory({ config }: EditableImage, note: HistoryNote): ConfigEdits["history"] {
  const { createdBy, author, comment, created } = note;
  const entry: HistoryEntry = {
    created: goTime(created),
    created_by: createdBy,
    author,
    comment,
    empty_layer: true,
  };
  return [...keptHistory(config.history), entry];
}

/** All entries of a history, as they are. */
export function keptHistory(history: readonly unknown[] | undefined): readonly { readonly at: number }[] {
  return (history ?? []).map((_, at) => ({ at }));
}

function isNothing(value: unknown): boolean {
  if (value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return value instanceof Map && value.size === 0;
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (isNothing(value)) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function asMap<V>(record: Readonly<Record<string, V>> | undefined): ReadonlyMap<string, V> | undefined {
  return record === undefined ? undefined : new Map(Object.entries(record));
}

function changedEnv(
  before: readonly string[] = [],
  changes: TextChanges | undefined,
): readonly string[] | undefined {
  const { set = {}, unset = [] } = changes ?? {};
  for (const name of [...Object.keys(set), ...unset]) {
    if (name === "" || /[=\0]/.test(name)) throw wrong("variable", name, "a name has no =, and is not empty");
  }
  for (const [name, value] of Object.entries(set)) {
    if (value.includes("\0")) throw wrong("value of", name, "it has a NUL");
  }
  if (changes === undefined) return undefined;
  const left = new Map(Object.entries(set));
  const nameOf = (item: string): string => item.split("=", 1)[0] ?? "";
  const after: string[] = [];
  for (const item of changes.clear === true ? [] : before) {
    const name = nameOf(item);
    const value = left.get(name);
    if (value !== undefined) after.push(`${name}=${value}`);
    else if (!unset.includes(name) && !Object.hasOwn(set, name)) after.push(item);
    left.delete(name);
  }
  for (const [name, value] of left) after.push(`${name}=${value}`);
  return after;
}

function changedNames(
  before: Readonly<Record<string, unknown>> | undefined,
  changes: NameChanges | undefined,
  nameOf: (text: string) => string,
): ReadonlyMap<string, object> | undefined {
  if (changes === undefined) return undefined;
  const names = new Set(changes.clear === true ? [] : Object.keys(before ?? {}));
  for (const name of changes.remove ?? []) names.delete(nameOf(name));
  for (const name of changes.add ?? []) names.add(nameOf(name));
  return new Map([...names].map((name) => [name, {}]));
}

function portName(text: string): string {
  const [, first = "", last, protocol = "tcp"] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const valid = (port: string): boolean => Number(port) >= 1 && Number(port) <= 65_535;
  if (!valid(first) || (last !== undefined && (!valid(last) || Number(last) < Number(first)))) {
    throw wrong("port", text, "write 80, 53/udp or 7000-7010");
  }
  return `${first}${last === undefined ? "" : `-${last}`}/${protocol}`;
}

function volumeName(text: string): string {
  if (text === "" || text.includes("\0")) throw wrong("volume", text, "a path in the container is expected");
  return text;
}

function signalName(text: string | null | undefined): string | null | undefined {
  if (text === null || text === undefined || text === "") return text;
  if (!/^(?:\d{1,2}|(?:SIG)?[A-Z][A-Z0-9]*(?:[+-]\d{1,2})?)$/.test(text)) {
    throw wrong("signal", text, "write SIGTERM, TERM or 15");
  }
  return text;
}

function instructions(texts: readonly string[] | null | undefined): readonly string[] | null | undefined {
  const wrongOne = texts?.find((text) => text.trim() === "" || text.includes("\0"));
  if (wrongOne !== undefined) throw wrong("instruction", wrongOne, "write one as in a Dockerfile: RUN make");
  return texts;
}

function platformWord(text: string | null | undefined, what: string): string | null | undefined {
  if (text === null || text === undefined) return text;
  if (!/^[a-z0-9_.]+$/.test(text)) throw wrong(what, text, "write it as Go does: linux, arm64, v8");
  return text;
}

function line(text: string | null | undefined, what: string): string | null | undefined {
  if (text?.includes("\0")) throw wrong(what, text, "it has a NUL");
  return text;
}

function wrong(what: string, text: string, hint: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no ${what}`, { hint });
}
