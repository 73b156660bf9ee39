import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isDrayageError } from "@drayage/errors";
import { onTestFinished } from "vitest";

/** A folder that stands for a machine with one user, removed at the test's end. */
export interface ConfigurationFolder {
  readonly path: string;
  /** For the options of what reads configuration: nothing of the real machine is seen. */
  readonly place: { readonly env: Record<string, string>; readonly machineFolders: readonly string[] };
  /** Writes a file, such as `etc/registries.conf` or `home/.config/containers/policy.json`, and gives its path. */
  write(name: string, content: string | Uint8Array): string;
}

export function configurationFolder(): ConfigurationFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    place: {
      env: { HOME: join(path, "home") },
      machineFolders: [join(path, "etc"), join(path, "usr")],
    },
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
  };
}

/** Code and message of what a call throws, with the folder's path taken out. */
export async function failureOf(
  call: () => unknown,
  { path }: ConfigurationFolder,
): Promise<{ readonly code: string; readonly message: string; readonly hint: string | undefined }> {
  try {
    await call();
  } catch (error) {
    if (!isDrayageError<string>(error)) throw error;
    return { code: error.code, message: error.message.replaceAll(`${path}/`, ""), hint: error.hint };
  }
  throw new Error("nothing was thrown");
}
