import { sanitizeText } from "@drayage/errors";
import type { FileEntry, FileType } from "@drayage/image-files";

const typeLetters: Readonly<Record<FileType, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  character: "c",
  block: "b",
  fifo: "p",
};

/** `rwxr-sr-t`, as ls(1) prints a mode. */
function modeText({ type, mode }: Pick<FileEntry, "type" | "mode">): string {
  const bits = [...(mode & 0o777).toString(2).padStart(9, "0")];
  const letters = bits.map((bit, at) => (bit === "1" ? ("rwx"[at % 3] ?? "") : "-"));
  const special: [bit: number, at: number, letter: string][] = [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ];
  for (const [bit, at, letter] of special) {
    if ((mode & bit) !== 0) letters[at] = letters[at] === "x" ? letter : letter.toUpperCase();
  }
  return typeLetters[type] + letters.join("");
}

/** `2026-01-31 08:00`, in UTC. */
function timeText({ seconds }: FileEntry["mtime"]): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString().slice(0, 16).replace("T", " ");
}

/** One line as `ls -l` has it: mode, owner, group, size, time, name. */
export function longLines(entries: readonly { entry: FileEntry; name: string }[]): readonly string[] {
  const cells = entries.map(({ entry, name }) => [
    modeText(entry),
    `${entry.uid}`,
    `${entry.gid}`,
    entry.type === "character" || entry.type === "block"
      ? `${entry.devmajor}, ${entry.devminor}`
      : `${entry.size}`,
    timeText(entry.mtime),
    sanitizeText(entry.type === "symlink" ? `${name} -> ${entry.linkname}` : name),
  ]);
  const numbers = [1, 2, 3];
  const width = (column: number): number => Math.max(0, ...cells.map((row) => (row[column] ?? "").length));
  const widths = new Map(numbers.map((column) => [column, width(column)]));
  return cells.map((row) => row.map((cell, column) => cell.padStart(widths.get(column) ?? 0)).join(" "));
}
