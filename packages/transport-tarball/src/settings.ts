import { DrayageError } from "@drayage/errors";
import type { TarballConfig } from "./config.ts";

/** What an image of tarballs is given beside the files. */
export interface TarballImage {
  readonly config?: TarballConfig | undefined;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const textMembers = ["created", "author", "architecture", "os", "os.version", "variant", "comment"];

/**
 * The settings of a source: `config` and `annotations`, JSON objects each.
 *
 * @throws ERR_DRAYAGE_USAGE
 */
export function readSettings(settings: Readonly<Record<string, string>> = {}): TarballImage {
  const config = readObject(settings, "config");
  for (const name of textMembers) {
    if (config?.[name] !== undefined && typeof config[name] !== "string")
      throw wrong("config", `its ${name} is not text`);
  }
  if (config?.config !== undefined && !isObject(config.config))
    throw wrong("config", "its config is not an object");
  const annotations = readObject(settings, "annotations");
  if (Object.values(annotations ?? {}).some((value) => typeof value !== "string")) {
    throw wrong("annotations", "one of them is not text");
  }
  return {
    ...(config === undefined ? {} : { config: config }),
    ...(annotations === undefined ? {} : { annotations: annotations as Readonly<Record<string, string>> }),
  };
}

function readObject(
  settings: Readonly<Record<string, string>>,
  name: string,
): Record<string, unknown> | undefined {
  const text = settings[name];
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(name, `it is not JSON: ${(cause as Error).message}`);
  }
  if (!isObject(value)) throw wrong(name, "it is not a JSON object");
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(name: string, reason: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `the setting ${name} of tarball is malformed: ${reason}`, {
    hint: 'config is {"architecture": …, "os": …, "config": {"Cmd": …}}, annotations {"name": "text"}',
  });
}
