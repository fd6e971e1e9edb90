# What could stand next, for bash: put it into ~/.local/share/bash-completion/completions/hatrack, or source it.
# The program itself says it, quoted; it reads the data file for rooms, users and hats.
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
