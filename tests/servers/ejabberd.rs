//! ejabberd: its configuration, and its HTTP API.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use crate::server::{Kind, Ports, Server};

pub(crate) fn configure(server: &Server, more: &str) {
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
    server.write("ejabberd.yml", &format!("{text}{more}\n"));
    // No epmd, and no listener but on loopback. Schedulers that have nothing to do sleep at once.
    let idle = "+sbwt none +sbwtdcpu none +sbwtdio none";
    let dist = if new {
        format!("ERL_DIST_PORT={}\nERL_OPTIONS=\"{idle}\"", server.ports.node)
    } else {
        format!("ERL_OPTIONS=\"{idle} -dist_listen false -start_epmd false\"")
    };
    let text = include_str!("ejabberdctl.cfg")
        .replace("@HOME@", &server.home_inside())
        .replace("@NODE@", &format!("hatrack{}", server.ports.node))
        .replace("@DIST@", &dist);
    server.write("ejabberdctl.cfg", &text);
}

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

pub(crate) fn ready(_: &Path, ports: Ports) -> bool {
    [ports.client, ports.api]
        .iter()
        .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        && ask(ports, "status", &Value::Object(serde_json::Map::new())).is_ok_and(|(status, _)| status == 200)
}

pub(crate) fn stop(server: &Server) {
    // The answer may not come.
    let _ = ask(server.ports, "stop", &Value::Object(serde_json::Map::new()));
}

/// Status and body of an answer.
fn ask(ports: Ports, command: &str, arguments: &Value) -> std::io::Result<(u16, String)> {
    let mut connection = TcpStream::connect(("127.0.0.1", ports.api))?;
    let body = arguments.to_string();
    let length = body.len();
    write!(
        connection,
        "POST /api/{command} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or(0), body.to_owned()))
}

impl Server {
    /// A command of ejabberd's HTTP API, which must succeed.
    pub(crate) fn api(&self, command: &str, arguments: &Value) -> Value {
        let (status, body) = ask(self.ports, command, arguments).unwrap();
        assert_eq!(status, 200, "{command} {arguments}: {body}");
        serde_json::from_str(&body).unwrap_or(Value::String(body))
    }

    /// Makes an account if there is none.
    pub(crate) fn register(&self, account: &Value) {
        let (status, body) = ask(self.ports, "register", account).unwrap();
        let exists = 409;
        assert!([200, exists].contains(&status), "{account}: {body}");
    }
}
