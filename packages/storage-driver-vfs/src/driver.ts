import { type StorageDriver, storageDriverApiVersion, storageDriverBrand } from "@drayage/storage";
import { openLayerFiles } from "./layer-files.ts";

/**
 * The driver `vfs` of podman, buildah and skopeo: every layer is a folder with all that its parents have, copied. It needs no
 * privileges and nothing of the kernel.
 */
export function vfsDriver(): StorageDriver {
  return {
    [storageDriverBrand]: true,
    apiVersion: storageDriverApiVersion,
    name: "vfs",
    summary: "layers as whole copies in folders; no privileges needed",
    open: openLayerFiles,
  };
}
