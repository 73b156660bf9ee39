import { DrayageError } from "@drayage/errors";
import type { StorageOption } from "./settings.ts";

/**
 * An option as it is written after `--storage-opt`, in `$STORAGE_OPTS` and in references: `overlay.mountopt=nodev`, or
 * `mountopt=nodev` and `.mountopt=nodev` for whichever driver is used. Names are of any case.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID where there is no name or no `=`
 */
export function parseStorageOption(text: string): StorageOption {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(equals, 0)).trim().toLowerCase();
  const dot = key.indexOf(".");
  const name = key.slice(dot + 1);
  if (name === "") {
    throw new DrayageError(
      "ERR_DRAYAGE_CONFIGURATION_INVALID",
      `${JSON.stringify(text)} is no option of a storage driver`,
      { hint: "write DRIVER.NAME=VALUE, such as overlay.mountopt=nodev" },
    );
  }
  const value = text.slice(equals + 1).trim();
  return dot > 0 ? { driver: driverName(key.slice(0, dot)), name, value } : { name, value };
}

/** The options that hold for a driver, by their names. */
export function driverOptions(
  options: readonly StorageOption[],
  driver: string,
): Readonly<Record<string, string>> {
  const entries = options
    .filter((option) => option.driver === undefined || option.driver === driver)
    .map(({ name, value }) => [name, value] as const);
  return Object.fromEntries(entries);
}

/** The driver that a name means: `overlay2` is an old one of `overlay`. */
export function driverName(text: string): string {
  return text === "overlay2" ? "overlay" : text;
}
