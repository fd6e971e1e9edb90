//! `docs/keys.md` is made from the table of commands, so it cannot go stale: `HATRACK_UPDATE=1 cargo test --test keys`
//! writes it again.

use std::fmt::Write as _;

use hatrack::app::command::{COMMANDS, Place};

#[test]
fn the_documentation_of_keys_is_the_table_of_commands() {
    let mut page = String::from(
        "# Keys\n\nMade from the program's own table of commands. `?` shows the same on the screen, for where you are.\nOther keys are given in [config.toml](terminals.md).\n",
    );
    for place in Place::ALL {
        write!(page, "\n## {}\n\n| key | does |\n|---|---|\n", place.title()).unwrap();
        for command in COMMANDS.iter().filter(|command| command.place == place) {
            let keys: Vec<String> = command
                .keys
                .iter()
                .map(|key| format!("`{}`", key.name()))
                .collect();
            writeln!(page, "| {} | {} |", keys.join(" "), command.help).unwrap();
        }
    }
    page.push_str(
        "\nText fields take readline's keys too: `Ctrl-A` `Ctrl-E` start and end, `Ctrl-W` a word back, `Ctrl-U` to the start,\n\
         `Ctrl-K` to the end, `Alt-B` `Alt-F` a word back and on. A paste is taken as one line.\n",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    if std::env::var_os("HATRACK_UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == page,
        "docs/keys.md is not what the table says; HATRACK_UPDATE=1 cargo test --test keys writes it again"
    );
}
