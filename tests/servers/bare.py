"""bare.py SOCKET read ROOM | write ROOM: reads all users of a room, or adds a hat to user1@localhost … user1000@localhost,
with as little code as possible, and prints the seconds that this took. The speed of hatrack is compared with this."""

import json
import socket
import sys
import time
from xml.sax.saxutils import escape

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b"<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>")


def ask(line):
    connection.sendall(f"<repl-input>{escape(line)}</repl-input>".encode())
    parts = []
    while True:
        part = connection.recv(1 << 20)
        if not part:
            sys.exit("the connection was closed")
        parts.append(part)
        if b"</repl-result>" in b"".join(parts[-2:]):
            return b"".join(parts).decode()


LIB = (
    "> function bare_room(j) return hosts['conference.localhost'].modules.muc.get_room_from_jid(j) end "
    "function bare_read(j) local r = bare_room(j) local o = {} for u, a in pairs(r._affiliations) do "
    "local d = r._affiliation_data[u] o[#o + 1] = { u, a, d and d.hats } end return require 'util.json'.encode(o) end "
    "function bare_add(j, t, l) local r = bare_room(j) local save = rawget(r, 'save') r.save = function() return true end "
    "for _, u in ipairs(l) do local h = {} local d = r._affiliation_data[u] for k, v in pairs(d and d.hats or {}) do h[k] = v end "
    "h['urn:bare'] = { active = true, title = t } r:set_affiliation_data(u, 'hats', h) "
    "for _, o in r:each_occupant() do if o.bare_jid == u then r:publicise_occupant_status(o, "
    "require 'util.stanza'.stanza('x', { xmlns = 'http://jabber.org/protocol/muc#user' })) end end end "
    "r.save = save return tostring(r:save(true)) end"
)
ask(LIB)
room = sys.argv[3]
began = time.monotonic()
if sys.argv[2] == "read":
    text = ask(f"> return bare_read('{room}')")
    found = len(json.loads(text[text.index("Result: ") + 8 : text.rindex("</repl-result>")].replace("&quot;", '"').replace("&apos;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")))
else:
    users = [f"user{number}@localhost" for number in range(1, 1001)]
    for at in range(0, 1000, 50):
        names = ", ".join(f"'{user}'" for user in users[at : at + 50])
        answer = ask(f"> return bare_add('{room}', 'Teacher', {{ {names} }})")
        assert "Result: true" in answer, answer
    found = 1000
print(json.dumps({"seconds": time.monotonic() - began, "found": found}))
