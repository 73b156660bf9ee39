import { defineConfig } from "vitest/config";

const conditions = ["@drayage/source", "module", "node", "development|production"];

/** The vitest settings of one package, or of the whole workspace: tests run on sources, without a build. */
export function vitestBase(
  root: string,
  include: string[] = ["test/**/*.test.ts"],
): ReturnType<typeof defineConfig> {
  return defineConfig({
    root,
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { include, pool: "forks", watch: false, testTimeout: 60_000, hookTimeout: 120_000 },
  });
}
