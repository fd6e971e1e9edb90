//! The configuration files `config.toml` (appearance and keys of the screen; live servers).

use crate::server::ServerSettings;

mod default;
mod files;
mod ownership;
mod read;
mod save_theme;
mod servers;
mod styles;
mod values;
mod variables;

pub use default::text as default_text;
pub use files::ConfigFiles;
pub(super) use files::{administrator_config, load_over};
pub(super) use read::DEFAULT_THEME;
pub use read::{Config, ConfigError, ThemeChoice, read};
pub(super) use save_theme::save_theme;
pub use servers::ConfiguredServer;

impl Config {
    /// Returns the live servers, with the environment variables that their commands get. `restricted`: whether the session
    /// is restricted.
    pub fn servers(self, restricted: bool) -> Vec<ServerSettings> {
        let mut servers: Vec<_> = self.servers.into_iter().map(|server| server.settings).collect();
        if !servers.is_empty() {
            variables::set_command_variables(&mut servers, restricted);
        }
        servers
    }
}
