import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { describeWithPeers, temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { connect } from "../src/daemon.ts";
import { deferred } from "../src/deferred.ts";
import { fakeDaemon } from "./support/fake-daemon.ts";

const answer = (): void => undefined;

describe("a daemon", () => {
  it("is found where DOCKER_HOST says, and tells its system", async () => {
    const { host } = await fakeDaemon({ answer });
    const daemon = await connect({}, { env: { DOCKER_HOST: host } });
    expect(daemon).toMatchObject({ shown: `the docker daemon at ${host}`, os: "linux" });
    daemon.close();
  });

  it("is found where the option says, which goes before DOCKER_HOST", async () => {
    const { host } = await fakeDaemon({ answer });
    const env = { DOCKER_HOST: "unix:///nowhere" };
    const daemon = await connect({ connection: { daemonHost: host } }, { env });
    expect(daemon.shown).toBe(`the docker daemon at ${host}`);
    daemon.close();
  });
});

describe("what is no daemon", () => {
  it("is a socket that is not there", async () => {
    const host = `unix://${path.join(temporaryDirectory(), "docker.sock")}`;
    await expect(connect({}, { env: { DOCKER_HOST: host } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONNECTION",
      message: expect.stringMatching(/^the docker daemon at unix:.*: there is no such socket \(ENOENT\)$/),
      hint: "start the daemon, or say where it listens (DOCKER_HOST, --daemon-host)",
    });
  });

  it("is something that answers otherwise", async () => {
    const server = createTcpServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
    });
    const socket = path.join(temporaryDirectory(), "docker.sock");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    await expect(connect({}, { env: { DOCKER_HOST: `unix://${socket}` } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: `the docker daemon at unix://${socket} answers 404 where a docker daemon says OK`,
    });
  });

  it("is something that says nothing, until the signal is aborted", async () => {
    const controller = new AbortController();
    const closed = deferred<void>();
    const server = createTcpServer((socket) => {
      socket.once("data", () => controller.abort()).once("close", () => closed.resolve());
    });
    const socket = path.join(temporaryDirectory(), "docker.sock");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    const connecting = connect({ signal: controller.signal }, { env: { DOCKER_HOST: `unix://${socket}` } });
    await expect(connecting).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    await closed.promise;
  });
});

describeWithPeers("a socket of another's", ["root"], () => {
  it("is refused with a hint", async () => {
    const { host } = await fakeDaemon({ answer });
    const socket = host.slice("unix://".length);
    chmodSync(socket, 0o600);
    chmodSync(path.dirname(socket), 0o755);
    const folder = temporaryDirectory();
    const worker = await bundleForNode(path.join(import.meta.dirname, "connect-worker.ts"), folder);
    chmodSync(folder, 0o755);
    const child = spawn(process.execPath, [worker, host], {
      uid: 65_534,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
    expect(JSON.parse(said)).toEqual({
      code: "ERR_DRAYAGE_CONNECTION",
      message: `the docker daemon at ${host}: cannot connect to ${socket}: permission denied (EACCES)`,
      hint: "run as root, or as a member of the group that the socket belongs to (docker)",
    });
  });
});
