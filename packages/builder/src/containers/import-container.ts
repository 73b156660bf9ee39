import { DrayageError } from "@drayage/errors";
import type { ContainerRecord, Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import { saveState } from "../state/save-state.ts";
import type { BuilderState } from "../state/state.ts";
import { stateOfRecord } from "./new-state.ts";

/**
 * Makes a working container of one that another tool has made, podman say, by writing a `buildah.json` for it, as buildah does when it is asked for such a
 * one. What it was configured with is its image's.
 *
 * @throws ERR_DRAYAGE_CONTAINER_UNSUPPORTED for one that was made from no image
 */
export async function importContainer(
  store: Store,
  record: ContainerRecord,
  options: OperationOptions & { readonly name: string },
): Promise<BuilderState> {
  const { name, signal } = options;
  if (record.image === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
      `the container ${JSON.stringify(record.names[0] ?? record.id)} is no working container, and was made from no image that one could be made of`,
      { hint: "its files can be mounted with dray mount, and committed by the tool that made it" },
    );
  }
  const view = await store.read({ signal });
  const said = await stateOfRecord(store, view.image(record.image), { signal });
  const { docker } = said.image;
  const container = { ...docker.config, ...(said.fromImage === "" ? {} : { Image: said.fromImage }) };
  const { revision: _, ...state } = said;
  return saveState(
    store,
    {
      ...state,
      container: name,
      containerId: record.id,
      image: {
        ...said.image,
        docker: {
          ...docker,
          parent: `sha256:${record.image}`,
          config: container,
          container_config: container,
        },
      },
    },
    { signal },
  );
}
