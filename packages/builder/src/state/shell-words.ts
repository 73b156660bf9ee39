import { DrayageError } from "@drayage/errors";

/**
 * The words of a line as buildah's flags split them: blanks, quotes and backslashes as in a shell, nothing expanded. What comes behind `;`, `&`, `|`,
 * `<` or `>` is left out. `$(…)` and backticks stay together, and stay.
 *
 * @param what what the line is, for messages: `--cmd`
 * @throws ERR_DRAYAGE_USAGE where a quote or a bracket is not closed
 */
export function shellWords(line: string, what: string): readonly string[] {
  const words: string[] = [];
  let word = "";
  let begun = false;
  let escaped = false;
  let quote: "" | "'" | '"' = "";
  let isBacktick = false;
  let isCommand = false;
  const end = (): void => {
    if (begun) words.push(word);
    word = "";
    begun = false;
  };

  for (const character of line) {
    if (escaped) {
      word += character;
      begun = true;
      escaped = false;
      continue;
    }
    if (character === "\\") {
      // As elsewhere in it, a backslash alone begins no word.
      if (quote === "'") word += character;
      else escaped = true;
      continue;
    }
    if (/[ \t\r\n]/.test(character)) {
      if (quote !== "" || isBacktick || isCommand) word += character;
      else if (begun) end();
      continue;
    }
    if (character === "`" && quote === "" && !isCommand) {
      isBacktick = !isBacktick;
    } else if (character === ")" && quote === "" && !isBacktick) {
      isCommand = !isCommand;
    } else if (character === "(" && quote === "" && !isBacktick) {
      if (isCommand || !word.endsWith("$")) throw unclosed(line, what);
      isCommand = true;
      word += character;
      continue;
    } else if (character === '"' && quote !== "'" && !isCommand) {
      if (quote === '"') begun = true;
      quote = quote === '"' ? "" : '"';
      continue;
    } else if (character === "'" && quote !== '"' && !isCommand) {
      if (quote === "'") begun = true;
      quote = quote === "'" ? "" : "'";
      continue;
    } else if (";&|<>".includes(character) && quote === "" && !isBacktick && !isCommand) {
      // The number of a file that would be written to is no word.
      if (character === ">" && /^[0-9]/.test(word)) begun = false;
      break;
    }
    begun = true;
    word += character;
  }
  end();
  if (escaped || quote !== "" || isBacktick || isCommand) throw unclosed(line, what);
  return words;
}

function unclosed(line: string, what: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `${what} ${JSON.stringify(line)}: a quote or a bracket is not closed, or a bracket is not quoted`,
    { hint: `write a JSON list instead: ["program", "argument"]` },
  );
}
