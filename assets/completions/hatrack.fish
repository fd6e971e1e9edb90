# Completion for fish: copy it to ~/.config/fish/completions/hatrack.fish.
# hatrack provides the candidates; rooms, users and hats come from the data file. fish quotes the inserted text.
function __hatrack_complete
    set -l found (command hatrack complete words -- (commandline -opc) (commandline -ct) 2>/dev/null)
    if test "$found" = \tfiles
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c hatrack -f -a '(__hatrack_complete)'
