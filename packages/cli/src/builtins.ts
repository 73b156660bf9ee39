import { type LazyTransport, lazyTransport } from "@drayage/transport";

/** The transports that come with dray, each imported when it is first used. */
export const builtinTransports: readonly LazyTransport[] = [
  lazyTransport({
    scheme: "containers-storage",
    summary: "an image in the store of podman, buildah and skopeo",
    syntax: "[[DRIVER@GRAPHROOT+RUNROOT:OPTIONS]]NAME[:TAG]|@ID",
    load: async () => (await import("@drayage/transport-containers-storage")).containersStorage(),
  }),
  lazyTransport({
    scheme: "dir",
    summary: "a folder with the manifest and the blobs as plain files",
    syntax: "PATH",
    load: async () => (await import("@drayage/transport-dir")).dir(),
  }),
  lazyTransport({
    scheme: "docker",
    summary: "an image in a registry",
    syntax: "//NAME[:TAG][@DIGEST]",
    load: async () => (await import("@drayage/transport-docker")).docker(),
  }),
  lazyTransport({
    scheme: "docker-archive",
    summary: "a tar file as docker save writes it",
    syntax: "PATH[:NAME[:TAG]|:@INDEX]",
    load: async () => (await import("@drayage/transport-docker-archive")).dockerArchive(),
  }),
  lazyTransport({
    scheme: "docker-daemon",
    summary: "an image of a docker daemon",
    syntax: "NAME:TAG|sha256:IMAGEID",
    load: async () => (await import("@drayage/transport-docker-daemon")).dockerDaemon(),
  }),
  lazyTransport({
    scheme: "oci-archive",
    summary: "an OCI image layout in one tar file",
    syntax: "PATH[:NAME|:@INDEX]",
    load: async () => (await import("@drayage/transport-oci-archive")).ociArchive(),
  }),
  lazyTransport({
    scheme: "oci-dir",
    aliases: ["oci"],
    summary: "an OCI image layout in a folder",
    syntax: "PATH[:NAME|:@INDEX]",
    load: async () => (await import("@drayage/transport-oci-dir")).ociDir(),
  }),
  lazyTransport({
    scheme: "tarball",
    summary: "tar files as the layers of a new image",
    syntax: "FILE[:FILE…]",
    load: async () => (await import("@drayage/transport-tarball")).tarball(),
  }),
];
