import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { RunOptions } from "@drayage/builder";
import { errnoOf, ioError } from "@drayage/errors";
import type { NamespaceFlags } from "./container-flags.ts";
import { said } from "./said.ts";

type Namespaces = NonNullable<RunOptions["namespaces"]>;
type Choice = NonNullable<Namespaces["ipc"]>;

/** The machine's, the container's own, or those of others, by paths. Processes are always in one of their own. */
export async function namespacesOf({ cgroupns, ipc, pid, uts }: NamespaceFlags): Promise<Namespaces> {
  if (own(pid) === undefined && pid !== undefined) {
    throw said(
      `--pid ${pid}: the processes of a command are always in a namespace of their own, so that all of them end with it`,
      "private",
    );
  }
  return {
    cgroup: await choiceOf("cgroup", cgroupns),
    ipc: await choiceOf("ipc", ipc),
    uts: await choiceOf("uts", uts),
  };
}

/** What `--network` asks for. */
export async function networkOf(text = ""): Promise<RunOptions["network"]> {
  if (text === "") return undefined;
  if (text === "none") return text;
  if (text === "host" || own(text) !== undefined || isAbsolute(pathIn(text)))
    return choiceOf("network", text);
  throw said(`--network: choose private, none, host or the path of a namespace, not ${JSON.stringify(text)}`);
}

async function choiceOf(name: string, text: string | undefined): Promise<Choice | undefined> {
  if (text === undefined || text === "host") return text;
  return own(text) ?? joined(name, pathIn(text));
}

function own(text: string | undefined): "private" | undefined {
  return text === "" || text === "private" || text === "container" ? "private" : undefined;
}

function pathIn(text: string): string {
  return text.replace(/^ns:/, "");
}

async function joined(name: string, path: string): Promise<Choice> {
  try {
    await stat(path);
    return { path };
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, `join the ${name} namespace`, { path });
    throw said(
      `checking ${name} namespace: stat ${path}: no such file or directory`,
      "private, host, the path of a namespace",
    );
  }
}
