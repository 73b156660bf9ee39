import { transportConformance } from "@drayage/testkit";
import { describeWithPeers, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { describe, it } from "vitest";
import { docker } from "../src/index.ts";
import { machineWithoutConfiguration } from "./support/machine.ts";
import { tagsIn } from "./support/tags-in.ts";

describeWithPeers("docker: against docker-registry", ["docker-registry"], () => {
  let starting: Promise<TestRegistry> | undefined;
  let count = 0;

  transportConformance({
    test: { describe, it },
    name: "docker",
    async setup() {
      starting ??= startRegistry({ deletable: true });
      const registry = await starting;
      const repositories: string[] = [];
      const registries = machineWithoutConfiguration([registry.host]);
      return {
        transport: docker({ registries, env: {} }),
        reference() {
          const repository = `conformance/r${count++}`;
          repositories.push(repository);
          return `//${registry.host}/${repository}:v1`;
        },
        // Blobs and manifests that nothing names are what a registry's garbage collection is for.
        snapshot: async () => {
          const tags = await Promise.all(repositories.map((repository) => tagsIn(registry.url, repository)));
          const all = repositories.map((repository, index) => [repository, tags[index] ?? {}] as const);
          return all.filter(([, names]) => Object.keys(names).length > 0);
        },
        dispose: async () => undefined,
      };
    },
    references: {
      valid: ["//a", "//a:b", "//quay.io/a/b@@unknown-digest@@", `//a/b:c@sha256:${"ab".repeat(32)}`],
      invalid: ["a", "/a", "//", "//A/b", "//a:", "//a:b@@unknown-digest@@"],
    },
  });
});
