import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { TestCertificates } from "./certificates.ts";
import { findPeer, packageOf } from "./find.ts";
import { findProgram } from "./programs.ts";
import { startServerProcess } from "./server-process.ts";

export interface DockerdOptions {
  /** Where it keeps images, to start again with them; not removed then. A new temporary folder where absent. */
  readonly folder?: string | undefined;
  /** What the kernel can do where absent: overlay2, or else vfs. */
  readonly storageDriver?: "overlay2" | "vfs" | undefined;
  /** Listens on 127.0.0.1 too: for all, or with TLS for those with the client's certificate. */
  readonly tcp?: "plain" | TestCertificates | undefined;
}

/** Debian's dockerd with a store of its own. */
export interface TestDockerd {
  readonly socket: string;
  /** `unix://…` */
  readonly host: string;
  /** `tcp://127.0.0.1:<port>`, where that was asked for. */
  readonly tcpHost: string | undefined;
  readonly folder: string;
  /** Asks its API: `api("/images/json")`. */
  api(target: string, options?: DockerdRequest): Promise<DockerdResponse>;
  log(): string;
  /** Kills it with all that it started, and waits until they and their mounts are gone. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface DockerdRequest {
  /** GET where absent. */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | Readable | undefined;
}

export interface DockerdResponse {
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The body as JSON. */
  json(): unknown;
}

/** Starts a docker daemon of one's own. It needs root, and to be allowed to mount. */
export async function startDockerd(options: DockerdOptions = {}): Promise<TestDockerd> {
  const binary = findPeer("dockerd");
  const unshare = findProgram("unshare");
  if (binary === undefined)
    throw new Error(`dockerd is not installed (Debian package ${packageOf("dockerd")})`);
  if (unshare === undefined) throw new Error("unshare is not installed (Debian package util-linux)");
  const own = mkdtempSync(path.join(os.tmpdir(), "drayage-dockerd-"));
  const folder = options.folder ?? path.join(own, "data");
  mkdirSync(folder, { recursive: true });
  const settings = path.join(own, "daemon.json");
  // Else it would read /etc/docker/daemon.json.
  writeFileSync(settings, "{}\n");
  const socket = path.join(own, "docker.sock");
  const wanted = options.tcp === undefined ? 1 : 2;
  const addresses = new Set<string>();
  const server = await startServerProcess({
    name: "dockerd",
    binary: unshare,
    args: [
      // In namespaces of its own all it starts ends with it, and its mounts as well.
      ...["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--kill-child"],
      binary,
      ...["--config-file", settings, "--data-root", folder, "--exec-root", path.join(own, "exec")],
      ...["--pidfile", path.join(own, "pid"), "--host", `unix://${socket}`],
      // Nothing of the machine's network is touched.
      ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
      ...(options.storageDriver === undefined ? [] : ["--storage-driver", options.storageDriver]),
      ...tcpFlags(options.tcp),
    ],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    ready(line) {
      const address = /API listen on ([^\s"]+)/.exec(line)?.[1];
      if (address !== undefined) addresses.add(address);
      return addresses.size === wanted ? ([...addresses].find((each) => each !== socket) ?? "") : undefined;
    },
    cleanUp: () => rmSync(own, { recursive: true, force: true, maxRetries: 3 }),
  });
  return {
    socket,
    host: `unix://${socket}`,
    tcpHost: server.ready === "" ? undefined : `tcp://${server.ready}`,
    folder,
    api: (target, request) => askOverSocket(socket, target, request),
    log: server.log,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function tcpFlags(tcp: DockerdOptions["tcp"]): readonly string[] {
  if (tcp === undefined) return [];
  const flags = ["--host", "tcp://127.0.0.1:0"];
  if (tcp === "plain") return flags;
  const { authority, server } = tcp;
  const files = [
    "--tlscacert",
    authority.certificate,
    "--tlscert",
    server.certificate,
    "--tlskey",
    server.key,
  ];
  return [...flags, "--tlsverify", ...files];
}

async function askOverSocket(
  socketPath: string,
  target: string,
  { method = "GET", headers = {}, body }: DockerdRequest = {},
): Promise<DockerdResponse> {
  const request = http.request({ socketPath, path: target, method, headers, agent: false });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject);
  });
  if (body instanceof Readable) await Promise.all([answered, pipeline(body, request)]);
  else request.end(body);
  const response = await answered;
  const bytes = await buffer(response);
  const text = bytes.toString();
  return { status: response.statusCode ?? 0, bytes, text, json: () => JSON.parse(text) };
}
