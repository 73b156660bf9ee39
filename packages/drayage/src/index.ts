/**
 * Everything of drayage in one import: the copy engine, the registry and the transports at the top level, and
 * each formats package under its own name.
 * @module
 */
export * as blob from "@drayage/blob";
export * as compression from "@drayage/compression";
export * from "@drayage/copy";
export * as digest from "@drayage/digest";
export { DrayageError, type DrayageErrorCode, isDrayageError } from "@drayage/errors";
export * as manifest from "@drayage/manifest";
export * as reference from "@drayage/reference";
export * as tar from "@drayage/tar";
export * from "@drayage/transport";
export { dir } from "@drayage/transport-dir";
export { docker } from "@drayage/transport-docker";
export { dockerArchive } from "@drayage/transport-docker-archive";
export { dockerDaemon } from "@drayage/transport-docker-daemon";
export { ociArchive } from "@drayage/transport-oci-archive";
export { ociDir } from "@drayage/transport-oci-dir";
export { tarball } from "@drayage/transport-tarball";
export { allTransports } from "./all-transports.ts";
