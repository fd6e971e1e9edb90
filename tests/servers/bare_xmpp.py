"""bare_xmpp.py PORT JID PASSWORD WHAT ROOM…: does the least that is needed over plain TCP, and prints the seconds that it takes.

read: the affiliation lists, assigned hats and the catalog of the first room.
assign ID: assigns the hat ID to user1@localhost … user100@localhost in each room, one command after the other.
"""

import base64
import json
import socket
import sys
import time

port, jid, password, what, *rooms = sys.argv[1:]
connection = socket.create_connection(("127.0.0.1", int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
received = b""


def until(end):
    global received
    parts = [received]
    while end not in received:
        data = connection.recv(1 << 20)
        assert data, "the server closed the connection"
        # Only the end has to be searched.
        received = received[-len(end):] + data
        parts.append(data)
    whole = b"".join(parts)
    at = whole.rindex(end) + len(end)
    received = whole[at:]
    return whole[:at]


def send(text):
    connection.sendall(text.encode())


def stream():
    send("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>")
    until(b"</stream:features>")


def ask(room, kind, payload):
    send(f"<iq id='x' type='{kind}' to='{room}'>{payload}</iq>")
    answer = until(b"</iq>")
    assert b"type='result'" in answer[:300], answer[:1000]


def command(room, node, form=""):
    action = "complete" if form else "execute"
    ask(room, "set", f"<command xmlns='http://jabber.org/protocol/commands' node='{node}' action='{action}'>{form}</command>")


stream()
user = jid.split("@")[0]
send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
     + base64.b64encode(f"\0{user}\0{password}".encode()).decode() + "</auth>")
until(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
stream()
send("<iq id='x' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
until(b"</iq>")

began = time.monotonic()
if what == "read":
    for affiliation in ("owner", "admin", "member", "outcast"):
        ask(rooms[0], "get", f"<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='{affiliation}'/></query>")
    command(rooms[0], "urn:xmpp:hats:commands:list-assigned")
    command(rooms[0], "urn:xmpp:hats:commands:list")
else:
    hat, rooms = rooms[0], rooms[1:]
    for room in rooms:
        for number in range(1, 101):
            command(room, "urn:xmpp:hats:commands:assign", "<x xmlns='jabber:x:data' type='submit'>"
                    f"<field var='hats#jid'><value>user{number}@localhost</value></field>"
                    f"<field var='hat'><value>{hat}</value></field></x>")
print(json.dumps({"seconds": time.monotonic() - began}))
