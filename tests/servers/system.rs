//! The two Debian systems that the servers come from: this machine's own, Debian 12, and a tree of Debian 13 in the folder
//! of the build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where a server is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Debian 12, which the tests run on.
    Bookworm,
    /// Debian 13 in a tree of its own, entered by `chroot`.
    Trixie,
}

/// Says that a test does not run here, and why. In the gate, which installs what the tests need, that is a failure.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    assert!(std::env::var_os("CI").is_none(), "must run in the gate: {why}");
    let thread = std::thread::current();
    // Past the capture of the test harness, so that it is seen.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: {}: {why}",
        thread.name().unwrap_or("a test")
    );
}

impl System {
    /// The folder that is `/` there, or why the system is not here. The tree is made when it is asked for first, which
    /// takes a minute or two.
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

    /// A path of this machine as the system itself names it.
    pub(crate) fn inside(self, path: &Path) -> String {
        let root = self.root().unwrap();
        let inside = path.canonicalize().unwrap();
        let inside = inside.strip_prefix(root.canonicalize().unwrap()).unwrap();
        format!("/{}", inside.display())
    }

    /// The number of a user there.
    pub(crate) fn user(self, name: &str) -> Result<(u32, u32), String> {
        let root = self.root()?;
        let users = std::fs::read_to_string(root.join("etc/passwd")).unwrap();
        let user = users.lines().find(|line| line.starts_with(&format!("{name}:")));
        let user = user.ok_or_else(|| format!("{name} is not installed"))?;
        let numbers: Vec<u32> = user.split(':').filter_map(|field| field.parse().ok()).collect();
        Ok((numbers[0], numbers[1]))
    }

    /// The words that run a program there as a user. The program ends when its parent does.
    pub(crate) fn command(self, user: &str, program: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if self == Self::Trixie {
            words.extend(["chroot".into(), self.root().unwrap().into()]);
        }
        let who = [format!("--reuid={user}"), format!("--regid={user}")];
        words.push("setpriv".into());
        words.extend(who.into_iter().map(Into::into));
        words.extend(["--clear-groups", "--pdeathsig=KILL", program].map(Into::into));
        words
    }
}

fn make_tree() -> Result<PathBuf, String> {
    let tree = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trixie");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/tree");
    let done = Command::new(script)
        .arg(&tree)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(format!("no tree of Debian 13 can be made: {said}"));
    }
    Ok(tree)
}
