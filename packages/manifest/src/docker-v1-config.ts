import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import type { HistoryEntry } from "./config.ts";
import { encodeDockerHistory, encodeDockerV1Config, flag, text } from "./encode-config.ts";
import { encodeGoJson, goJsonText, RawJson } from "./json/encode.ts";
import { parseJson } from "./json/parse.ts";
import { utf8 } from "./json/text.ts";
import { configLimit } from "./limits.ts";
import { parseConfig } from "./parse-config.ts";
import { zeroTime } from "./time.ts";
import type { DockerV1Details } from "./types.ts";

/**
 * The config of an image that came as docker v2s1, as docker and containers/image make it: the top layer's
 * entry without what is about layers, with the history of all entries and the diffIDs. Configs of docker
 * before 1.8.3 are first given the fields that later ones have.
 */
export function configFromDockerV1(v1: DockerV1Details, diffIds: readonly Digest[]): Uint8Array {
  const top = utf8(v1.history[0]?.v1Compatibility ?? "{}");
  const config = parseConfig(top);
  const isOld = config.docker_version ? versionBefore183(config.docker_version) : false;
  const members = rawMembers(isOld ? encodeDockerV1Config(config) : top);
  for (const name of ["id", "parent", "parent_id", "layer_id", "throwaway", "Size"]) members.delete(name);
  const history: HistoryEntry[] = [...v1.history].reverse().map((entry) => ({
    created: entry.created,
    author: entry.author,
    created_by: entry.cmd.join(" "),
    comment: entry.comment,
    empty_layer: entry.throwaway,
  }));
  members.set(
    "rootfs",
    new RawJson(encodeGoJson({ type: "layers", diff_ids: diffIds.length === 0 ? undefined : diffIds })),
  );
  members.set("history", encodeDockerHistory(history));
  return encodeGoJson(members);
}

/** As docker compares versions: numbers between dots, and what is no number is 0. */
function versionBefore183(version: string): boolean {
  const parts = version.split(".").map((part) => (/^[+-]?\d+$/.test(part) ? Number(part) : 0));
  const wanted = [1, 8, 3];
  for (let i = 0; i < Math.max(parts.length, wanted.length); i += 1) {
    const difference = (parts[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The entry of a layer below the top one, in docker v2s1: only what is about that layer. */
export function layerEntry(history: HistoryEntry, id: string, parent: string): string {
  return goJsonText({
    id,
    parent: text(parent),
    comment: text(history.comment),
    created: history.created ?? zeroTime,
    container_config: { Cmd: [history.created_by ?? ""] },
    author: text(history.author),
    throwaway: flag(history.empty_layer),
  });
}

/** The entry of the top layer, in docker v2s1: the config without history and diffIDs. */
export function topEntry(
  config: Uint8Array,
  entry: { readonly id: string; readonly parent: string; readonly throwaway: boolean },
): string {
  const members: Map<string, unknown> = rawMembers(config);
  members.delete("rootfs");
  members.delete("history");
  members.set("id", entry.id);
  if (entry.parent !== "") members.set("parent", entry.parent);
  if (entry.throwaway) members.set("throwaway", true);
  return goJsonText(members);
}

/** An id for a layer of docker v2s1, as docker makes it: any unique one would do. */
export function layerId(blob: Digest, parent: string, config?: Uint8Array): string {
  const head = utf8(`${digestHex(blob)} ${parent}${config === undefined ? "" : " "}`);
  const whole = new Uint8Array(head.length + (config?.length ?? 0));
  whole.set(head);
  if (config !== undefined) whole.set(config, head.length);
  return digestHex(digestBytes(whole));
}

function rawMembers(bytes: Uint8Array): Map<string, RawJson> {
  const root = parseJson(bytes, { what: "config", code: "ERR_DRAYAGE_CONFIG_INVALID", limit: configLimit });
  const members = new Map<string, RawJson>();
  if (root.kind !== "object") return members;
  for (const { name, value } of root.members) {
    members.set(name, new RawJson(bytes.subarray(value.start, value.end)));
  }
  return members;
}
