"""shell.py SOCKET: runs each line of standard input as a command of Prosody's admin shell, and prints the command's output
and result, each as a JSON line {"output": …} or {"result": …, "error": …}. The tests use this to read and change what
Prosody has. It shares no code with hatrack."""

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
