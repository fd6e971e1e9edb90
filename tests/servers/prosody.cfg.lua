-- The configuration of Prosody for the tests, on loopback. prosody.rs replaces each @NAME@ and adds lines at the end.
pidfile = "@HOME@/prosody.pid"
data_path = "@HOME@/data"
certificates = "@HOME@/certs"
admins = { "siteadmin@localhost" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { @C2S@ }
c2s_direct_tls_ports = { @TLS@ }
s2s_ports = {}
component_ports = {}
http_ports = {}
https_ports = {}
modules_enabled = { "disco", "roster", "saslauth", "tls", "smacks", "adhoc", "admin_adhoc", "admin_shell", "ping", "time", "version", "posix" }
modules_disabled = { "s2s", "http" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = false
authentication = "internal_hashed"
storage = "internal"
log = { { levels = { min = "info" }, to = "file", filename = "@HOME@/server.log" } }
VirtualHost "localhost"
Component "conference.localhost" "muc"
  muc_room_default_persistent = true
  muc_room_default_public = true
