import { listWorkingContainers, openWorkingContainer, type StoreContainer } from "@drayage/builder";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { eachOf } from "./each-of.ts";
import type { MountFlags } from "./list.command.ts";
import type { AllFlags } from "./manage.command.ts";
import { openContainer } from "./open-container.ts";
import { refuseLateFlags, said, saidWhile } from "./said.ts";

interface Mounted {
  readonly container?: string | undefined;
  readonly mountPoint: string;
}

/** `buildah mount` */
export async function mount(this: DrayContext, flags: MountFlags, ...names: string[]): Promise<void> {
  refuseLateFlags(names);
  await using store = await openLocalStore(this, flags);
  const mounted: Mounted[] = [];
  const tell = (item: Mounted): void => {
    mounted.push(item);
    if (flags.json) return;
    const before = item.container === undefined ? "" : `${item.container} `;
    this.process.stdout.write(`${before}${item.mountPoint}\n`);
  };
  if (names.length > 0) refuseWithoutRoot(store);
  try {
    if (names.length === 0) for (const item of await mountedOf(this, store)) tell(item);
    await eachOf(this, names, async (name) => {
      const container = await openContainer(this, store, { name });
      const mountPoint = await mountOne(this, container, name);
      tell({ container: names.length > 1 ? name : undefined, mountPoint });
    });
  } finally {
    if (flags.json) this.process.stdout.write(goIndentedJson(mounted.length === 0 ? null : mounted));
  }
}

/** A mount that ends with this process would be of no use. */
function refuseWithoutRoot(store: Store): void {
  if (process.geteuid?.() === 0 || store.driver === "vfs") return;
  throw said(
    `cannot mount using driver ${store.driver} in rootless mode. You need to run it in a \`buildah unshare\` session`,
    "dray builder unshare COMMAND",
  );
}

async function mountOne(context: DrayContext, container: StoreContainer, name: string): Promise<string> {
  try {
    return await container.mount({ signal: context.signal });
  } catch (error) {
    throw saidWhile(`mounting ${JSON.stringify(name)} container ${JSON.stringify(container.name)}`, error);
  }
}

async function mountedOf({ signal }: DrayContext, store: Store): Promise<readonly Mounted[]> {
  const mounts = new Set((await store.mounts({ signal })).map(({ path }) => path));
  const found: Mounted[] = [];
  for (const { id } of await listWorkingContainers(store, { signal })) {
    const { name, state } = await openWorkingContainer(store, id, { signal });
    if (state.mountPoint !== undefined && mounts.has(state.mountPoint)) {
      found.push({ container: name, mountPoint: state.mountPoint });
    }
  }
  return found;
}

/** `buildah umount` */
export async function umount(this: DrayContext, flags: AllFlags, ...names: string[]): Promise<void> {
  const all = flags.all !== undefined;
  if (names.length === 0 && !all) throw said("at least one container ID must be specified");
  if (names.length > 0 && all) {
    throw said("when using the --all switch, you may not pass any container IDs");
  }
  refuseLateFlags(names);
  await using store = await openLocalStore(this, flags);
  const wanted = all
    ? (await listWorkingContainers(store, { signal: this.signal })).map(({ id }) => id)
    : names;
  await eachOf(this, wanted, async (name) => {
    let container: StoreContainer;
    try {
      container = await openWorkingContainer(store, name, { signal: this.signal });
    } catch (error) {
      throw saidWhile(`error unmounting container ${name}`, error);
    }
    if (container.state.mountPoint === undefined) return;
    try {
      await container.unmount({ signal: this.signal });
    } catch (error) {
      throw saidWhile(`error unmounting container ${JSON.stringify(container.name)}`, error);
    }
    this.process.stdout.write(`${container.id}\n`);
  });
}
