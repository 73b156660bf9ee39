import type { StoreContainer } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { eachOf } from "./each-of.ts";
import type { BuilderFlags } from "./flags.ts";
import { openContainer } from "./open-container.ts";
import { saidWhile } from "./said.ts";

interface MountedContainers extends AsyncDisposable {
  /** Where each is mounted, by the variable that says so: the container's own name where none was given. */
  readonly places: Readonly<Record<string, string>>;
}

interface Wishes {
  readonly flags: BuilderFlags;
  /** `[VARIABLE=]CONTAINER` */
  readonly wanted: readonly string[];
}

const doing = "loading information about build container";

/** Mounts containers until this is disposed of, as `buildah unshare --mount` does. Where one fails none stays mounted. */
export async function mountContainers(
  context: DrayContext,
  { flags, wanted }: Wishes,
): Promise<MountedContainers> {
  const places: Record<string, string> = {};
  const mounted: string[] = [];
  const unmount = async (): Promise<void> => {
    // Also once we are interrupted, and as they are by then: the command may have changed them.
    const { signal } = new AbortController();
    await using store = await openLocalStore({ ...context, signal }, flags);
    await eachOf({ ...context, signal }, mounted.splice(0), async (name) => {
      const container = await openContainer({ signal }, store, { name, doing });
      await attempt("unmounting", container, () => container.unmount({ signal }));
    });
  };
  try {
    await using store = await openLocalStore(context, flags);
    for (const text of wanted) {
      const [, variable, name = text] = /^([^=]*)=([\s\S]*)$/.exec(text) ?? [];
      const container = await openContainer(context, store, { name, doing });
      const { signal } = context;
      const place = await attempt("mounting", container, () => container.mount({ signal }));
      mounted.push(container.id);
      if (variable !== "") places[variable ?? name] = place;
    }
  } catch (error) {
    await unmount();
    throw error;
  }
  return { places, [Symbol.asyncDispose]: unmount };
}

async function attempt<Result>(
  what: string,
  { name }: StoreContainer,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw saidWhile(`${what} build container ${JSON.stringify(name)}`, error);
  }
}
