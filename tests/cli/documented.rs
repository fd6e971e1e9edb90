//! The examples of configuration files in the documentation.

use std::path::{Path, PathBuf};

use hatrack::cli::config::read;

fn pages(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            all.push(path);
        }
    }
}

#[test]
fn every_documented_configuration_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![root.join("README.md")];
    pages(&root.join("docs"), &mut all);
    let (mut examples, mut servers) = (0, 0);
    for page in all {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            match read(block) {
                Ok(config) => servers += config.servers.len(),
                Err(errors) => panic!("{}: {errors:?}: {block}", page.display()),
            }
            examples += 1;
        }
        // An indented section would go unseen.
        assert!(
            !text.contains("\n    [servers."),
            "{}: use ```toml",
            page.display()
        );
    }
    assert!(
        examples >= 2 && servers >= 2,
        "{examples} examples, {servers} servers"
    );
}
