import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { findPeer, packageOf } from "./find.ts";
import { htpasswdFile, type TestPassword } from "./passwords.ts";
import { startServerProcess } from "./server-process.ts";

export interface RegistryOptions {
  /** Serves HTTPS with these files, as `testCertificates` makes them. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  /** The file of the authority whose client certificates are demanded. */
  readonly clientAuthority?: string | undefined;
  /** Asks for one of these users; no tokens then. */
  readonly htpasswd?: Readonly<Record<string, TestPassword>> | undefined;
  /** Asks for tokens of this server, as `startTokenServer` gives it. */
  readonly token?: RegistryTokenOptions | undefined;
  /** Lets manifests and blobs be deleted. */
  readonly deletable?: boolean | undefined;
  /** Refuses all that writes. */
  readonly readonly?: boolean | undefined;
  /** Gives `Location` without host and scheme. */
  readonly relativeUrls?: boolean | undefined;
  /** Takes manifests of docker's schema 1, and gives them to clients that accept nothing else. */
  readonly schema1?: boolean | undefined;
  /** The most that a page of the catalog may have; 1000 where absent. */
  readonly catalogLimit?: number | undefined;
  /** Where it keeps what it has, to start again with it; not removed then. A new temporary folder where absent. */
  readonly folder?: string | undefined;
  /** To come back at the place of one that was stopped; a free one where absent. */
  readonly port?: number | undefined;
}

export interface RegistryTokenOptions {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** The file with the certificates that tokens may be signed with. */
  readonly certificate: string;
}

/** Debian's docker-registry, on 127.0.0.1. */
export interface TestRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly port: number;
  /** `http://…` or `https://…`, without a slash at the end. */
  readonly url: string;
  /** Where it keeps what it has. */
  readonly folder: string;
  readonly pid: number;
  /** What it wrote, its access log included. */
  log(): string;
  /** Kills it, waits until it is gone, and removes the folder that was made for it. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a registry of one's own and waits until it listens. It ends with the test file or the process that started
 * it; what it wrote is shown where a test fails.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const binary = findPeer("docker-registry");
  if (binary === undefined)
    throw new Error(`docker-registry is not installed (Debian package ${packageOf("docker-registry")})`);
  const settings = mkdtempSync(path.join(os.tmpdir(), "drayage-registry-"));
  const folder = options.folder ?? path.join(settings, "data");
  const file = path.join(settings, "config.yml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(configuration({ options, settings, folder })));
  const server = await startServerProcess({
    name: "docker-registry",
    binary,
    args: ["serve", file],
    env: {},
    ready: (line) => /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1],
    cleanUp: () => rmSync(settings, { recursive: true, force: true, maxRetries: 3 }),
  });
  const host = `127.0.0.1:${server.ready}`;
  return {
    host,
    port: Number(server.ready),
    url: `${options.tls === undefined ? "http" : "https"}://${host}`,
    folder,
    pid: server.pid,
    log: server.log,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

interface Place {
  readonly options: RegistryOptions;
  readonly settings: string;
  readonly folder: string;
}

/** The registry's configuration. It is YAML, of which JSON is a part. */
function configuration({ options, settings, folder }: Place): unknown {
  return {
    version: "0.1",
    // Where it listens is said at this level only.
    log: { level: "info" },
    storage: {
      filesystem: { rootdirectory: folder },
      delete: { enabled: options.deletable === true },
      maintenance: {
        uploadpurging: { enabled: false },
        readonly: { enabled: options.readonly === true },
      },
    },
    http: {
      // With port 0 the system chooses one that is free: there is no race for it.
      addr: `127.0.0.1:${options.port ?? 0}`,
      secret: "of no use to anybody",
      relativeurls: options.relativeUrls === true,
      ...(options.tls !== undefined && {
        tls: {
          certificate: options.tls.certificate,
          key: options.tls.key,
          ...(options.clientAuthority !== undefined && { clientcas: [options.clientAuthority] }),
        },
      }),
    },
    auth: authentication(options, settings),
    catalog: { maxentries: options.catalogLimit ?? 1000 },
    compatibility: { schema1: { enabled: options.schema1 === true } },
    // Else it refuses manifests with foreign layers.
    validation: { manifests: { urls: { allow: ["^https?://"] } } },
  };
}

function authentication({ htpasswd, token }: RegistryOptions, settings: string): unknown {
  if (htpasswd !== undefined) {
    const file = path.join(settings, "htpasswd");
    writeFileSync(file, htpasswdFile(htpasswd));
    return { htpasswd: { realm: "test registry", path: file } };
  }
  if (token === undefined) return undefined;
  const { realm, service, issuer, certificate } = token;
  return { token: { realm, service, issuer, rootcertbundle: certificate } };
}
