import type { BigIntStats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { DrayageError, ioError } from "@drayage/errors";

/**
 * Devices as buildah writes them down, from `SOURCE[:DESTINATION][:PERMISSIONS]`; of a folder, all in it.
 *
 * @throws ERR_DRAYAGE_USAGE, ERR_DRAYAGE_IO
 */
export async function deviceFacts(devices: readonly string[]): Promise<readonly object[]> {
  const facts: object[] = [];
  for (const text of devices) facts.push(...(await factsOf(parseDevice(text))));
  return facts;
}

interface Device {
  readonly text: string;
  readonly source: string;
  readonly destination: string;
  readonly permissions: string;
}

function parseDevice(text: string): Device {
  const [source = "", second, third, ...more] = text.split(":");
  const isMode = (part: string | undefined): boolean => /^(?!.*(.).*\1)[rwm]+$/.test(part ?? "");
  const destination = second === undefined || isMode(second) ? source : second;
  const permissions = isMode(second) ? second : third;
  const isValid =
    more.length === 0 &&
    path.isAbsolute(source) &&
    path.isAbsolute(destination) &&
    (third === undefined || isMode(third));
  if (!isValid) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the device ${JSON.stringify(text)} is none`, {
      hint: "accepted: /SOURCE[:/DESTINATION][:PERMISSIONS], permissions of r, w and m",
    });
  }
  return { text, source, destination, permissions: permissions ?? "rwm" };
}

async function factsOf({ text, source, destination, permissions }: Device): Promise<readonly object[]> {
  const found = await look(source);
  if (!found.isDirectory()) {
    const facts = deviceOf(found, { path: destination, permissions, source, destination });
    if (facts === undefined)
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no device`);
    return [facts];
  }
  const names = (
    await readdir(source).catch((error: unknown) => {
      throw ioError(error, "read", { path: source });
    })
  ).sort();
  const all = await Promise.all(
    names.map(async (name) =>
      deviceOf(await look(path.join(source, name)), {
        path: path.join(destination, name),
        permissions,
        source,
        destination,
      }),
    ),
  );
  return all.filter((facts) => facts !== undefined);
}

async function look(file: string): Promise<BigIntStats> {
  try {
    return await stat(file, { bigint: true });
  } catch (error) {
    throw ioError(error, "look at the device", { path: file });
  }
}

function deviceOf(
  stats: BigIntStats,
  names: {
    readonly path: string;
    readonly permissions: string;
    readonly source: string;
    readonly destination: string;
  },
): object | undefined {
  const type = stats.isCharacterDevice() ? "c" : stats.isBlockDevice() ? "b" : undefined;
  if (type === undefined) return undefined;
  const { rdev } = stats;
  return {
    // Runes, to Go: numbers.
    type: type.charCodeAt(0),
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
    permissions: names.permissions,
    allow: false,
    path: names.path,
    file_mode: Number(stats.mode & 0o777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    Source: names.source,
    Destination: names.destination,
  };
}
