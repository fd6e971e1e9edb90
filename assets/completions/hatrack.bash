# Completion for bash: copy it to ~/.local/share/bash-completion/completions/hatrack, or source it.
# hatrack provides the candidates, already quoted; rooms, users and hats come from the data file.
_hatrack() {
    local found each
    COMPREPLY=()
    found=$(command hatrack complete bash -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    if [[ $found == $'\tfiles' ]]; then
        compopt -o default -o bashdefault 2>/dev/null
    elif [[ $found ]]; then
        while IFS= read -r each; do
            COMPREPLY+=("$each")
        done <<<"$found"
    fi
}
complete -F _hatrack hatrack
