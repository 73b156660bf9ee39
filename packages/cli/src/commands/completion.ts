import type { DrayContext } from "../context.ts";
import type { Shell } from "./completion.command.ts";

// Each script hands the words typed so far to `dray __complete`, which prints a candidate a line; where it
// prints none, the shell completes file names.
const scripts: Readonly<Record<Shell, string>> = {
  bash: `# completion of dray for bash
_dray() {
  local words candidates
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local cur prev cword
    _get_comp_words_by_ref -n : -w words -i cword cur prev
    words=("\${words[@]:1:cword}")
  fi
  mapfile -t candidates < <(dray __complete "\${words[@]}" 2>/dev/null)
  COMPREPLY=("\${candidates[@]}")
  if [[ "\${candidates[0]}" == *[:/] ]]; then compopt -o nospace; fi
  if declare -F __ltrim_colon_completions >/dev/null; then
    __ltrim_colon_completions "\${words[-1]}"
  fi
}
complete -o bashdefault -o default -F _dray dray
`,
  zsh: `#compdef dray
# completion of dray for zsh
_dray() {
  local -a candidates
  candidates=("\${(@f)$(dray __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${candidates[1]}" ]]; then
    if [[ "\${candidates[1]}" == *[:/] ]]; then compadd -S '' -- "\${candidates[@]}"; else compadd -- "\${candidates[@]}"; fi
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_dray" ]; then _dray "$@"; else compdef _dray dray; fi
`,
  fish: `# completion of dray for fish
function __dray_complete
  set -l words (commandline --tokenize --cut-at-cursor --current-process) (commandline --current-token --cut-at-cursor)
  dray __complete $words[2..] 2>/dev/null
end
complete --command dray --arguments '(__dray_complete)'
`,
};

/** `dray completion` */
export function completion(this: DrayContext, _flags: Record<never, never>, shell: Shell): void {
  this.process.stdout.write(scripts[shell]);
}
