import { listWorkingContainers } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { eachOf } from "./each-of.ts";
import type { AllFlags } from "./manage.command.ts";
import { openContainer } from "./open-container.ts";
import { refuseLateFlags, said, saidWhile } from "./said.ts";

const doing = "removing container";

/** `buildah rm` */
export async function rm(this: DrayContext, flags: AllFlags, ...names: string[]): Promise<void> {
  const { signal } = this;
  if (names.length === 0 && !flags.all) throw said("container ID must be specified");
  if (names.length > 0 && flags.all) {
    throw said("when using the --all switch, you may not pass any containers names or IDs");
  }
  refuseLateFlags(names);
  await using store = await openLocalStore(this, flags);
  const wanted = flags.all ? (await listWorkingContainers(store, { signal })).map(({ id }) => id) : names;
  await eachOf(this, wanted, async (name) => {
    const container = await openContainer(this, store, { name, doing });
    try {
      await container.remove({ signal });
    } catch (error) {
      throw saidWhile(`${doing} ${JSON.stringify(name)}`, error);
    }
    this.process.stdout.write(`${container.id}\n`);
  });
}
