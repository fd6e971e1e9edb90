//! Configures, starts and stops ejabberd, and calls its HTTP API.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use crate::server::{Kind, Ports, Server};

/// Writes the configuration files, with these lines at the end of `ejabberd.yml`.
pub(crate) fn configure(server: &Server, extra_config: &str) {
    let new = server.kind == Kind::Ejabberd26;
    let (adhoc, modules) = if new {
        (
            "  \"adhoc\":\n    from: [mod_adhoc_api]\n    who: {access: [{allow: siteadmin}]}\n    what: \"*\"\n",
            "  mod_adhoc_api: {}\n",
        )
    } else {
        ("", "")
    };
    let text = include_str!("ejabberd.yml")
        .replace("@HOME@", &server.home_inside())
        .replace("@C2S@", &server.ports.client.to_string())
        .replace("@TLS@", &server.ports.tls.to_string())
        .replace("@API@", &server.ports.api.to_string())
        .replace("@ADHOC@\n", adhoc)
        .replace("@MODULES@\n", modules);
    server.write("ejabberd.yml", &format!("{text}{extra_config}\n"));
    // The node runs without epmd, and other nodes can connect only from loopback (`INET_DIST_INTERFACE` in
    // ejabberdctl.cfg) or not at all. Idle schedulers sleep at once instead of using the processor.
    let no_busy_wait = "+sbwt none +sbwtdcpu none +sbwtdio none";
    let dist = if new {
        format!(
            "ERL_DIST_PORT={}\nERL_OPTIONS=\"{no_busy_wait}\"",
            server.ports.node
        )
    } else {
        format!("ERL_OPTIONS=\"{no_busy_wait} -dist_listen false -start_epmd false\"")
    };
    let text = include_str!("ejabberdctl.cfg")
        .replace("@HOME@", &server.home_inside())
        .replace("@NODE@", &format!("hatrack{}", server.ports.node))
        .replace("@DIST@", &dist);
    server.write("ejabberdctl.cfg", &text);
}

/// Returns the command line that runs the server, and its environment variables.
pub(crate) fn command(server: &Server) -> (Vec<OsString>, Vec<(&'static str, String)>) {
    let home = server.home_inside();
    let mut words = server.kind.system().command("ejabberd", "/usr/sbin/ejabberdctl");
    let data = format!("{home}/data");
    words.extend(
        [
            "--config-dir",
            &home,
            "--logs",
            &home,
            "--spool",
            &data,
            "foreground",
        ]
        .map(Into::into),
    );
    (words, vec![("HOME", data)])
}

/// Returns whether clients can connect and the HTTP API answers.
pub(crate) fn is_ready(_: &Path, ports: Ports) -> bool {
    [ports.client, ports.api]
        .iter()
        .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        && post(ports, "status", &Value::Object(serde_json::Map::new()))
            .is_ok_and(|(status, _)| status == 200)
}

/// Asks the server to shut down.
pub(crate) fn stop(server: &Server) {
    // The server may end before it answers.
    let _ = post(server.ports, "stop", &Value::Object(serde_json::Map::new()));
}

/// Calls an API command over HTTP. Returns the status and the body of the answer; the status is 0 if the answer has
/// none.
fn post(ports: Ports, api_command: &str, arguments: &Value) -> std::io::Result<(u16, String)> {
    let mut connection = TcpStream::connect(("127.0.0.1", ports.api))?;
    let body = arguments.to_string();
    let length = body.len();
    write!(
        connection,
        "POST /api/{api_command} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or(0), body.to_owned()))
}

impl Server {
    /// Calls a command of ejabberd's HTTP API, which must succeed. Returns the body of the answer, as JSON if it is
    /// JSON.
    pub(crate) fn call_api(&self, api_command: &str, arguments: &Value) -> Value {
        let (status, body) = post(self.ports, api_command, arguments).unwrap();
        assert_eq!(status, 200, "{api_command} {arguments}: {body}");
        serde_json::from_str(&body).unwrap_or(Value::String(body))
    }

    /// Adds an account, given as the arguments of the API command `register`, unless the account exists.
    pub(crate) fn register_account(&self, account: &Value) {
        let (status, body) = post(self.ports, "register", account).unwrap();
        let exists = 409;
        assert!([200, exists].contains(&status), "{account}: {body}");
    }
}
