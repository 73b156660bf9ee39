import {
  chmodSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store } from "@drayage/storage";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { loadSys } from "@drayage/sys";
import { type RunResult, run } from "@drayage-internal/peers";
import type { BuilderState } from "../../src/state/state.ts";
import { readState } from "../../src/state/store-state.ts";

export type DriverName = "overlay" | "vfs";

/** A store that buildah and we work on, in a folder of its own. */
export interface Workshop extends AsyncDisposable {
  readonly folder: string;
  readonly store: Store;
  at(...names: string[]): string;
  buildah(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** The state of a working container. */
  state(id: string): Promise<BuilderState>;
  /** The container's files, to be changed. */
  edit(id: string, change: (rootfs: string) => void): Promise<void>;
}

export async function openWorkshop(driver: DriverName, binary: string): Promise<Workshop> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  const at = (...names: string[]): string => join(folder, ...names);
  mkdirSync(at("home", ".config", "containers"), { recursive: true });
  writeFileSync(
    at("home", ".config", "containers", "policy.json"),
    '{"default":[{"type":"insecureAcceptAnything"}]}\n',
  );
  writeFileSync(at("home", ".config", "containers", "registries.conf"), "");
  const flags = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", driver];
  const buildah = async (args: readonly string[], env = {}): Promise<string> => {
    const { stdout }: RunResult = await run(binary, [...flags, ...args], {
      env: { HOME: at("home"), BUILDAH_ISOLATION: "chroot", SOURCE_DATE_EPOCH: undefined, ...env },
    });
    return stdout.trim();
  };
  const store = await openStore({
    graphRoot: at("root"),
    runRoot: at("run"),
    driver: driver === "overlay" ? overlayDriver() : vfsDriver(),
  });
  return {
    folder,
    store,
    at,
    buildah,
    async state(name) {
      const { id } = (await store.read()).container(name);
      const state = await readState(store, id);
      if (state === undefined) throw new Error(`${name} is no working container`);
      return state;
    },
    async edit(id, change) {
      const rootfs = await buildah(["mount", id]);
      change(rootfs);
      await buildah(["umount", id]);
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      for (const point of mountsBelow(folder).toReversed()) loadSys()?.unmount(point, { detach: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mountsBelow(folder: string): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
}

/** Files of many kinds. Times have fractions of seconds, so that rounding shows. */
export function firstFiles(root: string): void {
  mkdirSync(join(root, "etc/deep/er"), { recursive: true });
  mkdirSync(join(root, "usr/lib/hidden"), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(root, "etc/deep/er/file"), "deep");
  writeFileSync(join(root, "usr/lib/hidden/below"), "below");
  writeFileSync(join(root, "usr/lib/gone"), "gone");
  writeFileSync(join(root, "large"), Buffer.alloc(700_001, "large"));
  symlinkSync("usr/lib", join(root, "lib"));
  linkSync(join(root, "large"), join(root, "linked"));
  for (const name of ["etc/passwd", "large", "usr/lib/gone"])
    utimesSync(join(root, name), 1_500_000_000.75, 1_500_000_000.75);
}

/** What a second commit changes of {@link firstFiles}. */
export function moreFiles(root: string): void {
  rmSync(join(root, "usr/lib/gone"));
  rmSync(join(root, "usr/lib/hidden"), { recursive: true });
  mkdirSync(join(root, "usr/lib/hidden"));
  writeFileSync(join(root, "usr/lib/hidden/instead"), "instead");
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\n");
  chmodSync(join(root, "etc/passwd"), 0o4751);
  writeFileSync(join(root, "añadido & <más>"), "");
  lchownSync(join(root, "lib"), 12, 34);
  linkSync(join(root, "lib"), join(root, "lib-again"));
  utimesSync(join(root, "añadido & <más>"), 1_400_000_000.25, 1_400_000_000.5);
  const long = join(root, ...Array.from({ length: 12 }, (_, index) => `a-long-name-of-a-folder-${index}`));
  mkdirSync(long, { recursive: true });
  writeFileSync(join(long, "file"), "far away");
}
