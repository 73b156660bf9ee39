/**
 * Everything of drayage in one import: the copy engine, the registry and the transports at the top level, and
 * each other package under its own name.
 * @module
 */
export * as blob from "@drayage/blob";
export { fileBlobInfoCache, memoryBlobInfoCache } from "@drayage/blob-info-cache";
export * as buildContext from "@drayage/build-context";
export * as builder from "@drayage/builder";
export * as composite from "@drayage/composite";
export * as compression from "@drayage/compression";
export * as containersConfig from "@drayage/containers-config";
export * from "@drayage/copy";
export * as digest from "@drayage/digest";
export * as edit from "@drayage/edit";
export { DrayageError, type DrayageErrorCode, isDrayageError } from "@drayage/errors";
export * as http from "@drayage/http";
export * as manifest from "@drayage/manifest";
export * as reference from "@drayage/reference";
export * as registryClient from "@drayage/registry-client";
export * as run from "@drayage/run";
export * as storage from "@drayage/storage";
export * as sync from "@drayage/sync";
export * as tar from "@drayage/tar";
export * from "@drayage/transport";
export { containersStorage } from "@drayage/transport-containers-storage";
export { dir } from "@drayage/transport-dir";
export { docker } from "@drayage/transport-docker";
export { dockerArchive } from "@drayage/transport-docker-archive";
export { dockerDaemon } from "@drayage/transport-docker-daemon";
export { ociArchive } from "@drayage/transport-oci-archive";
export { ociDir } from "@drayage/transport-oci-dir";
export { tarball } from "@drayage/transport-tarball";
export { allTransports } from "./all-transports.ts";
