import { statSync } from "node:fs";
import { posix } from "node:path";
import { ioError } from "@drayage/errors";
import { requireSys } from "@drayage/sys";
import { pathInRoot } from "../root/path-in-root.ts";
import { idLimit } from "../user/find-user.ts";
import { cacheFolder } from "./cache.ts";
import type { RunMount } from "./mount.ts";
import { usage, volumeOptions } from "./options.ts";
import { checkSource, readSecret, type Secret, splitField } from "./secret.ts";

/** What the texts of mounts refer to. */
export interface MountContext {
  /** The folder that the sources of `--mount type=bind` are in, and do not leave. Absent: they are paths of the machine. */
  readonly contextDir?: string | undefined;
  readonly secrets?: readonly Secret[] | undefined;
  /** The root folder of an image or of a container, for `from=`. */
  readonly rootOf?: ((name: string) => Promise<string>) | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

interface Texts {
  /** `source:destination[:options]`, as `--volume`. */
  readonly volumes?: readonly string[] | undefined;
  /** `type=bind|cache|secret|tmpfs,…`, as `--mount`. */
  readonly mounts?: readonly string[] | undefined;
}

/**
 * The mounts that the texts ask for, as buildah 1.28 reads them. A secret that is not there is left out, unless it is required.
 * @throws `ERR_DRAYAGE_USAGE`, and `ERR_DRAYAGE_IO` for a source that is not there
 */
export async function parseMounts(texts: Texts, context: MountContext = {}): Promise<readonly RunMount[]> {
  for (const secret of context.secrets ?? []) checkSource(secret, context.env);
  const found: RunMount[] = [];
  for (const text of texts.mounts ?? []) {
    const mount = await parseMount(text, context);
    if (mount !== undefined) found.push(mount);
  }
  found.push(...(texts.volumes ?? []).map(parseVolume));
  const seen = new Set<string>();
  for (const { destination } of found) {
    if (seen.has(destination))
      throw usage(`two mounts have the destination ${JSON.stringify(destination)}`, "leave one of them");
    seen.add(destination);
  }
  return found;
}

/** A backslash keeps a colon from ending a part. */
function parseVolume(text: string): RunMount {
  const [source = "", destination = "", options = "", ...more] = text
    .split(/(?<!\\):/)
    .map((part) => part.replaceAll("\\:", ":"));
  if (source === "" || destination === "" || more.length > 0) {
    throw usage(
      `${JSON.stringify(text)} is no volume`,
      "write SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS",
    );
  }
  if (!posix.isAbsolute(source))
    throw usage(`the source of the volume ${JSON.stringify(text)} is no absolute path`, "begin it with /");
  mustExist(source);
  const { overlay, flags, chown, upper, work } = volumeOptions(options.split(","), text);
  const place = { source, destination: absolute(destination, text), options: flags, chown };
  return overlay ? { type: "overlay", ...place, upper, work } : { type: "bind", ...place };
}

function mustExist(source: string): void {
  try {
    statSync(source);
  } catch (error) {
    throw ioError(error, "mount", { path: source });
  }
}

function absolute(destination: string, whole: string): string {
  if (posix.isAbsolute(destination) && posix.normalize(destination) !== "/")
    return posix.normalize(destination).replace(/\/$/, "");
  throw usage(`the destination of ${JSON.stringify(whole)} is no absolute path below /`, "begin it with /");
}

type Fields = ReadonlyMap<string, string | undefined>;

const common = ["type", "target", "dst", "destination", "ro", "readonly", "nosuid", "nodev", "noexec"];
const propagation = ["shared", "rshared", "private", "rprivate", "slave", "rslave"];

/** What each type of mount takes. */
const accepted: Readonly<Record<string, readonly string[]>> = {
  bind: [
    ...common,
    "src",
    "source",
    "from",
    "rw",
    "readwrite",
    "bind-nonrecursive",
    "bind-propagation",
    "consistency",
    "Z",
    "z",
    "U",
    "relabel",
    ...propagation,
  ],
  cache: [
    ...common,
    "src",
    "source",
    "from",
    "id",
    "mode",
    "uid",
    "gid",
    "sharing",
    "rw",
    "readwrite",
    "bind-propagation",
    "Z",
    "z",
    "U",
    ...propagation,
  ],
  secret: ["type", "id", "target", "dst", "destination", "required", "mode", "uid", "gid"],
  tmpfs: [...common, "tmpfs-mode", "tmpfs-size", "tmpcopyup"],
};

async function parseMount(text: string, context: MountContext): Promise<RunMount | undefined> {
  const fields: Fields = new Map(text.split(",").map((part) => splitField(part)));
  const type = fields.get("type") ?? "bind";
  const names = Object.hasOwn(accepted, type) ? accepted[type] : undefined;
  if (names === undefined)
    throw usage(
      `${JSON.stringify(type)} is no type of a mount`,
      `it is one of ${Object.keys(accepted).join(", ")}`,
    );
  for (const name of fields.keys()) {
    if (!names.includes(name))
      throw usage(
        `a mount of type ${type} has no option ${JSON.stringify(name)}`,
        `it has ${names.join(", ")}`,
      );
  }
  if (type === "secret") return secretMount(fields, context);
  const target = fields.get("target") ?? fields.get("dst") ?? fields.get("destination");
  if (target === undefined) throw usage(`${JSON.stringify(text)} has no destination`, "add target=PATH");
  const destination = absolute(target, text);
  if (type === "tmpfs") return { type: "tmpfs", destination, options: tmpfsOptions(fields) };
  return type === "cache"
    ? cacheMount(fields, destination, context)
    : bindMount(fields, destination, context);
}

function has(fields: Fields, ...names: readonly string[]): boolean {
  return names.some((name) => fields.has(name) && fields.get(name) !== "false");
}

function tmpfsOptions(fields: Fields): readonly string[] {
  const values = (["mode", "size"] as const).flatMap((name) => {
    const value = fields.get(`tmpfs-${name}`);
    if (value === undefined) return [];
    if (/^\d+[kmgKMG%]?$/.test(value)) return [`${name}=${value}`];
    throw usage(
      `${JSON.stringify(value)} is no ${name} of a tmpfs`,
      name === "mode" ? "write an octal number: 1777" : "write a number of bytes, or one with k, m, g or %",
    );
  });
  return [...plainFlags(fields), ...values];
}

function plainFlags(fields: Fields): readonly ("ro" | "nosuid" | "nodev" | "noexec")[] {
  return [
    ...(has(fields, "ro", "readonly") ? (["ro"] as const) : []),
    ...(["nosuid", "nodev", "noexec"] as const).filter((name) => has(fields, name)),
  ];
}

/** Flags of binds. As buildah has it, one that says nothing of its rights cannot be written. */
function bindFlags(
  fields: Fields,
  otherwise: "ro" | "rw",
): readonly ("ro" | "rw" | "nosuid" | "nodev" | "noexec")[] {
  const flags = plainFlags(fields);
  const writable = has(fields, "rw", "readwrite");
  if (writable && flags.includes("ro"))
    throw usage("a mount is asked to be both read-only and writable", "leave one of ro and rw");
  if (writable) return ["rw", ...flags];
  if (flags.includes("ro")) return flags;
  return otherwise === "ro" && flags.length > 0 ? ["rw", ...flags] : [otherwise, ...flags];
}

function propagationFlags(fields: Fields, whole: string): ReturnType<typeof volumeOptions>["flags"] {
  const value = fields.get("bind-propagation");
  const names = [...propagation.filter((name) => fields.has(name)), ...(value === undefined ? [] : [value])];
  return volumeOptions(names, whole).flags;
}

async function bindMount(fields: Fields, destination: string, context: MountContext): Promise<RunMount> {
  const asked = fields.get("src") ?? fields.get("source");
  const folder = await baseFolder(fields.get("from"), context);
  if (folder === undefined && (asked === undefined || !posix.isAbsolute(asked))) {
    throw usage("a mount of type bind has no source that is an absolute path", "add src=PATH");
  }
  const source = folder === undefined ? (asked ?? "/") : within(folder, asked ?? "/");
  mustExist(source);
  return {
    type: "bind",
    source,
    destination,
    options: [
      ...bindFlags(fields, "ro"),
      ...propagationFlags(fields, destination),
      has(fields, "bind-nonrecursive") ? "bind" : "rbind",
    ],
    chown: has(fields, "U"),
  };
}

async function baseFolder(
  from: string | undefined,
  { rootOf, contextDir }: MountContext,
): Promise<string | undefined> {
  if (from === undefined) return contextDir;
  if (rootOf !== undefined) return rootOf(from);
  throw usage("a mount has the option from, and there is nothing that it could be from here", "leave it out");
}

function within(folder: string, path: string): string {
  try {
    return pathInRoot(requireSys("mount from a folder"), folder, path);
  } catch (error) {
    throw ioError(error, "mount", { path: posix.join(folder, path) });
  }
}

async function cacheMount(fields: Fields, destination: string, context: MountContext): Promise<RunMount> {
  const sharing = fields.get("sharing") ?? "shared";
  if (sharing !== "shared" && sharing !== "locked")
    throw usage(`${JSON.stringify(sharing)} is no way to share a cache`, "it is shared or locked");
  const from = fields.get("from");
  const base = from === undefined ? undefined : await baseFolder(from, context);
  const source =
    base === undefined
      ? cacheFolder(fields.get("id") ?? destination, {
          mode: numberOf(fields, "mode", 8) ?? 0o755,
          uid: numberOf(fields, "uid", 10) ?? 0,
          gid: numberOf(fields, "gid", 10) ?? 0,
          env: context.env ?? process.env,
        })
      : within(base, fields.get("src") ?? fields.get("source") ?? "/");
  return {
    type: "bind",
    source,
    destination,
    options: [...bindFlags(fields, "rw"), ...propagationFlags(fields, destination), "bind"],
    chown: has(fields, "U"),
    ...(sharing === "locked" && { lock: posix.join(source, "buildah-cache-lockfile") }),
  };
}

function secretMount(fields: Fields, context: MountContext): RunMount | undefined {
  const id = fields.get("id") ?? "";
  if (id === "" || id.includes("/")) throw usage("a mount of type secret has no usable id", "add id=NAME");
  const target =
    fields.get("target") ?? fields.get("dst") ?? fields.get("destination") ?? `/run/secrets/${id}`;
  const secret = context.secrets?.find((one) => one.id === id);
  if (secret === undefined) {
    if (has(fields, "required") && fields.get("required") !== "0") {
      throw usage(
        `the secret ${JSON.stringify(id)} is required, and there is none`,
        `give it by --secret id=${id},src=FILE`,
      );
    }
    return undefined;
  }
  return {
    type: "secret",
    destination: absolute(target, `secret ${id}`),
    bytes: readSecret(secret, context.env),
    mode: numberOf(fields, "mode", 8) ?? 0o400,
    uid: numberOf(fields, "uid", 10) ?? 0,
    gid: numberOf(fields, "gid", 10) ?? 0,
  };
}

function numberOf(fields: Fields, name: string, base: 8 | 10): number | undefined {
  const text = fields.get(name);
  if (text === undefined) return undefined;
  const digits = base === 8 ? /^[0-7]{1,5}$/ : /^\d{1,10}$/;
  const number = Number.parseInt(text, base);
  if (digits.test(text) && number <= idLimit) return number;
  throw usage(
    `${JSON.stringify(text)} is no ${name}`,
    base === 8 ? "write an octal number: 0400" : "write a number",
  );
}
