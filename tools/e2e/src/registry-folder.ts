import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sha256 } from "./hash.ts";

/** Puts images into the folder of a docker-registry, without asking it: thousands take no time. */
export interface RegistryFolder {
  /** Gives the digest. */
  blob(repository: string, bytes: Uint8Array): string;
  manifest(repository: string, bytes: Uint8Array, tag?: string): string;
}

/** `folder` is one that a registry is started with, or has been. */
export function registryFolder(folder: string): RegistryFolder {
  const root = path.join(folder, "docker/registry/v2");
  const write = (name: string, content: Uint8Array | string): void => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const written = new Set<string>();
  const store = (bytes: Uint8Array): { digest: string; hex: string } => {
    const digest = sha256(bytes);
    const hex = digest.slice("sha256:".length);
    if (!written.has(hex)) write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, bytes);
    written.add(hex);
    return { digest, hex };
  };
  return {
    blob(repository, bytes) {
      const { digest, hex } = store(bytes);
      write(`repositories/${repository}/_layers/sha256/${hex}/link`, digest);
      return digest;
    },
    manifest(repository, bytes, tag) {
      const { digest, hex } = store(bytes);
      const manifests = `repositories/${repository}/_manifests`;
      write(`${manifests}/revisions/sha256/${hex}/link`, digest);
      if (tag !== undefined) {
        write(`${manifests}/tags/${tag}/current/link`, digest);
        write(`${manifests}/tags/${tag}/index/sha256/${hex}/link`, digest);
      }
      return digest;
    },
  };
}
