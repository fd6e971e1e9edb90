# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_hatrack_global_optspecs
    string join \n file= actor= room= read-only demo mouse ascii color= background= h/help V/version
end

function __fish_hatrack_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_hatrack_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_hatrack_using_subcommand
    set -l cmd (__fish_hatrack_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c hatrack -n "__fish_hatrack_needs_command" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_needs_command" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_needs_command" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_needs_command" -l color -d 'How many colours [default: what the terminal\'s variables say]' -r -f -a "auto\t''
always\t''
never\t''
truecolor\t''
256\t''
16\t''"
complete -c hatrack -n "__fish_hatrack_needs_command" -l background -d 'What is behind the text [default: what the terminal says]' -r -f -a "auto\t''
dark\t''
light\t''"
complete -c hatrack -n "__fish_hatrack_needs_command" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_needs_command" -l demo -d 'Open the screen on a sample wardrobe; nothing is written anywhere'
complete -c hatrack -n "__fish_hatrack_needs_command" -l mouse -d 'Begin with the mouse on (it can be switched on and off at any time): selecting text then needs Shift'
complete -c hatrack -n "__fish_hatrack_needs_command" -l ascii -d 'Show only ASCII [default: on a Linux console and where the locale is not UTF-8]'
complete -c hatrack -n "__fish_hatrack_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hatrack -n "__fish_hatrack_needs_command" -s V -l version -d 'Print version'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "show" -d 'Print all rooms, one room or one user'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "add" -d 'Give a user a hat, exactly as told: one that is there under that id is replaced'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "remove" -d 'Take a hat from a user'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "set" -d 'Make a user\'s hats exactly those of a JSON object: all of it or nothing'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "room" -d 'Add, rename or remove a room'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "affiliate" -d 'Set a user\'s affiliation with a room; "none" removes the user with their hats'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "sets" -d 'List the named sets of hats; save, put on, rename or remove one'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "export" -d 'Print all rooms, one room or one user as JSON, or as a table for spreadsheets'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "import" -d 'Add what is in a file: rooms, users and hats, all of it or nothing'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "check" -d 'Look whether the data file and its history can be read, changing nothing'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "config" -d 'Check the configuration of the screen, or print all there is to set'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "history" -d 'Print who did what, newest first'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "undo" -d 'Take back your last change, or the one with this number'
complete -c hatrack -n "__fish_hatrack_needs_command" -f -a "redo" -d 'Put back what your last undo took, or the undo with this number'
complete -c hatrack -n "__fish_hatrack_using_subcommand show" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand show" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand show" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand show" -l json -d 'As JSON: the whole document, the room\'s object, or the user\'s object'
complete -c hatrack -n "__fish_hatrack_using_subcommand show" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand show" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l title -d 'The label that people read' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l active -d 'The user wears it now'
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l required -d 'The user cannot take it off'
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand add" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand remove" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand remove" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand remove" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand remove" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand remove" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand set" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand set" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand set" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand set" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand set" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -f -a "add" -d 'Add a room without users'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -f -a "rename" -d 'Give a room another name, or with none take its name away'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and not __fish_seen_subcommand_from add rename remove" -f -a "remove" -d 'Remove a room with its users and their hats'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from add" -l name -d 'What people call it' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from add" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from add" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from add" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from add" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from rename" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from rename" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from rename" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from rename" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from remove" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from remove" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from remove" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from remove" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand room; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand affiliate" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand affiliate" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand affiliate" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand affiliate" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand affiliate" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -l json -d 'As a JSON object by name'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -f -a "save" -d 'Save the hats of a user under a name'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -f -a "put" -d 'Make the hats of users exactly those of a set, or give them these too'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -f -a "rename" -d 'Give a set another name'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and not __fish_seen_subcommand_from save put rename remove" -f -a "remove" -d 'Remove a set; nobody\'s hats change'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from save" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from save" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from save" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from save" -l force -d 'Replace the set of that name'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from save" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from put" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from put" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from put" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from put" -l add -d 'Leave what they have, and give them what they do not have'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from put" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from put" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from rename" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from rename" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from rename" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from rename" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from remove" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from remove" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from remove" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from remove" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand sets; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l output -d 'Into this file; one that ends in .csv is a table' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l csv -d 'As a table (CSV): a row for each hat'
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l force -d 'Replace the file if it is there'
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand export" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l into -d 'The room that a room\'s or a user\'s JSON object is for' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l user -d 'The user that a user\'s JSON object, or an object of hats, is for' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l csv -d 'It is a table [default: by its name, else by what is in it]'
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l json -d 'It is JSON'
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l dry-run -d 'Say what it would do, and do nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l replace -d 'Make it exactly what the JSON says: what is not in it goes'
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand import" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand check" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand check" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand check" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand check" -l repair -d 'Keep every line of the history that can be read; the damaged ones go into a file beside it'
complete -c hatrack -n "__fish_hatrack_using_subcommand check" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand check" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -l check -d 'Look whether the configuration, or another file, can be read' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -l print-default -d 'Print the configuration as it comes, with all there is to set'
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand config" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l in -d 'Only what touches this room' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l user -d 'Only what touches this user' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l hat -d 'Only what touches the hat with this id' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l by -d 'Only what was done by somebody whose name has this in it' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l limit -d 'At most so many entries [default: 100, with --json all]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l forget -d 'Forget for good what was done before a day (2026-01-31) or a moment (2026-01-31T12:00:00Z)' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l json -d 'As a JSON array of entries'
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand history" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand undo" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand undo" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand undo" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand undo" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand undo" -s h -l help -d 'Print help'
complete -c hatrack -n "__fish_hatrack_using_subcommand redo" -l file -d 'The data file; made with the first change' -r -F
complete -c hatrack -n "__fish_hatrack_using_subcommand redo" -l actor -d 'Your name in the history [default: the login name, with the address that an SSH line comes from]' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand redo" -l room -d 'See and change only this room; can be given several times' -r
complete -c hatrack -n "__fish_hatrack_using_subcommand redo" -l read-only -d 'Change nothing'
complete -c hatrack -n "__fish_hatrack_using_subcommand redo" -s h -l help -d 'Print help'
