/** A transport that is known to exist, for a hint where it is not there. */
export interface KnownTransport {
  readonly scheme: string;
  readonly aliases?: readonly string[] | undefined;
  /** The package that has it. */
  readonly package: string;
}

/** The transports that drayage is made of. A registry need not have them all. */
export const knownTransports: readonly KnownTransport[] = [
  { scheme: "containers-storage", package: "@drayage/transport-containers-storage" },
  { scheme: "dir", package: "@drayage/transport-dir" },
  { scheme: "docker", package: "@drayage/transport-docker" },
  { scheme: "docker-archive", package: "@drayage/transport-docker-archive" },
  { scheme: "docker-daemon", package: "@drayage/transport-docker-daemon" },
  { scheme: "oci-archive", package: "@drayage/transport-oci-archive" },
  { scheme: "oci-dir", aliases: ["oci"], package: "@drayage/transport-oci-dir" },
  { scheme: "tarball", package: "@drayage/transport-tarball" },
];
