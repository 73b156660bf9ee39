import type { Output } from "./context.ts";

/** What a line of help has at most where no terminal says how many characters it shows. */
const usualWidth = 100;
/** Fewer than these are not worth a column of their own. */
const leastRoom = 20;

export function helpWidth({ isTTY, columns = usualWidth }: Output): number {
  return isTTY === true ? Math.max(columns, 40) : usualWidth;
}

/** The same target of the parser, whose help has no longer lines; commands in its examples stay whole. */
export function helpWithin<T extends { formatHelp(args: never): string }>(target: T, width: number): T {
  const formatHelp: T["formatHelp"] = (args: never) => wrapHelp(target.formatHelp(args), width);
  return { ...target, formatHelp };
}

/** Sections whose lines are a name, and what is said of it. */
const tables: Readonly<Record<string, RegExp>> = {
  FLAGS: /^( +.*?--\S* {2,})(\S.*)$/,
  COMMANDS: /^( +\S+(?: \S+)* {2,})(\S.*)$/,
  ARGUMENTS: /^( +\S+(?: \S+)* {2,})(\S.*)$/,
};

export function wrapHelp(text: string, width: number): string {
  let row: RegExp | undefined;
  return blocks(text.split("\n"))
    .flatMap((block) => {
      const heading = block.length === 1 ? /^[A-Z]+$/.exec(plain(block[0] ?? "")) : null;
      if (heading !== null) row = tables[heading[0]];
      if (block.every((line) => plain(line).length <= width)) return block;
      if (!block[0]?.startsWith(" "))
        return fill(block.join(" ").split(/ +/), { width, first: "", indent: 0 });
      return row === undefined ? block : block.flatMap(rowWrapper(row, width));
    })
    .join("\n");
}

/** Lines that belong together: paragraphs, and what is indented. */
function blocks(lines: readonly string[]): readonly (readonly string[])[] {
  const found: string[][] = [];
  let before = "";
  for (const line of lines) {
    const isHeading = /^[A-Z]+$/.test(plain(before));
    const goesOn =
      before !== "" && line !== "" && !isHeading && line.startsWith(" ") === before.startsWith(" ");
    if (goesOn) found.at(-1)?.push(line);
    else found.push([line]);
    before = line;
  }
  return found;
}

function rowWrapper(row: RegExp, width: number): (line: string) => readonly string[] {
  return (line) => {
    const [, name, rest = ""] = row.exec(line) ?? [];
    if (name === undefined) return [line];
    const [, brief = rest, suffix] = suffixed.exec(rest) ?? [];
    const words = [...brief.split(/ +/), ...(suffix === undefined ? [] : [suffix])];
    const indent = plain(name).length;
    return width - indent >= leastRoom
      ? fill(words, { width, first: name, indent })
      : [name.trimEnd(), ...fill(words, { width, first: " ".repeat(8), indent: 8 })];
  };
}

/** The choices, the default or the separator, which the parser writes behind all else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of the terminal
const suffixed = /^(.*?) +(\[(?:\u001b\[[\d;]*m|[^[\]\u001b])*\])$/;

function fill(
  words: readonly string[],
  { width, first, indent }: { readonly width: number; readonly first: string; readonly indent: number },
): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let length = indent;
  for (const word of words) {
    const more = plain(word).length + (length > indent ? 1 : 0);
    if (length > indent && length + more > width) {
      lines.push(line);
      line = " ".repeat(indent) + word;
      length = indent + plain(word).length;
    } else {
      line += length > indent ? ` ${word}` : word;
      length += more;
    }
  }
  return [...lines, line];
}

/** Without the colours, which have no width. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of the terminal
  return text.replace(/\u001b\[[\d;]*m/g, "");
}
