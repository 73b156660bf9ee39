#!/usr/bin/env node
import { keepCompiledCode } from "./compile-cache.ts";
import { setEngineFlags } from "./engine-flags.ts";
import { personalityOf } from "./personality.ts";
import { quickInspection } from "./quick/inspection.ts";
import { rootHelp } from "./quick/root-help.ts";
import { mayBeTerminal } from "./terminal.ts";
import { isVersionRequest, versionLine } from "./version.ts";
import { writeDirectly } from "./write-directly.ts";

// What is imported here is loaded whatever the command is to do: next to nothing.
void answer(process.argv.slice(2));

async function answer(argv: readonly string[]): Promise<void> {
  const text = quickAnswer(argv);
  const rest = text === undefined ? undefined : writeDirectly(1, Buffer.from(text)).rest;
  if (rest?.length === 0) return;
  if (goesThroughLayers(argv)) setEngineFlags();
  keepCompiledCode(process.env, import.meta.dirname);
  const { print, runProcess } = await import("./process.ts");
  await (rest === undefined ? runProcess() : print(rest));
}

/** Else it is not worth the two milliseconds that it takes. */
function goesThroughLayers(argv: readonly string[]): boolean {
  return argv.includes("copy") || argv.includes("sync") || argv.includes("validate");
}

/** What is asked for most, and can be answered without the whole command. */
function quickAnswer([first, ...others]: readonly string[]): string | undefined {
  const personality = personalityOf(process.argv[1]);
  if (personality === "buildah") return undefined;
  if (isVersionRequest(first)) return versionLine(personality);
  if (others.length === 0 && isHelpRequest(first)) {
    return personality === "dray" && !mayBeTerminal(1) ? rootHelp : undefined;
  }
  const [image] = others;
  if (first !== "inspect" || image === undefined || others.length > 1) return undefined;
  return quickInspection(image, { personality, env: process.env });
}

function isHelpRequest(argument: string | undefined): boolean {
  return argument === undefined || argument === "--help" || argument === "-h" || argument === "help";
}
