import type { Transport } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import { dir } from "@drayage/transport-dir";
import { docker } from "@drayage/transport-docker";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { dockerDaemon } from "@drayage/transport-docker-daemon";
import { ociArchive } from "@drayage/transport-oci-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { tarball } from "@drayage/transport-tarball";

/** One of each transport that this package brings, for `createRegistry`. */
export function allTransports(): readonly Transport[] {
  return [
    containersStorage(),
    dir(),
    docker(),
    dockerArchive(),
    dockerDaemon(),
    ociArchive(),
    ociDir(),
    tarball(),
  ];
}
