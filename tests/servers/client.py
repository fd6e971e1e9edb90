"""client.py PORT ADDRESS PASSWORD: a user's client, over loopback without TLS. Each line of standard input is an order
in JSON; each line of standard output is an event in JSON.

Orders: {"join": ROOM, "nick": NICK}, {"leave": ROOM}, {"rename": ROOM, "nick": NICK}, {"say": TEXT, "to": ROOM},
{"iq": XML, "to": ADDRESS, "type": "get" or "set"}, {"iqs": [[ADDRESS, XML], …]} (all of type "set"), {"ping": ADDRESS}

Events: {"ready": ADDRESS}, {"failed": REASON},
{"presence": FROM, "type", "affiliation", "role", "jid", "reason", "status": […], "hats": [{"namespace", "uri", "title", "hue"}]},
{"message": FROM, "type", "body", "xml"}, {"iq": ID, "type", "xml"}, {"iqs": [TYPE, …]}, {"pong": ADDRESS}
"""

import asyncio
import json
import sys
from xml.etree import ElementTree

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout

MUC = "{http://jabber.org/protocol/muc#user}"


def say(**line):
    print(json.dumps(line), flush=True)


def hats(element):
    found = []
    for group in element:
        namespace, _, name = group.tag[1:].partition("}")
        if name != "hats":
            continue
        for hat in group:
            named = {key.split("}")[-1]: value for key, value in hat.attrib.items()}
            found.append({"namespace": namespace, **named})
    return found


class Client(ClientXMPP):
    def __init__(self, port, address, password):
        super().__init__(address, password)
        self.port = port
        self.rooms = {}
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_auth", lambda _: self.failed("authentication"))
        self.add_event_handler("connection_failed", lambda why: self.failed(str(why)))
        self.add_event_handler("disconnected", lambda why: self.failed(f"disconnected {why or ''}"))
        self.add_event_handler("presence", self.presence)
        self.add_event_handler("message", self.message)

    def failed(self, why):
        say(failed=why)

    def start(self, _):
        self.send_presence()
        say(ready=str(self.boundjid))
        # Without this reference, the task could be garbage-collected while it waits.
        self.reading = asyncio.ensure_future(self.read())

    async def read(self):
        reader = asyncio.StreamReader(limit=2**24)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            await self.obey(json.loads(line))
        self.disconnect(wait=0.1)
        await asyncio.sleep(0.2)
        asyncio.get_running_loop().stop()

    async def obey(self, order):
        if "join" in order:
            room = self.rooms[order["join"]] = f"{order['join']}/{order['nick']}"
            presence = self.make_presence(pto=room)
            presence.append(ElementTree.fromstring("<x xmlns='http://jabber.org/protocol/muc'><history maxchars='0'/></x>"))
            presence.send()
        elif "rename" in order:
            room = self.rooms[order["rename"]] = f"{order['rename']}/{order['nick']}"
            self.make_presence(pto=room).send()
        elif "leave" in order:
            self.send_presence(pto=self.rooms.pop(order["leave"]), ptype="unavailable")
        elif "say" in order:
            self.send_message(mto=order["to"], mbody=order["say"], mtype="groupchat")
        elif "ping" in order:
            iq = self.make_iq_get(ito=order["ping"])
            iq.append(ElementTree.fromstring("<ping xmlns='urn:xmpp:ping'/>"))
            await self.ask(iq)
            say(pong=order["ping"])
        elif "iqs" in order:
            answers = await asyncio.gather(*(self.ask(self.iq_set(*iq)) for iq in order["iqs"]))
            say(iqs=[answer["type"] for answer in answers])
        elif "iq" in order:
            iq = self.make_iq(ito=order["to"], itype=order["type"])
            iq.append(ElementTree.fromstring(order["iq"]))
            answer = await self.ask(iq)
            say(iq=answer["id"], type=answer["type"], xml=str(answer))

    def iq_set(self, to, xml):
        iq = self.make_iq_set(ito=to)
        iq.append(ElementTree.fromstring(xml))
        return iq

    async def ask(self, iq):
        try:
            return await iq.send(timeout=20)
        except (IqError, IqTimeout) as error:
            return error.iq

    def presence(self, stanza):
        user = stanza.xml.find(f"{MUC}x")
        if user is None:
            return
        item = user.find(f"{MUC}item")
        reason = None if item is None else item.findtext(f"{MUC}reason")
        item = {} if item is None else item.attrib
        say(
            presence=str(stanza["from"]),
            type=stanza.xml.get("type"),
            affiliation=item.get("affiliation"),
            role=item.get("role"),
            jid=item.get("jid"),
            reason=reason,
            status=[status.get("code") for status in user.findall(f"{MUC}status")],
            hats=hats(stanza.xml),
        )

    def message(self, stanza):
        say(message=str(stanza["from"]), type=stanza["type"], body=stanza["body"], xml=str(stanza))


client = Client(int(sys.argv[1]), sys.argv[2], sys.argv[3])
client.connect(address=("127.0.0.1", client.port), use_ssl=False, force_starttls=False, disable_starttls=True)
client.loop.run_forever()
