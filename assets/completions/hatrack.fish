# What could stand next, for fish: put it into ~/.config/fish/completions/hatrack.fish.
# The program itself says it; it reads the data file for rooms, users and hats. fish quotes what is put into the line.
function __hatrack_complete
    set -l found (command hatrack complete words -- (commandline -opc) (commandline -ct) 2>/dev/null)
    if test "$found" = \tfiles
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c hatrack -f -a '(__hatrack_complete)'
