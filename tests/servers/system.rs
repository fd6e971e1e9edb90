//! The two Debian systems in which the servers are installed: this machine, Debian 12, and a tree of Debian 13 in the
//! build folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A system in which servers are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Debian 12, on which the tests run.
    Bookworm,
    /// Debian 13 in a tree of files, entered with `chroot`.
    Trixie,
}

/// Reports on standard error that a test is skipped, and why. In CI, where everything that the tests need is installed,
/// the test fails instead.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    assert!(std::env::var_os("CI").is_none(), "must run in the gate: {why}");
    let thread = std::thread::current();
    // Unlike `eprintln!`, this is not captured by the test runner.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: {}: {why}",
        thread.name().unwrap_or("a test")
    );
}

impl System {
    /// Returns the folder that is `/` in this system, or why the system cannot be used. The first call for Debian 13
    /// creates the tree, which takes a minute or two.
    pub(crate) fn root(self) -> Result<&'static Path, String> {
        static TREE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        if !rustix::process::geteuid().is_root() {
            return Err("only root can start the servers".into());
        }
        match self {
            Self::Bookworm => Ok(Path::new("/")),
            Self::Trixie => TREE.get_or_init(make_tree).as_deref().map_err(Clone::clone),
        }
    }

    /// Converts a path on this machine to the path in this system. Panics if the file does not exist or is outside.
    pub(crate) fn inside(self, path: &Path) -> String {
        let root = self.root().unwrap();
        let inside = path.canonicalize().unwrap();
        let inside = inside.strip_prefix(root.canonicalize().unwrap()).unwrap();
        format!("/{}", inside.display())
    }

    /// Returns the user ID and group ID of a user in this system, or why there are none.
    pub(crate) fn user_ids(self, name: &str) -> Result<(u32, u32), String> {
        let root = self.root()?;
        let users = std::fs::read_to_string(root.join("etc/passwd")).unwrap();
        let user = users.lines().find(|line| line.starts_with(&format!("{name}:")));
        let user = user.ok_or_else(|| format!("{name} is not installed"))?;
        let numbers: Vec<u32> = user.split(':').filter_map(|field| field.parse().ok()).collect();
        Ok((numbers[0], numbers[1]))
    }

    /// Returns the command line that runs a program in this system as a user. The program is killed when its parent
    /// ends.
    pub(crate) fn command(self, user: &str, program: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if self == Self::Trixie {
            words.extend(["chroot".into(), self.root().unwrap().into()]);
        }
        let ids = [format!("--reuid={user}"), format!("--regid={user}")];
        words.push("setpriv".into());
        words.extend(ids.into_iter().map(Into::into));
        words.extend(["--clear-groups", "--pdeathsig=KILL", program].map(Into::into));
        words
    }
}

fn make_tree() -> Result<PathBuf, String> {
    let tree = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trixie");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/tree");
    let output = Command::new(script)
        .arg(&tree)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("the tree of Debian 13 cannot be created: {reason}"));
    }
    Ok(tree)
}
