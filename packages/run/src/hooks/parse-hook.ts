import { type GoPattern, goPattern } from "./go-pattern.ts";
import { type Hook, type HookStage, hookStages } from "./hook.ts";
import { type Members, membersOf } from "./members.ts";
import type { Refuse } from "./refuse.ts";

/** A file of a folder of hooks: what is called, when, and for which containers. */
export interface ConfiguredHook {
  readonly hook: Hook;
  readonly stages: readonly HookStage[];
  readonly when: HookConditions;
}

export interface HookConditions {
  readonly always?: boolean | undefined;
  readonly hasBindMounts?: boolean | undefined;
  readonly annotations: readonly { readonly key: GoPattern; readonly value: GoPattern }[];
  readonly commands: readonly GoPattern[];
  /** Whether one of them is enough, as version 0.1.0 has it. */
  readonly any: boolean;
}

/**
 * Reads a file in the format of oci-hooks(5), version 1.0.0 or 0.1.0 (which need not be named). Members that are not known are passed over, as
 * containers/common does.
 */
export function parseHook(text: string, refuse: Refuse): ConfiguredHook {
  const document = membersOf(parseJson(text, refuse), refuse);
  const version = document.text("version") ?? "";
  if (version === "1.0.0") return current(document, refuse);
  if (version === "" || version === "0.1.0") return old(document, refuse);
  throw refuse(`its version is ${JSON.stringify(version)}, and 1.0.0 and 0.1.0 are known`);
}

function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse(`it is no JSON: ${cause instanceof Error ? cause.message : ""}`, cause);
  }
}

function current(document: Members, refuse: Refuse): ConfiguredHook {
  const hook = document.object("hook");
  const when = document.object("when");
  return {
    hook: {
      path: checkPath(hook?.text("path"), "hook.path", refuse),
      args: hook?.texts("args"),
      env: hook?.texts("env"),
      timeout: hook?.count("timeout"),
    },
    stages: checkStages(document.texts("stages"), refuse),
    when: {
      always: when?.flag("always"),
      hasBindMounts: when?.flag("hasBindMounts"),
      annotations: (when?.pairs("annotations") ?? []).map(([key, value]) => ({
        key: goPattern(key, refuse),
        value: goPattern(value, refuse),
      })),
      commands: patterns(when?.texts("commands"), refuse),
      any: false,
    },
  };
}

function old(document: Members, refuse: Refuse): ConfiguredHook {
  const path = checkPath(document.text("hook"), "hook", refuse);
  const more = document.texts("arguments");
  const values = either(document, ["annotations", "annotation"], refuse);
  return {
    hook: { path, ...(more && { args: [path, ...more] }) },
    stages: checkStages(either(document, ["stages", "stage"], refuse), refuse),
    when: {
      hasBindMounts: document.flag("hasbindmounts"),
      annotations: values ? [{ key: goPattern("", refuse), value: goPattern(values.join("|"), refuse) }] : [],
      commands: patterns(either(document, ["cmds", "cmd"], refuse), refuse),
      any: true,
    },
  };
}

/** The member that has two names. */
function either(
  document: Members,
  [name, other]: readonly [string, string],
  refuse: Refuse,
): readonly string[] | undefined {
  const found = document.texts(name);
  const synonym = document.texts(other);
  if (found && synonym) throw refuse(`${name} and ${other} are the same, and only one may be there`);
  return found ?? synonym;
}

function patterns(texts: readonly string[] = [], refuse: Refuse): readonly GoPattern[] {
  return texts.map((text) => goPattern(text, refuse));
}

/** What is not absolute would be looked for where somebody happens to be. */
function checkPath(path: string | undefined, name: string, refuse: Refuse): string {
  if (path === undefined || path === "") throw refuse(`${name} is missing`);
  if (!path.startsWith("/")) throw refuse(`${name} is ${JSON.stringify(path)}, which is no absolute path`);
  return path;
}

function checkStages(stages: readonly string[] | undefined, refuse: Refuse): readonly HookStage[] {
  if (stages === undefined) throw refuse("stages is missing");
  return stages.map((stage) => {
    const known = hookStages.find((one) => one === stage);
    if (known !== undefined) return known;
    throw refuse(`the stage ${JSON.stringify(stage)} is not known, of ${hookStages.join(", ")}`);
  });
}
