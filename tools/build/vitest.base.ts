import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from "vitest/config";
import { viteCodePlugin } from "./code-plugin.ts";

const conditions = ["@drayage/source", "module", "node", "development|production"];

/** What all tests share: they run on sources, without a build. */
const shared: ViteUserConfig = {
  plugins: [viteCodePlugin],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { pool: "forks", watch: false, testTimeout: 60_000, hookTimeout: 120_000 },
};

/** The vitest settings of one package. */
export function vitestBase(root: string): ViteUserConfig {
  return defineConfig({ ...shared, root, test: { ...shared.test, include: ["test/**/*.test.ts"] } });
}

/** The settings of the whole workspace, as one process: a project for each kind of test. */
export function vitestWorkspace(root: string): ViteUserConfig {
  return defineConfig({
    ...shared,
    root,
    test: {
      ...shared.test,
      projects: [
        project("units", ["packages/*/test/**/*.test.ts"], ["**/*.peer.test.ts"]),
        project("peers", ["packages/*/test/**/*.peer.test.ts"]),
        project("workspace", ["{tools,examples}/*/test/**/*.test.ts"]),
      ],
    },
  });
}

function project(name: string, include: string[], exclude: string[] = []): TestProjectConfiguration {
  return { extends: true, test: { name, include, exclude: ["**/node_modules/**", ...exclude] } };
}
