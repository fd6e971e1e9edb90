"""shell.py SOCKET: sends each line of standard input to Prosody's admin socket as one command of its shell, and prints
what is printed there and the result, each as a JSON line {"output": …} or {"result": …, "error": …}. The tests' own way
to set and see what Prosody has; it has nothing of hatrack's."""

import json
import socket
import sys
from xml.etree.ElementTree import XMLPullParser
from xml.sax.saxutils import escape

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b"<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>")
parser = XMLPullParser(["end"])


def say(line):
    print(json.dumps(line), flush=True)


def answer():
    while True:
        for _, element in parser.read_events():
            name, text = element.tag.split("}")[-1], "".join(element.itertext())
            if name == "repl-output":
                say({"output": text})
            elif name == "repl-result":
                say({"result": text, "error": element.get("type") == "error"})
                return
        data = connection.recv(65536)
        if not data:
            say({"result": "the connection was closed", "error": True})
            sys.exit(1)
        parser.feed(data)


for line in sys.stdin:
    connection.sendall(f"<repl-input>{escape(line.rstrip())}</repl-input>".encode())
    answer()
