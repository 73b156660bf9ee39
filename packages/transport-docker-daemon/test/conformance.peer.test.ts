import { transportConformance } from "@drayage/testkit";
import { describeWithPeers } from "@drayage-internal/peers";
import { describe, it } from "vitest";
import { dockerDaemon } from "../src/index.ts";
import { daemonOfThisFile, imagesOf } from "./support/dockerd.ts";

const id = `sha256:${"ab".repeat(32)}`;

describeWithPeers("docker-daemon: against dockerd", ["dockerd", "root"], () => {
  const started = daemonOfThisFile();
  let count = 0;

  transportConformance({
    test: { describe, it },
    name: "docker-daemon",
    traits: { manifests: "made", layers: "unpacked" },
    async setup() {
      const daemon = await started();
      return {
        transport: dockerDaemon({ env: { DOCKER_HOST: daemon.host } }),
        reference: () => `localhost/conformance/r${count++}:v1`,
        snapshot: () => imagesOf(daemon),
        dispose: async () => undefined,
      };
    },
    references: {
      valid: ["busybox:1", `a/b@${id}`, id, "localhost:5000/a/b:tag", "docker.io/library/busybox:1"],
      invalid: ["busybox", "busybox:", "BUSYBOX:1", "sha256:abc", "ab".repeat(32), `busybox:1@${id}`],
    },
    skip: [
      {
        reason: 'docker saves no image without layers ("empty export - not implemented")',
        cases: ["keeps an image without layers"],
      },
    ],
  });
});
