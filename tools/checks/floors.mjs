/**
 * The floors of the house, the lowest first: a package imports only from floors below its own.
 * Packages of one floor know nothing of each other.
 * @type {readonly (readonly string[])[]}
 */
export const floors = [
  ["errors"],
  ["kernels"],
  ["digest", "tar"],
  ["reference", "compression"],
  ["manifest"],
  ["blob"],
  ["file-lock", "http", "sys", "transport"],
  ["blob-info-cache", "docker-tar", "oci-layout", "pack", "registry-client", "unpack"],
  ["build-context", "containers-config", "run", "storage"],
  ["storage-driver-memory", "storage-driver-overlay", "storage-driver-vfs"],
  [
    "transport-containers-storage",
    "transport-dir",
    "transport-docker",
    "transport-docker-archive",
    "transport-docker-daemon",
    "transport-oci-archive",
    "transport-oci-dir",
    "transport-tarball",
  ],
  ["composite", "copy", "image-files"],
  ["builder", "edit", "sync"],
  ["cli", "drayage"],
];

/** Formats: they do no input or output, and run in a browser. */
export const formats = ["errors", "kernels", "digest", "reference", "compression", "tar", "manifest"];

/** It stands beside the house: it may use what is below the plugins, and only tests use it. */
export const beside = "testkit";
