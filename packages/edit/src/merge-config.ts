import type { ImageConfig } from "@drayage/manifest";
import { RawJson } from "@drayage/manifest";
import { innerMembers } from "./edit-config.ts";
import { type Members, memberOf, membersOf } from "./json-object.ts";

/** Whose value counts where both changed a field. */
export type ConflictChoice = "ours" | "theirs";

/** Three configs: the base that an image was built upon, the image, and another base. */
export interface ThreeWay<T> {
  readonly base: T;
  readonly ours: T;
  readonly theirs: T;
}

export interface Merged {
  /** Fields of `config` that are otherwise than in ours. */
  readonly container: ReadonlyMap<string, unknown>;
  readonly image: ReadonlyMap<string, unknown>;
  /** The paths of fields that both changed, each otherwise. */
  readonly conflicts: readonly string[];
}

/** What one value becomes. */
export class Merger {
  readonly conflicts: string[] = [];
  readonly choice: ConflictChoice | undefined;

  constructor(choice: ConflictChoice | undefined) {
    this.choice = choice;
  }

  /** What is empty is as good as absent. */
  value(three: ThreeWay<unknown>, path: string): unknown {
    return this.#choose(three, map(three, canonical), path);
  }

  #choose(
    { ours, theirs }: ThreeWay<unknown>,
    { base: was, ours: own, theirs: other }: ThreeWay<string | undefined>,
    path: string,
  ): unknown {
    if (own === was) return theirs;
    if (other === was || own === other) return ours;
    if (this.choice === undefined) this.conflicts.push(path);
    return this.choice === "theirs" ? theirs : ours;
  }

  /** Names with values, each by itself: the other base's come first, in its order. */
  named({ base, ours, theirs }: ThreeWay<Named>, path: string): Named {
    const merged = new Map<string, unknown>();
    for (const name of new Set([...theirs.keys(), ...ours.keys()])) {
      const three = { base: base.get(name), ours: ours.get(name), theirs: theirs.get(name) };
      const texts = map(three, (value) => (value === undefined ? undefined : JSON.stringify(value)));
      const value = this.#choose(
        three,
        texts,
        `${path}[${/^[\w.-]+$/.test(name) ? name : JSON.stringify(name)}]`,
      );
      if (value !== undefined) merged.set(name, value);
    }
    return merged;
  }
}

type Named = ReadonlyMap<string, unknown>;

/**
 * What docker writes of the machine, or of the build: the image's own. So is ONBUILD: a base's was carried out when the image was built, and
 * is not handed on.
 */
const ownFields: ReadonlySet<string> = new Set(["Hostname", "Domainname", "Image", "MacAddress", "OnBuild"]);
/** What makes no sense without the entrypoint that it was written for. */
const argumentFields: ReadonlySet<string> = new Set(["Cmd", "ArgsEscaped"]);
const namedFields: ReadonlySet<string> = new Set(["Labels", "ExposedPorts", "Volumes"]);

/** Merges what both sides changed in the config of an image. */
export function mergeConfigs(configs: ThreeWay<ImageConfig>, merger: Merger): Omit<Merged, "conflicts"> {
  const documents = map(configs, ({ bytes }) => membersOf(bytes));
  const containers = map(configs, containerOf);
  const container = new Map<string, unknown>();
  const withArguments = sideOfArguments(containers, merger);
  for (const name of fieldNames(containers)) {
    if (ownFields.has(name)) continue;
    const three = map(containers, (members) => plain(memberOf(members, name)));
    const isArgument = withArguments !== undefined && argumentFields.has(name);
    const merged = isArgument ? three[withArguments] : mergedField(name, three, merger);
    if (canonical(merged) !== canonical(three.ours))
      container.set(name, isNothing(merged) ? undefined : merged);
  }
  const image = new Map<string, unknown>();
  for (const name of ["os.version", "os.features"]) {
    const three = map(documents, (members) => plain(memberOf(members, name)));
    const merged = merger.value(three, name);
    if (canonical(merged) !== canonical(three.ours)) image.set(name, merged ?? undefined);
  }
  return { container, image };
}

/**
 * Whose arguments count where the image has an entrypoint of its own: they go with the entrypoint, as a Dockerfile's ENTRYPOINT takes away
 * the CMD of a base. Undefined where it has the base's, whose arguments are merged like any other field.
 */
function sideOfArguments(containers: ThreeWay<Members>, { choice }: Merger): ConflictChoice | undefined {
  const { base, ours, theirs } = map(containers, (members) =>
    canonical(plain(memberOf(members, "Entrypoint"))),
  );
  if (ours === base || ours === theirs) return undefined;
  return theirs === base ? "ours" : (choice ?? "ours");
}

function mergedField(name: string, three: ThreeWay<unknown>, merger: Merger): unknown {
  const path = `config.${name}`;
  if (name === "Env") {
    const merged = merger.named(map(three, envOf), path);
    // The order of what does not change is the image's own.
    const ours = envOf(three.ours);
    const same = merged.size === ours.size && [...merged].every(([key, value]) => ours.get(key) === value);
    return same
      ? three.ours
      : [...merged].map(([key, value]) => (typeof value === "string" ? `${key}=${value}` : key));
  }
  return namedFields.has(name) ? merger.named(map(three, entriesOf), path) : merger.value(three, path);
}

function containerOf({ bytes, config, container_config: old }: ImageConfig): Members {
  const name = config === undefined && old !== undefined ? "container_config" : "config";
  return innerMembers(memberOf(membersOf(bytes), name));
}

/** As Go spells the fields that it knows, each once. */
const known: readonly string[] = [
  ...["User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal"],
  ...[
    "ArgsEscaped",
    "Healthcheck",
    "OnBuild",
    "StopTimeout",
    "Shell",
    "Hostname",
    "Domainname",
    "Image",
    "MacAddress",
  ],
];

function fieldNames({ base, ours, theirs }: ThreeWay<Members>): ReadonlySet<string> {
  const spelled = new Map(known.map((name) => [name.toLowerCase(), name]));
  const all = [base, ours, theirs].flatMap((members) => [...members.keys()]);
  return new Set(all.map((name) => spelled.get(name.toLowerCase()) ?? name));
}

function envOf(value: unknown): Named {
  const items = Array.isArray(value) ? value.map(String) : [];
  return new Map(
    items.map((item) => {
      const at = item.indexOf("=");
      return at < 0 ? [item, null] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

function entriesOf(value: unknown): Named {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function plain(value: unknown): unknown {
  if (!(value instanceof RawJson)) return undefined;
  return JSON.parse(new TextDecoder().decode(value.bytes)) as unknown;
}

function isNothing(value: unknown): boolean {
  return canonical(value) === undefined;
}

/** Equal values give equal texts. What is empty is as good as absent. */
function canonical(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "" || value === false || value === 0)
    return undefined;
  if (value instanceof Map) return canonical(Object.fromEntries(value));
  if (Array.isArray(value)) return value.length === 0 ? undefined : JSON.stringify(value);
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : JSON.stringify(entries);
}

function map<T, U>({ base, ours, theirs }: ThreeWay<T>, change: (value: T) => U): ThreeWay<U> {
  return { base: change(base), ours: change(ours), theirs: change(theirs) };
}
