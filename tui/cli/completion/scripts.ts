/** The shells' side of completion: as little as each needs to ask `aetherscale __complete` and show its answer. */

/*
 * The program is the one in PATH and never the word typed: pressing Tab after ./aetherscale must not run a file that happens
 * to lie there.
 */
const bash = `_aetherscale() {
  local current=\${COMP_WORDS[COMP_CWORD]} line
  [[ $current == "=" ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      line=\${line%%$'\\t'*}
      [[ $line == *= ]] && compopt -o nospace 2>/dev/null
      COMPREPLY+=("$line")
    fi
  done < <(aetherscale __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _aetherscale aetherscale`

/* Sourced, it registers the function; as a file of fpath it is the function, the first time. */
const zsh = `#compdef aetherscale
_aetherscale() {
  local line
  local -a whole open
  for line in "\${(@f)$(aetherscale __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files ;;
      *=$'\\t'*) open+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *$'\\t'*) whole+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) whole+=("\${line//:/\\\\:}") ;;
    esac
  done
  (( $#whole )) && _describe aetherscale whole
  (( $#open )) && _describe aetherscale open -S ''
  return 0
}
if [[ $funcstack[1] == _aetherscale ]]; then _aetherscale "$@"; else compdef _aetherscale aetherscale; fi`

const fish = `function __aetherscale_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (aetherscale __complete $words "$current" 2>/dev/null)
    for line in $lines
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c aetherscale -f -a '(__aetherscale_complete)'`

const scripts = { bash, zsh, fish } as const

/** The script for a shell of the table's choices. */
export function renderScript(shell: string): string[] {
  return [scripts[shell as keyof typeof scripts]]
}
