import { readFileSync } from "node:fs";
import { cpus, freemem, hostname, release, totalmem, uptime } from "node:os";
import { hostPlatform } from "@drayage/manifest";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { likeBuildah } from "../version.ts";
import type { BuilderInfoFlags } from "./manage.command.ts";
import { said } from "./said.ts";

/** `buildah info` */
export async function info(this: DrayContext, flags: BuilderInfoFlags, ...words: string[]): Promise<void> {
  const [word] = words;
  if (word !== undefined) throw said(`unknown command ${JSON.stringify(word)} for "buildah info"`);
  await using store = await openLocalStore(this, flags);
  const facts = {
    ...(flags.debug ? { debug: debugFacts() } : {}),
    host: hostFacts(),
    store: await storeFacts(this, store, flags.storageOpt ?? []),
  };
  if (!flags.format) {
    this.process.stdout.write(goIndentedJson(facts));
    return;
  }
  if (!flags.format.includes("{{")) throw said(`invalid format provided: ${flags.format}`);
  const { renderTemplate } = await import("../template/render.ts");
  const text = renderTemplate(flags.format, facts);
  this.process.stdout.write(this.process.stdout.isTTY === true ? text : text.replace(/\n$/, ""));
}

function debugFacts(): object {
  return {
    "buildah version": likeBuildah,
    compiler: "node",
    "git commit": "",
    "node version": process.version,
  };
}

function hostFacts(): object {
  const memory = memoryFacts();
  const isOneTree = isThere("/sys/fs/cgroup/cgroup.controllers");
  return {
    CgroupVersion: isOneTree ? "v2" : "v1",
    Distribution: distribution(),
    MemFree: memory.get("MemFree") ?? freemem(),
    MemTotal: memory.get("MemTotal") ?? totalmem(),
    OCIRuntime: isOneTree ? "crun" : "runc",
    SwapFree: memory.get("SwapFree") ?? 0,
    SwapTotal: memory.get("SwapTotal") ?? 0,
    arch: hostPlatform().architecture,
    cpus: cpus().length,
    hostname: hostname(),
    kernel: release(),
    os: process.platform,
    rootless: process.getuid?.() !== 0,
    uptime: uptimeText(uptime()),
    variant: "",
  };
}

function isThere(path: string): boolean {
  return textOf(path) !== "";
}

/** Nothing where there is no such file: these are facts for people. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Bytes, by the names of /proc/meminfo. */
function memoryFacts(): ReadonlyMap<string, number> {
  const lines = textOf("/proc/meminfo").matchAll(/^(\w+):\s+(\d+) kB$/gm);
  return new Map([...lines].map(([, name = "", kilobytes]) => [name, Number(kilobytes) * 1024]));
}

function distribution(): object {
  const text = textOf("/etc/os-release");
  const value = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1]?.replace(/^"|"$/g, "") ?? "unknown";
  return { distribution: value("ID"), version: value("VERSION_ID") };
}

/** `16h 21m 6.06s (Approximately 0.67 days)` */
function uptimeText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${Number((seconds % 60).toFixed(2))}s`;
  if (hours === 0) return minutes === 0 ? rest : `${minutes}m ${rest}`;
  return `${hours}h ${minutes}m ${rest} (Approximately ${(hours / 24).toFixed(2)} days)`;
}

async function storeFacts(
  { signal }: DrayContext,
  store: Store,
  options: readonly string[],
): Promise<object> {
  const view = await store.read({ signal });
  return {
    ContainerStore: { number: view.containers.length },
    GraphDriverName: store.driver,
    GraphOptions: options,
    GraphRoot: store.graphRoot ?? "",
    GraphStatus: new Map(Object.entries(await store.facts())),
    ImageStore: { number: view.images.length },
    RunRoot: store.runRoot ?? "",
  };
}
