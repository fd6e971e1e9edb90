"""bare_xmpp.py PORT JID PASSWORD OPERATION ROOM…: sends only the necessary requests, over unencrypted TCP. Prints
the seconds that this took, and the processor time of this script in seconds. The speed of hatrack is compared with this.

OPERATION is one of:
read: reads the affiliation lists, the assigned hats and the catalog of the first room.
assign ID FIRST LAST: assigns the hat ID to userFIRST@localhost … userLAST@localhost in each room, one after another.
parallel ID FIRST LAST: does the same in up to 64 rooms at a time, with one unanswered command in each of them.
"""

import base64
import json
import re
import socket
import sys
import time

port, jid, password, operation, *rooms = sys.argv[1:]
connection = socket.create_connection(("127.0.0.1", int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
received = b""


def until(end):
    global received
    parts = [received]
    while end not in received:
        data = connection.recv(1 << 20)
        assert data, "the server closed the connection"
        # Earlier data has been searched already.
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
    send(iq("x", room, kind, payload))
    answer = until(b"</iq>")
    assert b"type='result'" in answer[:300], answer[:1000]


def parallel(hat, users, rooms):
    """Works on up to 64 rooms at a time, with one unanswered command in each of them."""
    global received
    waiting = list(range(len(rooms)))[::-1]
    left = {}
    answered = re.compile(rb"<iq\b[^>]*\bid='(\d+)'[^>]*>.*?</iq>", re.S)

    def next_command(room):
        user = next(left[room], None)
        if user is None:
            del left[room]
            if not waiting:
                return ""
            room = waiting.pop()
            left[room] = iter(users)
            user = next(left[room])
        return iq(room, rooms[room], "set", assign(hat, user))

    texts = []
    while waiting and len(left) < 64:
        room = waiting.pop()
        left[room] = iter(users)
        texts.append(iq(room, rooms[room], "set", assign(hat, next(left[room]))))
    while left:
        send("".join(texts))
        texts = []
        received += connection.recv(1 << 20)
        end = 0
        for answer in answered.finditer(received):
            assert b"type='result'" in answer[0][:300], answer[0][:1000]
            texts.append(next_command(int(answer[1])))
            end = answer.end()
        received = received[end:]


def iq(number, room, kind, payload):
    return f"<iq id='{number}' type='{kind}' to='{room}'>{payload}</iq>"


def assign(hat, user):
    return ("<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:hats:commands:assign' action='complete'>"
            "<x xmlns='jabber:x:data' type='submit'>"
            f"<field var='hats#jid'><value>user{user}@localhost</value></field>"
            f"<field var='hat'><value>{hat}</value></field></x></command>")


def command(room, node):
    ask(room, "set", f"<command xmlns='http://jabber.org/protocol/commands' node='{node}' action='execute'/>")


stream()
user = jid.split("@")[0]
send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
     + base64.b64encode(f"\0{user}\0{password}".encode()).decode() + "</auth>")
until(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
stream()
send("<iq id='x' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
until(b"</iq>")

began, busy = time.monotonic(), time.process_time()
if operation == "read":
    for affiliation in ("owner", "admin", "member", "outcast"):
        ask(rooms[0], "get", f"<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='{affiliation}'/></query>")
    command(rooms[0], "urn:xmpp:hats:commands:list-assigned")
    command(rooms[0], "urn:xmpp:hats:commands:list")
else:
    hat, first, last, *rooms = rooms
    users = range(int(first), int(last) + 1)
    if operation == "parallel":
        parallel(hat, users, rooms)
    else:
        for room in rooms:
            for user in users:
                ask(room, "set", assign(hat, user))
print(json.dumps({"seconds": time.monotonic() - began, "processor": time.process_time() - busy}))
