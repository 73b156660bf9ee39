/**
 * The floors of the house, the lowest first: a package imports only from floors below its own.
 * Packages of one floor know nothing of each other.
 * @type {readonly (readonly string[])[]}
 */
export const floors = [
  ["errors"],
  ["kernels", "tar"],
  ["digest"],
  ["reference", "compression"],
  ["manifest"],
  ["blob"],
  ["file-lock", "http", "transport"],
  ["blob-info-cache", "docker-tar", "oci-layout", "registry-client"],
  ["containers-config"],
  [
    "transport-dir",
    "transport-docker",
    "transport-docker-archive",
    "transport-docker-daemon",
    "transport-oci-archive",
    "transport-oci-dir",
    "transport-tarball",
  ],
  ["copy"],
  ["sync"],
  ["cli", "drayage"],
];

/** Formats: they do no input or output, and run in a browser. */
export const formats = ["errors", "kernels", "digest", "reference", "compression", "tar", "manifest"];

/** It stands beside the house: it may use what is below the plugins, and only tests use it. */
export const beside = "testkit";
