import { beside, floors, formats } from "./tools/checks/floors.mjs";

/** @param {readonly string[]} names */
const sources = (names) => `^packages/(?:${names.join("|")})/src/`;
const known = [...floors.flat(), beside];
const pluginFloor = floors.findIndex((floor) => floor.includes("transport-dir"));

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const floorRules = floors.map((floor, index) => ({
  name: `floor-${index}-looks-down`,
  comment: `${floor.join(", ")} may import only from floors below (tools/checks/floors.mjs)`,
  severity: "error",
  from: { path: `^packages/(${floor.join("|")})/src/` },
  to: {
    path: "^packages/",
    // Its own files, and the floors below.
    pathNot: ["^packages/$1/src/", ...(index > 0 ? [sources(floors.slice(0, index).flat())] : [])],
  },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...floorRules,
    {
      name: "floor-is-known",
      comment: "Every package stands on a floor of tools/checks/floors.mjs",
      severity: "error",
      from: { path: "^packages/", pathNot: `^packages/(?:${known.join("|")})/` },
      to: {},
    },
    {
      name: "testkit-is-beside",
      comment: "The testkit uses nothing from the plugins' floor up",
      severity: "error",
      from: { path: `^packages/${beside}/src/` },
      to: { path: "^packages/", pathNot: sources([beside, ...floors.slice(0, pluginFloor).flat()]) },
    },
    {
      name: "formats-run-in-browsers",
      comment: "The formats packages import nothing of Node",
      severity: "error",
      from: { path: sources(formats) },
      to: { dependencyTypes: ["core"], dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "npm-no-pkg",
      comment: "What a package imports from npm stands in its own package.json",
      severity: "error",
      from: { path: "^(?:packages|examples)/[^/]+/src/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"] },
    },
    {
      name: "through-the-front-door",
      comment: "Packages import each other by name, never by path",
      severity: "error",
      from: { path: "^(?:packages|examples)/([^/]+)/" },
      to: {
        path: "^(?:packages|examples)/",
        pathNot: "^(?:packages|examples)/$1/",
        dependencyTypes: ["local"],
      },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: { path: "^(?:packages|examples)/" },
      // Types vanish, and what is imported when it is needed is no part of a start.
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only", "dynamic-import"] } },
    },
    {
      name: "resolvable",
      comment: "Every import leads somewhere",
      severity: "error",
      from: { path: "^(?:packages|examples|tools)/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(?:^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@drayage/source", "import", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".json", ".d.ts"],
    },
  },
};
