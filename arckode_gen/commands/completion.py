"""`arckode completion`: the script that teaches a shell arckode's commands, flags and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

# Readline cuts words at ':' and '=' and replaces the last piece only, so what stands before it is taken off.
_BASH = r"""_arckode_complete() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} program=${1/#\~/$HOME} current keep='' part mark
    local -a words
    read -r -a words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    current=${words[${#words[@]}-1]}
    for mark in : =; do
        if [[ $COMP_WORDBREAKS == *"$mark"* && $current == *"$mark"* ]]; then
            part=${current%"$mark"*}$mark
            (( ${#part} > ${#keep} )) && keep=$part
        fi
    done
    IFS=$'\n'
    COMPREPLY=($(_ARCKODE_COMPLETE=1 "$program" "${words[@]:1}" 2>/dev/null))
    COMPREPLY=("${COMPREPLY[@]#"$keep"}")
}
complete -o default -F _arckode_complete arckode
"""

_ZSH = r"""#compdef arckode
_arckode() {
    local -a found
    found=("${(@f)$(_ARCKODE_COMPLETE=1 ${words[1]} "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( ${#found} )); then compadd -- $found; else _files; fi
}
if [[ $funcstack[1] == _arckode ]]; then _arckode "$@"; else compdef _arckode arckode; fi
"""

_FISH = r"""function __arckode_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -lx _ARCKODE_COMPLETE 1
    set -l found ($before[1] $before[2..-1] "$current" 2>/dev/null)
    if set -q found[1]; printf '%s\n' $found; else; __fish_complete_path "$current"; end
end
complete -c arckode -f -a '(__arckode_complete)'
"""

SCRIPTS = {"bash": _BASH, "fish": _FISH, "zsh": _ZSH}

SPEC = CommandSpec(
    "completion",
    "Print the script that completes commands, flags and choices in a shell.",
    examples=(
        'eval "$(arckode completion bash)"',
        "arckode completion zsh > ~/.zfunc/_arckode",
        "arckode completion fish > ~/.config/fish/completions/arckode.fish",
    ),
    params=(Param("shell", kind="argument", required=True, choices=tuple(SCRIPTS), help="Whose script to print."),),
    details="Put the first line into ~/.bashrc. A project's own stubs are completed inside the project.",
)


def run(call: Call) -> int:
    """Print the script."""
    script = SCRIPTS[call.text("shell")].rstrip("\n")
    if call.json:
        import json

        script = json.dumps({"version": 1, "shell": call.text("shell"), "script": script}, indent=2)
    call.write(script)
    return 0
